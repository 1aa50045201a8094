import Base
import Runtime

// What goes to the broker, in as few writes as can be.
extension Bench {
    /// Lets a client send what it has to say by itself.
    @inline(never) mutating func serve<Net: BenchIO & ~Copyable>(_ index: Int, _ now: UInt64, _ io: inout Net) {
        batch.removeAll()
        if workload.kind == .retained, stage == .measured { clients[index].began = now }
        produce(index, now)
        flush(index, &io)
    }

    /// Sends the batch, or keeps what of it the broker does not take.
    @inline(never) mutating func flush<Net: BenchIO & ~Copyable>(_ index: Int, _ io: inout Net) {
        if batch.count > 0 {
            var sent = 0
            if clients[index].unsent == 0 {
                sent = send(index, batch.start, batch.count, &io)
                guard clients[index].isOpen, failure == nil else { return }
            }
            if sent < batch.count { keep(index, batch.written.dropFirst(sent)) }
            batch.removeAll()
        }
        watch(index, &io)
    }

    /// The broker takes something again.
    mutating func resume<Net: BenchIO & ~Copyable>(_ index: Int, _ io: inout Net) {
        let unsent = clients[index].unsent
        if unsent > 0 {
            let start = memory.unsent(index) + clients[index].unsentStart
            let sent = send(index, start, unsent, &io)
            guard clients[index].isOpen, failure == nil else { return }
            clients[index].unsent -= sent
            clients[index].unsentStart += sent
            if clients[index].unsent == 0 { heldUp -= 1 }
        }
        if clients[index].unsent == 0, canProduce(index) {
            serve(index, io.nanoseconds(), &io)
        } else {
            watch(index, &io)
        }
    }

    /// Bytes that the system has taken.
    @inline(never) private mutating func send<Net: BenchIO & ~Copyable>(
        _ index: Int, _ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ io: inout Net
    ) -> Int {
        var run = Run(start: UnsafePointer(start), count: count)
        switch io.send(clients[index].descriptor, &run, 1) {
        case .done(let sent):
            lastProgress = io.nanoseconds()
            return sent
        case .again: return 0
        case .closed, .absent: lose(index, &io)
        case .exhausted: return 0
        case .failed(let error): fail(.unreachable(error))
        }
        return 0
    }

    @inline(never) private mutating func keep(_ index: Int, _ bytes: ByteView) {
        let place = memory.unsent(index)
        let unsent = clients[index].unsent
        if unsent == 0 {
            heldUp += 1
        } else {
            place.copyBytes(from: place + clients[index].unsentStart, count: unsent)
        }
        precondition(unsent + bytes.count <= memory.unsentBytes(index))
        bytes.copy(to: place + unsent)
        clients[index].unsentStart = 0
        clients[index].unsent = unsent + bytes.count
    }

    /// Watches for what the client can do something about.
    @inline(never) private mutating func watch<Net: BenchIO & ~Copyable>(_ index: Int, _ io: inout Net) {
        var interest: UInt32 = 0
        if roomForAnswers(index) >= Bench.minReadBytes { interest |= Event.readable }
        if clients[index].unsent > 0 || canProduce(index) { interest |= Event.writable }
        guard interest != clients[index].interest else { return }
        clients[index].interest = interest
        io.rewatch(clients[index].descriptor, interest: interest, token: UInt32(index + Bench.firstToken))
    }

    /// The broker has ended a connection, which ends the run.
    mutating func lose<Net: BenchIO & ~Copyable>(_ index: Int, _ io: inout Net) {
        io.close(clients[index].descriptor)
        clients[index].state = .gone
        fail(.closed)
    }
}
