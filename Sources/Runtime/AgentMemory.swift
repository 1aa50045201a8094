import Base
import Client
import Config
import Wire

/// Everything that client mode carves from the arena. As the broker's `Memory`: built twice by the same code.
struct AgentMemory: ~Copyable {
    var link: Link
    var queue: ActionQueue
    var schedule: Schedule
    var runs: Pool<ProgramRun>
    /// What is kept of the output of one run.
    let outputBytes: Int
    /// The packet ids of the SUBSCRIBEs that are not answered, by line.
    let subscriptions: UnsafeMutablePointer<UInt16>
    /// Texts that are put together for the system or the link, one at a time: topics, payloads, paths, words.
    var scratch: ByteWriter
    let events: UnsafeMutablePointer<Event>
    var line: Line

    static var maxEvents: Int { 64 }
    /// Beside the topic and the words: the names of the variables, and their numbers.
    private static var variableBytes: Int { 128 }

    init(_ arena: inout Arena, settings: Settings, hash: KeyedHash, now: Tick) {
        let connection = LinkSettings(settings)
        link = Link(
            &arena, connection, LinkLimits(settings, connectBytes: connection.connect.byteCount),
            token: AgentMemory.linkToken, now: now)
        queue = ActionQueue(&arena, settings: settings, now: now)
        schedule = Schedule(&arena, settings: settings, hash: hash, now: now)
        var (parallel, output, words) = (0, 0, 0)
        var lines = settings.actionLines
        while let line = lines.next() {
            words = max(words, AgentMemory.bytes(line))
            guard line.kind.runsProgram else { continue }
            parallel += line.kind == .exec ? line.options.limits.execParallel : 1
            output = max(output, line.options.limits.execOutputBytes)
        }
        outputBytes = output
        runs = Pool(
            &arena, "programs", key: "exec_output_size", count: max(1, parallel),
            trailingBytes: parallel == 0 ? 0 : output + ProgramRun.maxErrorBytes)
        subscriptions = arena.carve("subscriptions", key: "subscribe", count: queue.lineCount, of: UInt16.self)
        // A whole message beside the words of a line.
        let bytes = settings.limits.maxPacketBytes + words + AgentMemory.variableBytes
        let start = arena.carve("scratch", key: "max_packet_size", count: bytes, of: UInt8.self)
        scratch = ByteWriter(start, capacity: bytes)
        events = arena.carve("events", key: "fixed", count: AgentMemory.maxEvents, of: Event.self)
        let lineBytes = arena.carve("log line", key: "fixed", count: Line.logBytes, of: UInt8.self)
        line = Line(lineBytes, capacity: Line.logBytes)
    }

    /// No handle of a program has it, since none has the generation zero.
    static var linkToken: UInt32 { 1 }

    /// What the words of a line take, with an end for each, and its topic.
    private static func bytes(_ line: ActionLine) -> Int {
        var count = line.topic.count + 1
        var words = line.words
        while let word = words.next() { count += word.count + 1 }
        return count
    }
}

extension LinkSettings {
    /// What the board config says of the connection. The password stands in the settings, wherever it came from.
    init(_ settings: Settings) {
        let client = settings.client
        var will: Connect.Will?
        if let topic = client.willTopic {
            will = Connect.Will(
                topic: topic, payload: client.willPayload, qos: QoS(rawValue: client.willQoS) ?? .atMostOnce,
                retain: client.willRetain)
        }
        self.init(
            Connect(
                level: .v311, cleanSession: client.cleanSession,
                keepAlive: UInt16(settings.limits.keepAliveIntervalSeconds), clientID: client.clientID, will: will,
                userName: client.username, password: client.password))
        var i = 0
        while i < client.remoteCount {
            add(client.remote(i))
            i += 1
        }
        socket.localAddress = client.bindAddress
        connectTimeoutMs = UInt32(settings.limits.connectTimeoutSeconds) * 1000
        retryMs = UInt32(client.restartBaseSeconds) * 1000
        maxRetryMs = UInt32(client.restartCapSeconds) * 1000
        maxInflight = settings.limits.maxInflightMessages
        queueExpiryMs = UInt32(settings.limits.offlineMessageExpirySeconds) * 1000
        dropsOldest = settings.limits.queuePolicy == .dropOldest
        skipsTooLong = true
        beginsAnywhere = !client.cleanSession
    }
}

extension LinkLimits {
    init(_ settings: Settings, connectBytes: Int) {
        self.init()
        let limits = settings.limits
        maxPacketBytes = limits.maxPacketBytes
        receiveBytes = limits.receiveBufferBytes
        var longest = connectBytes
        if settings.client.passwordFile != nil {
            // The plan is the same whether the file has been read or not.
            longest += 2 + ClientSettings.maxPasswordBytes
            if let password = settings.client.password { longest -= 2 + password.count }
        }
        var jobs = 0
        var lines = settings.actionLines
        while let line = lines.next() {
            longest = max(longest, Subscribe.byteCount(filterBytes: line.topic.count))
            jobs += line.options.limits.execQueue + line.options.limits.execParallel + 1
        }
        sendBytes = max(limits.receiveBufferBytes, longest)
        queueBytes = limits.maxQueuedBytes == 0 ? limits.messageStoreBytes : limits.maxQueuedBytes
        maxQueued = limits.maxQueuedMessages == 0 ? max(1, queueBytes / 128) : limits.maxQueuedMessages
        // A broker sends its window of QoS 2 messages, however large, before it looks at an answer.
        maxIncoming = max(limits.maxIncomingInflight, jobs)
    }
}
