import Base
import Client

// The end of client mode.
extension Agent where Net: ~Copyable {
    /// One that SIGKILL does not end within that time is stuck in the kernel.
    private var programsMs: UInt32 { 3000 }
    private var goodbyeMs: UInt32 { 1000 }

    /// Ends all programs, and then says goodbye to the broker. What is not acknowledged it keeps, if it keeps anything.
    public mutating func shutDown() {
        isStopping = true
        forEachRun { agent, run in
            if agent.memory.runs[run].pointee.stage == .running { agent.endSooner(run) }
        }
        var begun = now
        while memory.runs.inUse > 0, now.msSince(begun) < programsMs { wait(atMostMs: msUntilOverdue() ?? programsMs) }
        memory.link.disconnect(&io)
        begun = now
        while now.msSince(begun) < goodbyeMs {
            if hearGoodbye() { break }
            // After what was taken, so that the end of the connection is listened for.
            memory.link.flush(&io)
            wait(atMostMs: min(memory.link.msUntilDue(now) ?? goodbyeMs, goodbyeMs))
        }
        // It may not have answered.
        reportEnded(.disconnected)
        reportStopped()
    }

    /// Whether the connection has ended. Messages that come now are not acknowledged.
    private mutating func hearGoodbye() -> Bool {
        while let event = memory.link.next(&io) {
            if case .ended = event { return true }
        }
        return false
    }

    private mutating func wait(atMostMs limit: UInt32) {
        let count = io.wait(memory.events, capacity: AgentMemory.maxEvents, timeoutMs: Int(limit) + 1)
        now = io.now()
        memory.link.advance(now, &io)
        var i = 0
        while i < count {
            dispatch(memory.events[i])
            i += 1
        }
        endOverdue()
        memory.link.flush(&io)
    }
}
