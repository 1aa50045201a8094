import Base
import Runtime
import Wire

// What the broker sends.
extension Bench {
    mutating func handle<Net: BenchIO & ~Copyable>(_ event: Event, _ io: inout Net) {
        let index = Int(event.token) - Bench.firstToken
        guard index >= 0, index < roster.count, clients[index].isOpen else { return }
        if clients[index].state == .connecting {
            greet(index, &io)
            return
        }
        if event.flags & (Event.readable | Event.failed) != 0 { receive(index, &io) }
        if event.flags & Event.writable != 0, failure == nil, clients[index].isOpen { resume(index, &io) }
    }

    private mutating func receive<Net: BenchIO & ~Copyable>(_ index: Int, _ io: inout Net) {
        // What is received may have to be acknowledged, byte for byte.
        let count = min(memory.chunkBytes, roomForAnswers(index))
        guard count >= Bench.minReadBytes else { return }
        let carried = clients[index].carried
        if carried > 0 { memory.received.copyBytes(from: memory.carry(index), count: carried) }
        switch io.receive(clients[index].descriptor, memory.received + carried, count) {
        case .done(let got):
            let now = io.nanoseconds()
            lastProgress = now
            batch.removeAll()
            take(ByteView(memory.received, carried + got), index, now, &io)
        case .again: break
        case .closed, .exhausted, .absent: lose(index, &io)
        case .failed(let error): fail(.unreachable(error))
        }
    }

    static var minReadBytes: Int { 4 }

    /// Bytes that a client may have to send beside those that it could not send yet.
    func roomForAnswers(_ index: Int) -> Int {
        guard clients[index].unsent > 0 else { return memory.chunkBytes }
        return memory.unsentBytes(index) - clients[index].unsent - memory.maxPacketBytes(index)
    }

    private mutating func take<Net: BenchIO & ~Copyable>(
        _ bytes: ByteView, _ index: Int, _ now: UInt64, _ io: inout Net
    ) {
        let limit = memory.maxPacketBytes(index)
        var rest = bytes
        while true {
            switch FrameReader.next(rest, maxPacketBytes: limit) {
            case .frame(let frame, let byteCount):
                rest = rest.dropFirst(byteCount)
                guard take(frame, index, now, &io), failure == nil else { return }
                continue
            case .needMore: break
            case .bad(let reason):
                fail(.violation(reason))
                return
            }
            break
        }
        clients[index].carried = rest.count
        if !rest.isEmpty { rest.copy(to: memory.carry(index)) }
        produce(index, now)
        flush(index, &io)
    }

    /// False when its connection is over.
    private mutating func take<Net: BenchIO & ~Copyable>(
        _ frame: Frame, _ index: Int, _ now: UInt64, _ io: inout Net
    ) -> Bool {
        switch frame.type {
        case .publish: takePublish(frame, index, now)
        case .puback, .pubrec, .pubrel, .pubcomp: takeAcknowledgement(frame, index)
        case .connack: return takeConnack(index, frame.body, now, &io)
        case .suback: takeSuback(index, frame.body)
        case .connect, .subscribe, .unsubscribe, .unsuback, .pingreq, .pingresp, .disconnect:
            fail(.violation(.unexpectedPacket))
        }
        return true
    }

    private mutating func takePublish(_ frame: Frame, _ index: Int, _ now: UInt64) {
        switch Publish.decode(frame) {
        case .bad(let reason): fail(.violation(reason))
        case .packet(let message):
            if message.qos == .atLeastOnce {
                Acknowledgement.encode(.puback, packetID: message.packetID, to: &batch)
            } else if message.qos == .exactlyOnce {
                Acknowledgement.encode(.pubrec, packetID: message.packetID, to: &batch)
                unreleased += 1
            }
            check(message, index, now)
        }
    }

    private mutating func check(_ message: Publish, _ index: Int, _ now: UInt64) {
        // That what was retained goes is told to those who got it.
        if stage == .cleaning { return }
        guard clients[index].role == .subscriber, message.qos == workload.qos, stage != .setUp,
            let payload = payloads.read(message.payload)
        else {
            result.corrupt += 1
            return
        }
        let subscriber = index - roster.publishers
        let arrival = workload.kind == .retained
            ? retainedArrival(message, payload, subscriber) : streamArrival(message, payload, subscriber)
        guard let arrival else {
            result.corrupt += 1
            return
        }
        switch arrival {
        case .again:
            result.doubled += 1
            return
        case .late: result.disordered += 1
        case .inOrder: break
        }
        result.delivered += 1
        ended = now
        let since = workload.kind == .retained ? clients[index].began : payload.time
        latencies.record(now > since ? now - since : 0)
    }

    /// Nil when the message is not one that the subscriber is to have.
    private mutating func streamArrival(
        _ message: Publish, _ payload: Payload, _ subscriber: Int
    ) -> Arrivals.Arrival? {
        let publisher = Int(payload.publisher)
        guard !message.retain, publisher < roster.publishers, payload.number < UInt32(clients[publisher].sent) else {
            return nil
        }
        let number = Int(payload.number)
        let topic = workload.topic(publisher: publisher, message: number)
        guard topics.text(topic).equals(message.topic),
            let pair = workload.pair(publisher: publisher, topic: topic, subscriber: subscriber)
        else { return nil }
        return arrivals[pair].take(UInt32(workload.number(publisher: publisher, message: number)))
    }

    private mutating func retainedArrival(
        _ message: Publish, _ payload: Payload, _ subscriber: Int
    ) -> Arrivals.Arrival? {
        guard message.retain, payload.number < UInt32(workload.retained) else { return nil }
        let number = Int(payload.number)
        var space = InlineArray<256, UInt8>(repeating: 0)
        var span = space.mutableSpan
        let isRight = span.withUnsafeMutableBufferPointer { buffer in
            var topic = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
            text.writeRetained(number, to: &topic)
            return topic.written.equals(message.topic)
        }
        guard isRight else { return nil }
        let bit = subscriber * workload.retained + number
        let mask: UInt8 = 1 << UInt8(bit % 8)
        if retainedSeen[bit / 8] & mask != 0 { return .again }
        retainedSeen[bit / 8] |= mask
        return .inOrder
    }
}
