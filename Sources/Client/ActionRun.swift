import Base
import Config
import Wire

// Actions that begin and end.
extension ActionQueue {
    /// The next action to begin, which is under way from now on; nil when none may. Call until nil.
    public mutating func start(now: Tick) -> Handle<Job>? {
        var i = 0
        while i < lineCount {
            wake(i, now: now)
            if let due = states[i].startDue(now: now), !now.isBefore(due),
                let job = states[i].waiting.removeFirst(in: jobs) {
                states[i].noteStart(now: now)
                jobs[job].pointee.attempts += 1
                return job
            }
            i += 1
        }
        return nil
    }

    /// Those that have rested long enough wait again, in front of nobody; but what is written keeps its order, so that
    /// in the end the file has the last value.
    private mutating func wake(_ line: Int, now: Tick) {
        while states[line].resting.first.isSome, !now.isBefore(jobs[states[line].resting.first].pointee.due),
            let job = states[line].resting.removeFirst(in: jobs) {
            if states[line].line.kind == .write {
                states[line].waiting.prepend(job, in: jobs)
            } else {
                states[line].waiting.append(job, in: jobs)
            }
        }
    }

    /// Milliseconds until `start` can have something to say because of the time; nil for never.
    public func msUntilStart(now: Tick) -> UInt32? {
        var shortest: UInt32?
        var i = 0
        while i < lineCount {
            if let due = states[i].startDue(now: now) { shortest = min(shortest ?? UInt32.max, due.msSince(now)) }
            if states[i].resting.first.isSome {
                shortest = min(shortest ?? UInt32.max, jobs[states[i].resting.first].pointee.due.msSince(now))
            }
            i += 1
        }
        return shortest
    }

    public func job(_ job: Handle<Job>) -> Job { jobs[job].pointee }
    public func message(_ job: Handle<Job>) -> KeptMessage { messages[jobs[job].pointee.message].pointee }

    /// Copies the topic to `target`; returns its bytes.
    public func copyTopic(_ job: Handle<Job>, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let message = message(job)
        var reader = ChainReader(message.bytes)
        return copy(&reader, to: target, capacity: message.topicBytes)
    }

    /// Copies up to `capacity` bytes of the payload from `offset` on; returns how many those are.
    public func copyPayload(
        _ job: Handle<Job>, from offset: Int, to target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> Int {
        let message = message(job)
        var reader = ChainReader(message.bytes)
        reader.skip(message.topicBytes + offset, in: store)
        return copy(&reader, to: target, capacity: capacity)
    }

    private func copy(
        _ reader: inout ChainReader, to target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> Int {
        var count = 0
        while count < capacity, let run = reader.next(in: store, limit: capacity - count) {
            run.copy(to: target + count)
            count += run.count
        }
        return count
    }

    /// What is to become of a message whose action failed.
    public enum Failure: UInt8 {
        /// It is tried again after the line's delay; nothing else is to be done.
        case retry
        /// Publish the message to the line's topic for dead letters, then call `finish`.
        case deadLetter
        /// Call `finish`.
        case drop
    }

    /// An action under way came to nothing; with `isFinal` it would come to nothing each time.
    public mutating func failed(_ job: Handle<Job>, isFinal: Bool = false, now: Tick) -> Failure {
        let line = jobs[job].pointee.line
        let failure = failure(line, attempts: jobs[job].pointee.attempts, isFinal: isFinal)
        if failure == .retry {
            states[line].running -= 1
            rest(job, now: now)
        }
        return failure
    }

    /// The same for a message that was not kept yet: keep it for `retry`.
    public mutating func failure(_ line: Int, attempts: Int, isFinal: Bool) -> Failure {
        let options = states[line].line.options
        counts.failed &+= 1
        if options.onFailure == .retry, !isFinal {
            let limit = options.limits.retryLimit
            if limit == 0 || attempts <= limit {
                counts.retried &+= 1
                return .retry
            }
        }
        guard options.onFailure != .drop, options.deadLetterTopic != nil else { return .drop }
        counts.deadLetters &+= 1
        return .deadLetter
    }

    /// An action under way is over, well or not. Answers the ticket of its message when that is to be acknowledged.
    public mutating func finish(_ job: Handle<Job>) -> UInt32? {
        let record = jobs[job].pointee
        states[record.line].running -= 1
        jobs.give(job)
        let message = messages[record.message]
        message.pointee.openJobs -= 1
        guard message.pointee.openJobs == 0 else { return nil }
        store.free(message.pointee.bytes)
        let ticket = message.pointee.qos == .atMostOnce ? nil : message.pointee.ticket
        messages.give(record.message)
        return ticket
    }
}
