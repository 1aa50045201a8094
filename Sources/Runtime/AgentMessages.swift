import Base
import Client
import Config
import Wire

// What is done with the messages that come.
extension Agent where Net: ~Copyable {
    /// Does what the lines say that its topic matches. It is acknowledged at once, unless something is left to do.
    mutating func take(_ publish: Publish, _ ticket: UInt32) {
        reportMessage(publish)
        var kept = Handle<KeptMessage>.none
        var from = 0
        while let index = memory.queue.match(publish.topic, from: from, scratch: memory.scratch.start) {
            from = index + 1
            switch memory.queue.line(index).kind {
            case .print: show(publish, index)
            case .write: write(publish, ticket, index, &kept)
            case .exec: _ = memory.queue.add(publish, ticket: ticket, line: index, to: &kept, now: now)
            case .publishFile, .publishExec: break
            }
        }
        if kept.isNone, publish.qos != .atMostOnce { memory.link.acknowledge(ticket) }
    }

    private mutating func show(_ publish: Publish, _ index: Int) {
        memory.scratch.removeAll()
        var words = memory.queue.line(index).words
        var format = MessageFormat.payload(endsLines: true)
        if let word = words.next() { format = .custom(place(word)) }
        let start = memory.scratch.count
        var text = PrintedText(memory.scratch)
        let time = format.needsTime ? zone.time(seconds: io.wallSeconds(), nanoseconds: 0) : .unknown
        _ = format.write(
            ReceivedMessage(
                topic: publish.topic, payload: publish.payload, qos: publish.qos, retain: publish.retain,
                packetID: publish.packetID, time: time), to: &text)
        let view = text.writer.written.dropFirst(start)
        if case .done(let count) = io.writeOutput(view), count == view.count, !text.isCut { return }
        counts.printed &+= 1
    }

    private mutating func write(
        _ publish: Publish, _ ticket: UInt32, _ index: Int, _ kept: inout Handle<KeptMessage>
    ) {
        if memory.queue.state(index).mustWait {
            _ = memory.queue.add(publish, ticket: ticket, line: index, to: &kept, now: now)
            return
        }
        memory.scratch.removeAll()
        guard let failure = put(publish.payload, index) else {
            reportWritten(index, publish.topic, publish.payload.count)
            return
        }
        var next = memory.queue.failure(index, attempts: 1, isFinal: failure.isFinal)
        if next == .retry,
            !memory.queue.add(publish, ticket: ticket, line: index, attempts: 1, to: &kept, now: now) {
            next = .drop
        }
        reportNotWritten(index, publish.topic, failure, attempts: 1, next)
        if next == .deadLetter { sendDeadLetter(index, publish.payload) }
    }

    /// A write that failed before is tried again.
    mutating func writeAgain(_ job: Handle<Job>) {
        let index = memory.queue.job(job).line
        let attempts = memory.queue.job(job).attempts
        memory.scratch.removeAll()
        let payload = placePayload(job)
        let failure = put(payload, index)
        let topic = placeTopic(job)
        guard let failure else {
            reportWritten(index, topic, payload.count)
            finish(job)
            return
        }
        let next = memory.queue.failed(job, isFinal: failure.isFinal, now: now)
        reportNotWritten(index, topic, failure, attempts: attempts, next)
        if next == .retry { return }
        if next == .deadLetter { sendDeadLetter(index, payload) }
        finish(job)
    }

    /// Why a payload was not written.
    enum WriteFailure {
        case payload(StaticString)
        case system(Int32)
        case irregular

        var isFinal: Bool { if case .payload = self { true } else { false } }
    }

    /// Nil when it is written. The path is placed behind what is in the scratch.
    private mutating func put(_ payload: ByteView, _ index: Int) -> WriteFailure? {
        let line = memory.queue.line(index)
        if let problem = WriteCheck.check(payload, line.options).problem { return .payload(problem) }
        var words = line.words
        guard let word = words.next() else { preconditionFailure("a write without a file") }
        switch io.put(payload, into: place(word)) {
        case .done: return nil
        case .failed(let error): return .system(error)
        case .absent: return .irregular
        case .again, .closed, .exhausted: return .system(0)
        }
    }

    mutating func placeTopic(_ job: Handle<Job>) -> ByteView {
        let start = memory.scratch.count
        memory.scratch.extend(by: memory.queue.copyTopic(job, to: memory.scratch.start + start))
        return memory.scratch.written.dropFirst(start)
    }

    mutating func placePayload(_ job: Handle<Job>) -> ByteView {
        let start = memory.scratch.count
        memory.scratch.extend(
            by: memory.queue.copyPayload(
                job, from: 0, to: memory.scratch.start + start, capacity: memory.scratch.room))
        return memory.scratch.written.dropFirst(start)
    }

    /// An action is over; its message may be.
    mutating func finish(_ job: Handle<Job>) {
        if let ticket = memory.queue.finish(job) { memory.link.acknowledge(ticket) }
    }

    mutating func sendDeadLetter(_ index: Int, _ payload: ByteView) {
        guard let topic = memory.queue.line(index).options.deadLetterTopic else { return }
        _ = send(topic, payload, .atLeastOnce, retain: false)
    }

    /// Gives a message to the link. False when it goes nowhere, which is counted.
    mutating func send(_ topic: ByteView, _ payload: ByteView, _ qos: QoS, retain: Bool) -> Bool {
        if qos == .atMostOnce, !memory.link.isUp, !settings.limits.queuesQoS0 {
            counts.offline &+= 1
            return false
        }
        switch memory.link.publish(topic, payload, qos, retain: retain) {
        case .taken:
            reportSent(topic, payload, qos)
            return true
        case .full:
            counts.queueFull &+= 1
            return false
        case .tooLong:
            counts.tooLong &+= 1
            return false
        }
    }
}

/// Text for standard output, behind what a buffer has already. What does not fit is cut off.
struct PrintedText: TextSink {
    var writer: ByteWriter
    var isCut = false

    init(_ writer: ByteWriter) { self.writer = writer }

    mutating func write(_ bytes: ByteView) {
        let count = min(bytes.count, writer.room)
        if count < bytes.count { isCut = true }
        writer.bytes(bytes.slice(0, count))
    }
}
