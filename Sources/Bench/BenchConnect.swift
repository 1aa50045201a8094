import Base
import Runtime
import Wire

// From an address to a client that is ready for the measured phase.
extension Bench {
    /// Begins as many connects as may be under way at a time.
    mutating func openMore<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        while opening < Bench.maxOpening, nextToOpen < standing, failure == nil {
            // Callers have their time later.
            let index = nextToOpen < roster.firstCaller ? nextToOpen : nextToOpen + roster.callers
            nextToOpen += 1
            opening += 1
            open(index, &io)
        }
    }

    /// Begins a connect of a caller.
    mutating func call<Net: BenchIO & ~Copyable>(_ index: Int, _ io: inout Net) {
        clients[index].call = calls
        calls += 1
        result.sent += 1
        open(index, &io)
    }

    private mutating func open<Net: BenchIO & ~Copyable>(_ index: Int, _ io: inout Net) {
        clients[index].began = io.nanoseconds()
        switch io.connect(target.address, SocketOptions()) {
        case .done(let descriptor):
            clients[index].descriptor = Int32(descriptor)
            clients[index].interest = Event.writable
            clients[index].state = .connecting
            let token = UInt32(index + Bench.firstToken)
            if case .done = io.watch(Int32(descriptor), interest: Event.writable, token: token) { return }
            fail(.exhausted)
        case .failed(let error): fail(.unreachable(error))
        case .again, .closed, .exhausted, .absent: fail(.exhausted)
        }
    }

    /// Sends CONNECT when there is a connection.
    mutating func greet<Net: BenchIO & ~Copyable>(_ index: Int, _ io: inout Net) {
        switch io.connected(clients[index].descriptor) {
        case .done: break
        case .again: return
        case .failed(let error):
            fail(.unreachable(error))
            return
        case .closed, .exhausted, .absent:
            fail(.closed)
            return
        }
        clients[index].state = .awaitingConnack
        var space = InlineArray<32, UInt8>(repeating: 0)
        var span = space.mutableSpan
        batch.removeAll()
        span.withUnsafeMutableBufferPointer { buffer in
            var id = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
            if clients[index].role == .caller {
                target.writeClientID(UInt8(ascii: "c"), clients[index].call, to: &id)
            } else {
                target.writeClientID(UInt8(ascii: "-"), index, to: &id)
            }
            target.connect(id.written).encode(to: &batch)
        }
        flush(index, &io)
    }

    /// CONNACK has come; false when that was all that its connection was for.
    mutating func takeConnack<Net: BenchIO & ~Copyable>(
        _ index: Int, _ body: ByteView, _ now: UInt64, _ io: inout Net
    ) -> Bool {
        guard clients[index].state == .awaitingConnack else {
            fail(.violation(.unexpectedPacket))
            return false
        }
        switch Connack.decode(body, level: .v311) {
        case .bad(let reason):
            fail(.violation(reason))
            return false
        case .packet(let connack):
            guard connack.code == .accepted else {
                fail(.refused(connack.code))
                return false
            }
        }
        if clients[index].role == .caller {
            finishCall(index, now, &io)
            return false
        }
        opening -= 1
        clients[index].state = .preparing
        checkReady(index)
        return true
    }

    private mutating func finishCall<Net: BenchIO & ~Copyable>(_ index: Int, _ now: UInt64, _ io: inout Net) {
        latencies.record(now - clients[index].began)
        result.delivered += 1
        batch.removeAll()
        Disconnect.encode(to: &batch)
        var run = Run(start: UnsafePointer(batch.start), count: batch.count)
        _ = io.send(clients[index].descriptor, &run, 1)
        io.close(clients[index].descriptor)
        clients[index].state = .absent
        clients[index].carried = 0
        if calls < workload.connects { call(index, &io) }
    }

    /// Notes that a client has done what it had to do before the measured phase.
    mutating func checkReady(_ index: Int) {
        guard clients[index].state == .preparing, clients[index].granted == subscriptionsBefore(index),
            clients[index].role != .keeper || clients[index].settled == retainedOfKeeper
        else { return }
        clients[index].state = .ready
        ready += 1
    }

    /// Subscriptions of a client that are made before the measured phase.
    private func subscriptionsBefore(_ index: Int) -> Int {
        clients[index].role == .subscriber && workload.kind == .retained ? 0 : subscriptions(index)
    }

    /// Subscriptions that a client makes by and by.
    func subscriptions(_ index: Int) -> Int {
        switch clients[index].role {
        case .subscriber: workload.filters(ofSubscriber: index - roster.publishers)
        case .session: 1
        case .keeper: workload.unrelatedFilters
        case .publisher, .caller, .idle: 0
        }
    }

    /// SUBSCRIBEs that may be sent now.
    mutating func produceSubscriptions(_ index: Int) {
        let count = stage == .setUp ? subscriptionsBefore(index) : subscriptions(index)
        while clients[index].asked < count, clients[index].asked - clients[index].granted < Bench.maxAsked {
            var space = InlineArray<256, UInt8>(repeating: 0)
            var span = space.mutableSpan
            let number = clients[index].asked
            span.withUnsafeMutableBufferPointer { buffer in
                var filter = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
                writeFilter(number, of: index, to: &filter)
                Subscribe.encode(
                    Subscribe.Request(filter: filter.written, qos: workload.qos), packetID: Bench.packetID(number),
                    to: &batch)
            }
            clients[index].asked += 1
        }
    }

    private func writeFilter(_ number: Int, of index: Int, to filter: inout ByteWriter) {
        switch clients[index].role {
        case .subscriber:
            if workload.kind == .retained {
                text.writeAll(to: &filter)
            } else {
                let subscriber = index - roster.publishers
                text.writeFilter(workload.subscription(number, ofSubscriber: subscriber), to: &filter)
            }
        case .session: text.writeSessionFilter(index - roster.workers, to: &filter)
        case .keeper: text.writeUnrelatedFilter(number, to: &filter)
        case .publisher, .caller, .idle: preconditionFailure("has no subscriptions")
        }
    }

    mutating func takeSuback(_ index: Int, _ body: ByteView) {
        switch Suback.decode(body) {
        case .bad(let reason): fail(.violation(reason))
        case .packet(let suback):
            guard clients[index].granted < clients[index].asked,
                suback.packetID == Bench.packetID(clients[index].granted), suback.codes.count == 1
            else {
                fail(.strayAcknowledgement)
                return
            }
            guard suback.codes[0] == workload.qos.rawValue else {
                fail(.denied)
                return
            }
            clients[index].granted += 1
            checkReady(index)
        }
    }

    /// That of the n-th message or subscription of a client.
    static func packetID(_ number: Int) -> UInt16 { UInt16(truncatingIfNeeded: number % 65_535 + 1) }
}
