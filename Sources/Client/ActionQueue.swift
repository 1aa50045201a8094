import Base
import Config
import Wire

/// The messages whose actions are not over, and which action is next.
///
/// A message of QoS 1 or 2 is acknowledged when all its actions are over. What does not fit is refused if it is of
/// QoS 0; for the others there is always room for one, and after it nothing more must be read until `mayTake`.
public struct ActionQueue: ~Copyable {
    /// The lines that subscribe and those that publish, in the order of the board config.
    let states: UnsafeMutablePointer<ActionState>
    public let lineCount: Int
    var messages: Pool<KeptMessage>
    var jobs: Pool<Job>
    var store: Slabs
    /// Kept free for a message of the greatest length.
    let reserveSlabs: Int
    /// Messages of QoS 0 that found no room, actions given up, and actions tried again.
    public internal(set) var counts = Counts()

    public struct Counts: Equatable {
        public var full: UInt32 = 0
        public var failed: UInt32 = 0
        public var retried: UInt32 = 0
        public var deadLetters: UInt32 = 0

        public init() {}
    }

    private static var slabBytes: Int { 248 }

    public init(_ arena: inout Arena, settings: Settings, now: Tick) {
        lineCount = settings.client.subscribeLineCount + settings.client.publishLineCount
        states = arena.carve("action lines", key: "subscribe, publish", count: lineCount, of: ActionState.self)
        var jobCount = 1
        var lines = settings.actionLines
        var index = 0
        while let line = lines.next() {
            jobCount += ActionState.maxJobs(line)
            if !arena.isMeasuring { (states + index).initialize(to: ActionState(line, now: now)) }
            index += 1
        }
        precondition(index == lineCount)
        jobs = Pool(&arena, "actions", key: "exec_queue", count: jobCount)
        messages = Pool(&arena, "messages kept", key: "exec_queue", count: jobCount)
        let isNeeded = jobCount > 1
        let slabs = isNeeded ? settings.limits.messageStoreBytes / ActionQueue.slabBytes : 1
        store = Slabs(&arena, "message slabs", key: "message_store_size", count: slabs, bytes: ActionQueue.slabBytes)
        reserveSlabs = isNeeded ? ActionQueue.slabs(settings.limits.maxPacketBytes, store.bytesPerSlab) : 0
    }

    static func slabs(_ bytes: Int, _ bytesPerSlab: Int) -> Int { (bytes + bytesPerSlab - 1) / bytesPerSlab }

    public func state(_ line: Int) -> ActionState { states[line] }
    public func line(_ index: Int) -> ActionLine { states[index].line }

    /// Every pool by number, from zero; nil behind the last.
    public func poolUse(_ index: Int) -> PoolUse? {
        switch index {
        case 0: jobs.use("actions")
        case 1: messages.use("messages-kept")
        case 2: store.use("message-slabs")
        default: nil
        }
    }

    /// Actions under way, waiting or resting.
    public var openJobs: Int { jobs.inUse }
    public var keptMessages: Int { messages.inUse }
    public var slabsInUse: Int { store.inUse }
}

// Messages that come.
extension ActionQueue {
    /// Whether another message may be taken, whatever it is.
    public var mayTake: Bool {
        guard store.freeSlabs >= reserveSlabs else { return false }
        var i = 0
        while i < lineCount {
            if states[i].isOver { return false }
            i += 1
        }
        return true
    }

    /// The next line, from `line` on, that subscribes to what the topic is in.
    public func match(_ topic: ByteView, from line: Int, scratch: UnsafeMutablePointer<UInt8>) -> Int? {
        var i = line
        while i < lineCount {
            if !states[i].line.kind.isPublication {
                let filter = states[i].line.topic
                let count = filter.copy(to: scratch)
                if TopicFilter.matches(ByteView(scratch, count), topic) { return i }
            }
            i += 1
        }
        return nil
    }

    /// Keeps the message for one of its actions; the first one makes `message`. False when it is of QoS 0 and there is
    /// no room.
    /// With `attempts` above zero it was tried already, and rests first.
    public mutating func add(
        _ publish: Publish, ticket: UInt32, line: Int, attempts: Int = 0, to message: inout Handle<KeptMessage>,
        now: Tick
    ) -> Bool {
        if publish.qos == .atMostOnce {
            let needed = message.isSome ? 0
                : ActionQueue.slabs(publish.topic.count + publish.payload.count, store.bytesPerSlab)
            guard !states[line].isFull, store.freeSlabs - needed >= reserveSlabs else {
                counts.full &+= 1
                return false
            }
        }
        if message.isNone {
            guard let made = keep(publish, ticket) else {
                precondition(publish.qos == .atMostOnce, "taken in spite of mayTake")
                counts.full &+= 1
                return false
            }
            message = made
        }
        guard let job = jobs.take(Job(message: message, line: line, attempts: attempts)) else {
            preconditionFailure("taken in spite of mayTake")
        }
        messages[message].pointee.openJobs += 1
        if attempts == 0 {
            states[line].waiting.append(job, in: jobs)
        } else {
            rest(job, now: now)
        }
        return true
    }

    private mutating func keep(_ publish: Publish, _ ticket: UInt32) -> Handle<KeptMessage>? {
        var chain = Chain()
        guard messages.hasRoom(), store.append(publish.topic, to: &chain) else { return nil }
        guard store.append(publish.payload, to: &chain) else {
            store.free(&chain)
            return nil
        }
        return messages.take(KeptMessage(publish, ticket: ticket, bytes: store.seal(chain)))
    }

    mutating func rest(_ job: Handle<Job>, now: Tick) {
        let line = jobs[job].pointee.line
        let seconds = UInt32(states[line].line.options.limits.retryDelaySeconds)
        jobs[job].pointee.due = now.advanced(byMs: seconds * 1000)
        states[line].resting.append(job, in: jobs)
    }
}

// Time.
extension ActionQueue {
    /// To be called once a day.
    public mutating func age(now: Tick) {
        var i = 0
        while i < lineCount {
            states[i].age(now: now)
            i += 1
        }
    }
}
