import Base
import Runtime
import Wire

// A run from its first connect to its last.
extension Bench {
    public enum Outcome {
        /// It never came to the measured phase.
        case failed(BenchFailure)
        /// There is a result; the measured phase may have come to an early end.
        case measured(BenchResult, BenchFailure?)
    }

    public mutating func run<Net: BenchIO & ~Copyable>(_ io: inout Net) -> Outcome {
        if let failure = setUp(&io) { return .failed(failure) }
        rest(&io)
        begin(&io)
        while failure == nil, !isOver(io.nanoseconds()) { turn(&io) }
        end(&io)
        let early = failure
        // What the broker owes keeps nobody from cleaning up.
        if case .timedOut = early?.cause { failure = nil }
        settle(&io)
        readFigures(&io)
        cleanUp(&io)
        disconnect(&io)
        return .measured(result, early ?? failure)
    }

    private mutating func setUp<Net: BenchIO & ~Copyable>(_ io: inout Net) -> BenchFailure? {
        result.figuresBefore = processFigures(&io)
        if workload.process != nil, result.figuresBefore == nil { fail(.noProcess) }
        lastProgress = io.nanoseconds()
        while ready < standing, failure == nil {
            openMore(&io)
            turn(&io)
        }
        return failure
    }

    private mutating func begin<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        stage = .measured
        result.mayDouble = workload.qos == .atLeastOnce && workload.kind == .stream
        result.expected = totals.delivered
        figuresAtBegin = processFigures(&io)
        cpuAtBegin = io.cpuNanoseconds()
        began = io.nanoseconds()
        (ended, lastProgress) = (began, began)
        switch workload.kind {
        case .stream: if workload.rate == 0 { serve(0, roster.publishers, &io) }
        case .retained: serve(roster.publishers, roster.keeper, &io)
        case .connects:
            var i = roster.firstCaller
            while i < roster.workers, failure == nil {
                call(i, &io)
                i += 1
            }
        case .hold: break
        }
    }

    /// Lets the clients from `first` up to, not including, `last` send what they have to.
    private mutating func serve<Net: BenchIO & ~Copyable>(_ first: Int, _ last: Int, _ io: inout Net) {
        var i = first
        while i < last, failure == nil {
            serve(i, io.nanoseconds(), &io)
            i += 1
        }
    }

    private func isOver(_ now: UInt64) -> Bool {
        switch workload.kind {
        case .hold: return now - began >= UInt64(workload.hold) * 1_000_000_000
        case .stream:
            return result.delivered >= result.expected && settled >= totals.sent && heldUp == 0 && unreleased == 0
        case .retained, .connects: return result.delivered >= result.expected && unreleased == 0
        }
    }

    private mutating func end<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        let now = io.nanoseconds()
        // What was waited for in vain does not count.
        let isComplete = workload.kind == .hold || result.lost == 0 && failure == nil
        result.nanoseconds = (isComplete ? now : max(lastProgress, ended)) - began
        result.generatorCPU = io.cpuNanoseconds() - cpuAtBegin
    }

    private mutating func readFigures<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        guard let atBegin = figuresAtBegin, var figures = processFigures(&io) else { return }
        figures.cpuNanoseconds -= atBegin.cpuNanoseconds
        figures.wakeups -= atBegin.wakeups
        result.figures = figures
    }

    /// What comes too often comes late.
    private mutating func settle<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        stage = .settling
        rest(&io)
    }

    /// Until the broker has nothing to do: of a process that runs, the system tells the processor time up to its last
    /// tick, as much as 10 ms ago, and of one that sleeps all of it.
    private mutating func rest<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        let until = io.nanoseconds() + Bench.settleNanoseconds
        while failure == nil, io.nanoseconds() < until { wait(Bench.settleMs, &io) }
    }

    private static var settleMs: Int { 50 }
    private static var settleNanoseconds: UInt64 { 50_000_000 }

    /// Removes what was retained.
    private mutating func cleanUp<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        guard failure == nil, roster.keepers > 0, retainedOfKeeper > 0 else { return }
        stage = .cleaning
        lastProgress = io.nanoseconds()
        clients[roster.keeper].sent = 0
        clients[roster.keeper].settled = 0
        serve(roster.keeper, lastProgress, &io)
        while failure == nil, clients[roster.keeper].settled < retainedOfKeeper { turn(&io) }
    }

    private mutating func turn<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        if stage == .measured, workload.rate > 0, due < totals.sent {
            let next = dueTime(due)
            let now = io.nanoseconds()
            if next > now {
                let most: UInt64 = 100_000_000
                io.pause(nanoseconds: UInt32(truncatingIfNeeded: min(next - now, most)))
            }
            wait(0, &io)
            publishDue(&io)
        } else {
            wait(1000, &io)
        }
        guard stage != .measured || workload.kind != .hold else { return }
        let now = io.nanoseconds()
        if now > lastProgress, now - lastProgress > UInt64(workload.timeout) * 1_000_000_000 { fail(.timedOut) }
    }

    private mutating func wait<Net: BenchIO & ~Copyable>(_ ms: Int, _ io: inout Net) {
        var limit = ms
        if stage == .measured, workload.kind == .hold {
            let end = began + UInt64(workload.hold) * 1_000_000_000
            let now = io.nanoseconds()
            limit = now < end ? Int(truncatingIfNeeded: (end - now) / 1_000_000) + 1 : 0
        }
        let count = io.wait(events, capacity: Bench.maxEvents, timeoutMs: limit)
        var i = 0
        while i < count, failure == nil {
            handle(events[i], &io)
            i += 1
        }
    }

    private mutating func disconnect<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        var i = 0
        while i < roster.count {
            if clients[i].isOpen {
                batch.removeAll()
                Disconnect.encode(to: &batch)
                var run = Run(start: UnsafePointer(batch.start), count: batch.count)
                if clients[i].unsent == 0 { _ = io.send(clients[i].descriptor, &run, 1) }
                io.close(clients[i].descriptor)
                clients[i].state = .gone
            }
            i += 1
        }
    }
}
