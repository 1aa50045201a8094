import Base
import Config

/// A line of client mode while it is in force: what it says, and where its actions stand.
public struct ActionState {
    public let line: ActionLine
    /// In the order of their messages.
    var waiting = List<Job>()
    /// Failed, and to be tried again. Each rests as long as the others, so they stand in the order of their ends.
    var resting = List<Job>()
    /// Actions that are under way.
    public internal(set) var running = 0
    /// For `exec_rate`: starts in the second that began then.
    private var second: Tick
    private var startsThisSecond = 0

    init(_ line: ActionLine, now: Tick) {
        self.line = line
        second = now
    }

    private var limits: ActionLimits { line.options.limits }

    /// Jobs that there can be: those that run, those that wait, and one that came when they were as many.
    static func maxJobs(_ line: ActionLine) -> Int {
        switch line.kind {
        case .exec: line.options.limits.execParallel + line.options.limits.execQueue + 1
        // Written at once; only what failed has to wait.
        case .write: line.options.onFailure == .retry ? line.options.limits.execQueue + 1 : 0
        case .print, .publishFile, .publishExec: 0
        }
    }

    /// Whether a message that comes has to line up: what is written keeps its order.
    public var mustWait: Bool { line.kind == .write && jobCount > 0 }

    private var jobCount: Int { Int(waiting.count) + Int(resting.count) + running }
    /// Whether another message is one too many.
    var isFull: Bool { jobCount + 1 >= ActionState.maxJobs(line) }
    /// Whether there is one too many already.
    var isOver: Bool { jobCount > 0 && jobCount >= ActionState.maxJobs(line) }

    /// When a job that waits may begin, as far as that depends on time; nil when it depends on others.
    func startDue(now: Tick) -> Tick? {
        guard !waiting.isEmpty, running < limits.execParallel else { return nil }
        if line.kind == .write, !resting.isEmpty { return nil }
        let isFree = limits.execRate == 0 || now.msSince(second) >= 1000 || startsThisSecond < limits.execRate
        return isFree ? now : second.advanced(byMs: 1000)
    }

    mutating func noteStart(now: Tick) {
        running += 1
        if now.msSince(second) >= 1000 {
            second = now
            startsThisSecond = 0
        }
        startsThisSecond += 1
    }

    /// To be called once a day, as ticks that lie weeks apart cannot be compared.
    mutating func age(now: Tick) {
        if now.msSince(second) >= 1000 { second = Tick(ms: now.ms &- 1000) }
    }
}
