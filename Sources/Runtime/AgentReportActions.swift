import Base
import Client
import Config
import Wire

// The log of client mode: what is done with messages, and what is published.
extension Agent where Net: ~Copyable {
    private mutating func beginActionLine(_ event: LogEvent, _ index: Int, _ topic: ByteView) {
        let line = memory.queue.line(index)
        beginLine(event)
        memory.line.field(settings.place(of: line.number))
        memory.line.field("action", line.kind == .write ? "write" : "exec")
        var words = line.words
        if let word = words.next() { memory.line.field(line.kind == .write ? "file" : "program", word.spelling) }
        memory.line.field("topic", topic)
    }

    /// The same, when only the job is known.
    private mutating func beginActionLine(_ event: LogEvent, _ job: Handle<Job>) {
        memory.scratch.removeAll()
        beginActionLine(event, memory.queue.job(job).line, placeTopic(job))
        let packetID = memory.queue.message(job).packetID
        if packetID != 0 { memory.line.field("packet-id", Int(packetID)) }
    }

    mutating func reportStarted(_ run: Handle<ProgramRun>) {
        let record = memory.runs[run].pointee
        beginActionLine(.actionStarted, record.job)
        memory.line.field("attempt", memory.queue.job(record.job).attempts)
        writeLine()
    }

    mutating func reportDone(_ record: ProgramRun, _ errors: ByteView) {
        beginActionLine(.actionEnded, record.job)
        memory.line.field("status", 0)
        memory.line.field("duration-ms", Int(now.msSince(record.started)))
        memory.line.field("output", record.outputBytes)
        if record.isCut { memory.line.field("cut", "true") }
        errorsField(errors)
        writeLine()
    }

    mutating func reportFailed(
        _ job: Handle<Job>, _ failure: ProgramFailure, started: Tick, _ next: ActionQueue.Failure?, attempts: Int = 0
    ) {
        beginActionLine(.actionFailed, job)
        failureFields(failure, started: started)
        if attempts > 0 { memory.line.field("attempt", attempts) }
        if let next { memory.line.field("then", next.name) }
        writeLine()
    }

    private mutating func failureFields(_ failure: ProgramFailure, started: Tick) {
        switch failure {
        case .notStarted(let error):
            memory.line.field("reason", "not-started")
            if error > 0 { memory.line.field("error", io.errorText(error)) }
        case .ended(let end, let isTimeOut, let errors):
            if isTimeOut { memory.line.field("reason", isStopping ? "shutdown" : "timed-out") }
            switch end {
            case .status(let status): memory.line.field("status", Int(status))
            case .signal(let signal): memory.line.field("signal", Int(signal))
            }
            memory.line.field("duration-ms", Int(now.msSince(started)))
            errorsField(errors)
        }
    }

    /// What a program has complained of, in one line.
    private mutating func errorsField(_ errors: ByteView) {
        let text = errors.withoutLineEnd
        if !text.isEmpty { memory.line.field("stderr", text) }
    }

    mutating func reportWritten(_ index: Int, _ topic: ByteView, _ count: Int) {
        beginActionLine(.actionEnded, index, topic)
        memory.line.field("bytes", count)
        writeLine()
    }

    mutating func reportNotWritten(
        _ index: Int, _ topic: ByteView, _ failure: WriteFailure, attempts: Int, _ next: ActionQueue.Failure
    ) {
        beginActionLine(.actionFailed, index, topic)
        switch failure {
        case .payload(let problem): memory.line.field("reason", problem)
        case .irregular: memory.line.field("reason", "no-file")
        case .system(let error):
            memory.line.field("reason", "not-written")
            if error > 0 { memory.line.field("error", io.errorText(error)) }
        }
        memory.line.field("attempt", attempts)
        memory.line.field("then", next.name)
        writeLine()
    }

    mutating func reportNotPublished(_ index: Int, _ reason: StaticString, error: Int32 = 0) {
        beginSourceLine(index)
        memory.line.field("reason", reason)
        if error > 0 { memory.line.field("error", io.errorText(error)) }
        writeLine()
    }

    mutating func reportSourceFailed(_ index: Int, _ failure: ProgramFailure, started: Tick) {
        beginSourceLine(index)
        failureFields(failure, started: started)
        writeLine()
    }

    private mutating func beginSourceLine(_ index: Int) {
        beginLine(.publishFailed)
        memory.line.field(settings.place(of: memory.queue.line(index).number))
        memory.line.field("topic", memory.queue.line(index).topic.spelling)
    }
}

extension ActionQueue.Failure {
    /// Its name in the log.
    var name: StaticString {
        switch self {
        case .retry: "retry"
        case .deadLetter: "dead-letter"
        case .drop: "drop"
        }
    }
}
