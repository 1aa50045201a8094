import Base
import Runtime
import Wire

// What the owner of the link does in a turn.
extension LinkSimulation {
    /// One turn of the owner.
    mutating func turn() {
        let count = io.wait(events, capacity: 16, timeoutMs: 0)
        link.advance(io.clock, &io)
        var i = 0
        while i < count {
            link.handle(events[i], &io)
            i += 1
        }
        while tickets.count < Few<UInt32>.capacity / 2, let event = link.next(&io) { take(event) }
        acknowledge()
        if link.isUp, !hasAsked { ask() }
        link.flush(&io)
    }

    private mutating func ask() {
        hasAsked = link.subscribe(ByteView("q/#"), .exactlyOnce) != nil
            && link.subscribe(ByteView("z/+/b"), .atLeastOnce) != nil
            && link.subscribe(ByteView("deep/er/x/+"), .atMostOnce) != nil
    }

    /// Some, not always in order.
    private mutating func acknowledge() {
        var count = isCalm ? tickets.count : random.below(tickets.count + 1)
        while count > 0 {
            count -= 1
            let place = random.chance(perMille: 800) ? 0 : random.below(tickets.count)
            link.acknowledge(tickets[place])
            tickets.remove(at: place)
        }
    }

    private mutating func take(_ event: LinkEvent) {
        switch event {
        case .connected(let isPresent):
            // An earlier connection may have ended before all was answered.
            hasAsked = false
            see(.connected) { $0.flag = isPresent }
        case .message(let publish, let ticket):
            takeMessage(publish)
            if publish.qos != .atMostOnce { tickets.append(ticket) }
        case .published, .unsubscribed: break
        case .subscribed(_, let code): see(.subscribed) { $0.code = code }
        case .ended(let reason):
            if case .violation = reason { see(.violated) { $0.code = Observation.Violation.unexpectedPacket.rawValue } }
            if case .primaryIsBack = reason {
                see(.ended) { $0.code = 1 }
                link.start(&io)
                return
            }
            see(.ended)
            link.retry(&io)
        }
    }

    private mutating func takeMessage(_ publish: Publish) {
        guard let name = RemoteName(publish.topic), let message = SimMessage(payload: publish.payload) else {
            see(.violated) { $0.code = Observation.Violation.corruptPayload.rawValue }
            return
        }
        see(.delivered) {
            $0.message = message
            $0.filter = name.code
            $0.qos = publish.qos
            $0.flag = publish.isDuplicate
        }
    }
}
