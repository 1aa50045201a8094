import Base
import Client
import Config
import Wire

// Programs that end, or are made to.
extension Agent where Net: ~Copyable {
    /// Programs may have ended: which, only asking tells.
    mutating func reapPrograms() {
        forEachRun { agent, run in
            let process = agent.memory.runs[run].pointee.process
            if let end = agent.io.reap(process) { agent.ended(run, end) }
        }
    }

    mutating func forEachRun(_ body: (inout Agent, Handle<ProgramRun>) -> Void) {
        var index = 0
        while index < memory.runs.capacity {
            if let run = memory.runs.handle(at: index) { body(&self, run) }
            index += 1
        }
    }

    /// Programs that have run too long are asked to end, and a second later are ended.
    mutating func endOverdue() {
        forEachRun { agent, run in
            if !agent.now.isBefore(agent.memory.runs[run].pointee.due) { agent.endSooner(run) }
        }
    }

    mutating func endSooner(_ run: Handle<ProgramRun>) {
        let record = memory.runs[run]
        let isFinal = record.pointee.stage != .running
        io.end(record.pointee.process, isFinal: isFinal)
        record.pointee.stage = isFinal ? .killed : .asked
        // After that, only its end can come; should it be told of too soon, it is told of again.
        record.pointee.due = now.advanced(byMs: ProgramRun.graceMs)
        if isFinal, let end = io.reap(record.pointee.process) { ended(run, end) }
    }

    func msUntilOverdue() -> UInt32? {
        var shortest: UInt32?
        var index = 0
        while index < memory.runs.capacity {
            if let run = memory.runs.handle(at: index) {
                shortest = min(shortest ?? UInt32.max, memory.runs[run].pointee.due.msSince(now))
            }
            index += 1
        }
        return shortest
    }

    /// A program has ended: so has its action, or there is a value to be published.
    private mutating func ended(_ run: Handle<ProgramRun>, _ end: ProgramEnd) {
        // What it wrote last.
        readOutput(run)
        readErrors(run)
        let record = memory.runs[run].pointee
        let startError = io.startError(record.ends.report)
        if record.ends.input >= 0 { io.close(record.ends.input) }
        if record.ends.output >= 0 { io.close(record.ends.output) }
        if record.ends.error >= 0 { io.close(record.ends.error) }
        io.close(record.ends.report)
        let output = ByteView(memory.runs.bytes(of: run), record.outputBytes)
        let errors = ByteView(memory.runs.bytes(of: run) + memory.outputBytes, record.errorBytes)
        if let startError {
            fail(record.line, record.job, .notStarted(startError), started: record.started)
        } else if record.stage != .running || !end.isSuccess {
            let failure = ProgramFailure.ended(end, isTimeOut: record.stage != .running, errors: errors)
            fail(record.line, record.job, failure, started: record.started)
        } else if record.job.isNone {
            memory.schedule.setBusy(record.line, false)
            memory.scratch.removeAll()
            publish(record.line, output, isCut: record.isCut)
        } else {
            succeed(record, output, errors)
        }
        memory.runs.give(run)
    }

    private mutating func succeed(_ record: ProgramRun, _ output: ByteView, _ errors: ByteView) {
        let options = memory.queue.line(record.line).options
        reportDone(record, errors)
        let value = output.withoutLineEnd
        if let topic = options.replyTopic, !value.isEmpty {
            _ = send(topic, value, QoS(rawValue: options.replyQoS) ?? .atMostOnce, retain: options.replyRetain)
        }
        finish(record.job)
    }

    /// Why a program did not do what it was to do.
    enum ProgramFailure {
        /// The system's error number; zero when it has none to say.
        case notStarted(Int32)
        case ended(ProgramEnd, isTimeOut: Bool, errors: ByteView)
    }

    mutating func fail(_ index: Int, _ job: Handle<Job>, _ failure: ProgramFailure, started: Tick) {
        guard job.isSome else {
            memory.schedule.setBusy(index, false)
            reportSourceFailed(index, failure, started: started)
            return
        }
        // That it was ended with us is no failure: the broker sends the message again, if it can.
        if isStopping {
            reportFailed(job, failure, started: started, nil)
            return
        }
        let attempts = memory.queue.job(job).attempts
        let next = memory.queue.failed(job, now: now)
        reportFailed(job, failure, started: started, next, attempts: attempts)
        if next == .retry { return }
        if next == .deadLetter {
            memory.scratch.removeAll()
            sendDeadLetter(index, placePayload(job))
        }
        finish(job)
    }
}

extension ByteView {
    /// Without the line end that programs put behind what they say.
    var withoutLineEnd: ByteView {
        !isEmpty && self[count - 1] == UInt8(ascii: "\n") ? slice(0, count - 1) : self
    }
}
