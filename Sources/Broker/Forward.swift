import Base
import Config
import Engine
import Wire

// How a bridge takes what its spool holds.
extension Broker {
    /// A message for a bridge's remote broker. The topic lasts until the broker is told or asked something else.
    public struct Forward {
        public let topic: ByteView
        public let payloadBytes: Int
        public let qos: QoS
        public let retain: Bool
        /// By which `arrived` will name it; zero at QoS 0.
        public let number: UInt16
    }

    /// What is to be sent next; nil when nothing waits, or when `window` messages of QoS 1 and 2 are under way.
    public mutating func nextForward(_ index: Int, window: Int, now: Tick) -> Forward? {
        let spool = spools + index
        let session = sessions[spool.pointee.session]
        endBacklog(spool)
        while true {
            let first = firstForward(spool)
            guard first.isSome else { return nil }
            let delivery = deliveries[first]
            let message = store[delivery.pointee.message]
            let lifeMs = UInt32(spool.pointee.limits.expirySeconds) * 1000
            if lifeMs > 0, now.msSince(message.pointee.admitted) >= lifeMs, !isRetained(delivery) {
                spool.pointee.drops.expired &+= 1
                dropForward(spool)
                continue
            }
            if delivery.pointee.flags.qos != .atMostOnce {
                guard Int(session.pointee.inFlight.count) < window else { return nil }
                if delivery.pointee.packetID == 0 {
                    let oldest = session.pointee.inFlight.first
                    let oldestID = oldest.isSome ? deliveries[oldest].pointee.packetID : 0
                    guard let id = session.pointee.outbound.takeID(oldest: oldestID) else { return nil }
                    delivery.pointee.packetID = id
                }
            }
            return Forward(
                topic: store.copyTopic(delivery.pointee.message, to: topicScratch),
                payloadBytes: message.pointee.payloadBytes, qos: delivery.pointee.flags.qos,
                retain: delivery.pointee.flags.isRetained, number: delivery.pointee.packetID)
        }
    }

    /// The message is what is retained under its topic: that is news to the remote however old it is.
    private func isRetained(_ delivery: UnsafeMutablePointer<Delivery>) -> Bool {
        guard delivery.pointee.flags.isRetained,
            let node = tree.find(store.copyTopic(delivery.pointee.message, to: topicScratch))
        else { return false }
        return tree[node].pointee.retained == delivery.pointee.message
    }

    /// Calls `body` with the payload of what `nextForward` gave, one piece after the other.
    public func readForward(_ index: Int, _ body: (ByteView) -> Void) {
        readPayload(of: firstForward(spools + index), body)
    }

    /// The topic of one of the messages that are under way, by its place among them; nil behind the last.
    public mutating func topicUnderWay(_ index: Int, _ place: Int) -> ByteView? {
        let delivery = underWay(index, place)
        return delivery.isNone ? nil : store.copyTopic(deliveries[delivery].pointee.message, to: topicScratch)
    }

    /// Calls `body` with its payload, one piece after the other.
    public func readUnderWay(_ index: Int, _ place: Int, _ body: (ByteView) -> Void) {
        readPayload(of: underWay(index, place), body)
    }

    private func underWay(_ index: Int, _ place: Int) -> Handle<Delivery> {
        var delivery = sessions[spools[index].session].pointee.inFlight.first
        var left = place
        while delivery.isSome, left > 0 {
            delivery = deliveries[delivery].pointee.next
            left -= 1
        }
        return delivery
    }

    private func readPayload(of delivery: Handle<Delivery>, _ body: (ByteView) -> Void) {
        let message = store[deliveries[delivery].pointee.message]
        var reader = ChainReader(message.pointee.content)
        store.skip(Int(message.pointee.topicFieldBytes), of: &reader)
        while let run = store.next(&reader, limit: Int.max) { body(run) }
    }

    /// The link has taken what `nextForward` gave.
    public mutating func forwarded(_ index: Int) {
        let spool = spools + index
        let session = sessions[spool.pointee.session]
        guard let first = takeForward(spool) else { preconditionFailure("nothing was to be forwarded") }
        let delivery = deliveries[first]
        traffic.messagesSent.add(1)
        traffic.bytesSent.add(store[delivery.pointee.message].pointee.payloadBytes)
        guard delivery.pointee.flags.qos != .atMostOnce else {
            drop(first)
            return
        }
        delivery.pointee.state = .sent(delivery.pointee.flags.qos)
        session.pointee.inFlight.append(first, in: deliveries)
    }

    /// What `nextForward` gave is longer than the remote may be sent.
    public mutating func dropTooLong(_ index: Int) {
        spools[index].drops.tooLong &+= 1
        dropForward(spools + index)
    }

    /// The remote has a message of QoS 1 or 2 for good.
    public mutating func arrived(_ index: Int, _ number: UInt16) {
        let session = sessions[spools[index].session]
        guard let (found, previous) = inFlight(session, number) else { return }
        session.pointee.inFlight.remove(found, after: previous, in: deliveries)
        drop(found)
    }

    /// Backlog and live messages take turns while there are both.
    private func isLiveTurn(_ spool: UnsafeMutablePointer<Spool>) -> Bool {
        if spool.pointee.live.isEmpty { return false }
        return spool.pointee.isLiveNext || sessions[spool.pointee.session].pointee.queue.isEmpty
    }

    private func firstForward(_ spool: UnsafeMutablePointer<Spool>) -> Handle<Delivery> {
        isLiveTurn(spool) ? spool.pointee.live.first : sessions[spool.pointee.session].pointee.queue.first
    }

    private mutating func takeForward(_ spool: UnsafeMutablePointer<Spool>) -> Handle<Delivery>? {
        let live = isLiveTurn(spool)
        spool.pointee.isLiveNext = !live
        return removeFirst(spool, live: live)
    }

    private mutating func dropForward(_ spool: UnsafeMutablePointer<Spool>) {
        guard let first = takeForward(spool) else { return }
        drop(first)
        spool.pointee.hasGaps = true
        endBacklog(spool)
    }

    /// Once the backlog is sent there is only one lane.
    private func endBacklog(_ spool: UnsafeMutablePointer<Spool>) {
        let session = sessions[spool.pointee.session]
        guard spool.pointee.isDraining, session.pointee.queue.isEmpty else { return }
        session.pointee.queue = spool.pointee.live
        spool.pointee.live = List()
        spool.pointee.isDraining = false
        spool.pointee.topics.removeAll()
    }
}
