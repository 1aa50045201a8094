import Base
import Client
import Config
import Wire

// Programs: started, fed, read, ended.
extension Agent where Net: ~Copyable {
    /// Reads of one descriptor in one turn.
    private var readsPerTurn: Int { 16 }

    /// Begins whatever may begin.
    mutating func startActions() {
        while let job = memory.queue.start(now: now) {
            if memory.queue.line(memory.queue.job(job).line).kind == .write {
                writeAgain(job)
            } else {
                startAction(job)
            }
        }
    }

    private mutating func startAction(_ job: Handle<Job>) {
        let message = memory.queue.message(job)
        let index = memory.queue.job(job).line
        memory.scratch.removeAll()
        let arguments = placeWords(index)
        placeVariable("MQTT_TOPIC=")
        _ = placeTopic(job)
        placeVariable("\0MQTT_QOS=")
        placeNumber(Int(message.qos.rawValue))
        placeVariable("\0MQTT_RETAIN=")
        placeNumber(message.retain ? 1 : 0)
        placeVariable("\0MQTT_PACKET_ID=")
        placeNumber(Int(message.packetID))
        memory.scratch.byte(0)
        start(index, job, arguments: arguments, variables: 4)
    }

    /// Starts the program of a publication.
    mutating func startSource(_ index: Int) {
        memory.scratch.removeAll()
        let arguments = placeWords(index)
        placeVariable("MQTT_TOPIC=")
        _ = place(memory.queue.line(index).topic)
        memory.scratch.byte(0)
        start(index, .none, arguments: arguments, variables: 1)
    }

    /// The program and its arguments, with a zero byte behind each; answers how many those are.
    private mutating func placeWords(_ index: Int) -> Int {
        var words = memory.queue.line(index).words
        var count = 0
        while let word = words.next() {
            _ = place(word)
            memory.scratch.byte(0)
            count += 1
        }
        return count
    }

    private mutating func placeVariable(_ name: StaticString) { memory.scratch.bytes(ByteView(name)) }

    private mutating func placeNumber(_ number: Int) {
        var digits = Line(memory.scratch.start + memory.scratch.count, capacity: memory.scratch.room)
        digits.number(number)
        memory.scratch.extend(by: digits.count)
    }

    private mutating func start(_ index: Int, _ job: Handle<Job>, arguments: Int, variables: Int) {
        var ends = ProgramEnds()
        let result = io.spawn(memory.scratch.written, arguments: arguments, variables: variables, &ends)
        guard case .done(let process) = result else {
            var error: Int32 = 0
            if case .failed(let number) = result { error = number }
            fail(index, job, .notStarted(error), started: now)
            return
        }
        let timeout = memory.queue.line(index).options.limits.execTimeoutSeconds
        guard let run = memory.runs.take(
            ProgramRun(Int32(process), ends, job: job, line: index, started: now, timeoutSeconds: timeout))
        else { preconditionFailure("more programs than all lines together may have") }
        if job.isSome { reportStarted(run) }
        // Mostly it takes all at once. What is closed before the program has begun would be watched on: until then it
        // has our end, too.
        feed(run)
        let isFed = memory.runs[run].pointee.ends.input < 0
        if !watch(ends.output, Event.readable, run) || !watch(ends.error, Event.readable, run)
            || !(isFed || watch(ends.input, Event.writable, run))
        {
            // Without events it could not be served. It ends, and that is its failure.
            io.end(Int32(process), isFinal: true)
            memory.runs[run].pointee.stage = .killed
        }
    }

    private mutating func watch(_ descriptor: Int32, _ interest: UInt32, _ run: Handle<ProgramRun>) -> Bool {
        if case .done = io.watch(descriptor, interest: interest, token: run.raw) { return true }
        return false
    }

    /// Something has happened to one of a program's descriptors.
    mutating func serveProgram(_ run: Handle<ProgramRun>, _ flags: UInt32) {
        // An earlier event of this wait may have ended it.
        guard memory.runs.find(run) != nil else { return }
        if flags & (Event.writable | Event.failed) != 0 { feed(run) }
        if flags & (Event.readable | Event.failed) != 0 {
            readOutput(run)
            readErrors(run)
        }
    }

    /// Writes of the payload what the program takes now.
    private mutating func feed(_ run: Handle<ProgramRun>) {
        let record = memory.runs[run]
        guard record.pointee.ends.input >= 0 else { return }
        let job = record.pointee.job
        let total = job.isSome ? memory.queue.message(job).payloadBytes : 0
        while record.pointee.fed < total {
            let count = memory.queue.copyPayload(
                job, from: record.pointee.fed, to: memory.scratch.start, capacity: memory.scratch.capacity)
            switch io.feed(record.pointee.ends.input, ByteView(memory.scratch.start, count)) {
            case .done(let taken): record.pointee.fed += taken
            case .again: return
            // It does not want to hear more, which is its own affair.
            case .closed, .exhausted, .absent, .failed: record.pointee.fed = total
            }
        }
        io.close(record.pointee.ends.input)
        record.pointee.ends.input = -1
    }

    /// Keeps what the program has put out, up to its limit.
    mutating func readOutput(_ run: Handle<ProgramRun>) {
        let record = memory.runs[run]
        let limit = memory.queue.line(record.pointee.line).options.limits.execOutputBytes
        var reads = 0
        while record.pointee.ends.output >= 0, reads < readsPerTurn {
            reads += 1
            let room = limit - record.pointee.outputBytes
            let target = room > 0 ? memory.runs.bytes(of: run) + record.pointee.outputBytes : memory.scratch.start
            switch io.read(record.pointee.ends.output, target, room > 0 ? room : memory.scratch.capacity) {
            case .done(let count):
                if room > 0 { record.pointee.outputBytes += count } else { record.pointee.isCut = true }
            case .again:
                return
            case .closed, .exhausted, .absent, .failed:
                io.close(record.pointee.ends.output)
                record.pointee.ends.output = -1
            }
        }
    }

    /// Keeps the beginning of what the program complains of.
    mutating func readErrors(_ run: Handle<ProgramRun>) {
        let record = memory.runs[run]
        var reads = 0
        while record.pointee.ends.error >= 0, reads < readsPerTurn {
            reads += 1
            let room = ProgramRun.maxErrorBytes - record.pointee.errorBytes
            let kept = memory.runs.bytes(of: run) + memory.outputBytes + record.pointee.errorBytes
            switch io.read(
                record.pointee.ends.error, room > 0 ? kept : memory.scratch.start,
                room > 0 ? room : memory.scratch.capacity)
            {
            case .done(let count):
                if room > 0 { record.pointee.errorBytes += count }
            case .again:
                return
            case .closed, .exhausted, .absent, .failed:
                io.close(record.pointee.ends.error)
                record.pointee.ends.error = -1
            }
        }
    }
}
