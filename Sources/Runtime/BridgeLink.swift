import Base
import Bridge
import Broker
import Config
import Engine
import Wire

/// A `connection` of the board config: a link to a broker elsewhere, back to back with a session in the broker here.
///
/// What the session is to get waits in its queue, the spool, until the link takes it; what comes by the link is
/// published here. The session belongs to the broker, and is reached by the number of the connection.
struct BridgeLink: ~Copyable {
    var link: Link
    var settings: BridgeSettings
    /// Owned by the broker; `none` before the start.
    var session = Handle<Session>.none
    let topics: UnsafeMutablePointer<BridgeTopic>
    private(set) var topicCount = 0
    let topicCapacity: Int
    /// There are topics that go both ways.
    private(set) var swaps = false
    /// There is something that goes out, and something that comes in.
    private var isTwoWay = false
    /// The packet ids of the SUBSCRIBEs that are not answered, by line.
    let requests: UnsafeMutablePointer<UInt16>
    var names: BridgeNames
    var echoes: EchoRing

    /// The remote has answered all there is to subscribe to, on a session that it may still have.
    var hasSubscribed = false
    /// Lines up to here are subscribed to on this connection; the others have to wait for room.
    var subscribedLines = 0
    /// What is retained here was sent there.
    var isSynced = false
    /// There is a connection, as far as the broker was told.
    var isUp = false
    /// Whether the remote takes the bridge bit.
    var privacy = Privacy.unknown
    /// The remote is to be told that the connection stands.
    var owesState = false
    var cameAt: Tick
    /// It is made anew without waiting, as its settings have changed.
    var startsAtOnce = false
    /// Events of the link, or messages for it, were left for the next turn.
    var isBehind = false
    /// There is something to be sent.
    var isDirty = false
    /// Not read since then, because the store is nearly full.
    var pausedSince: Tick?
    /// A message found no room then; the connection is about to end.
    var refusedSince: Tick?
    /// When a message was last sent or received, for a lazy link.
    var usedAt: Tick
    /// The link's state as it was told last.
    var toldPhase: UInt8 = 255
    var counts = Counts()
    /// Of the spool, as it was reported last, and when.
    var reported = SpoolDrops()
    var reportedCounts = Counts()
    var reportedAt: Tick

    enum Privacy: UInt8 {
        /// The next attempt shows.
        case unknown
        case taken
        /// The last attempt with the bit came to nothing; the next one does without.
        case doubted
        case refused
    }

    struct Counts: Equatable {
        var attempts: UInt32 = 0
        /// What came back though nobody else had sent it.
        var echoes: UInt32 = 0
        /// What no `topic` line has a name for here.
        var unmapped: UInt32 = 0
        /// What came and found no room: the remote sends it again.
        var refused: UInt32 = 0
        var skipped: UInt32 = 0
    }

    /// Tokens of listeners are smaller, and those of connections larger.
    static var firstToken: UInt32 { 32 }

    init(_ arena: inout Arena, _ all: Settings, _ index: Int, hostName: ByteView, hash: KeyedHash, now: Tick) {
        let settings = all.bridge(index)
        self.settings = settings
        names = BridgeNames(&arena, settings, hostName: hostName)
        topicCapacity = settings.topicRoom
        topics = arena.carve("bridge topics", key: "topic", count: topicCapacity, of: BridgeTopic.self)
        requests = arena.carve("bridge requests", key: "topic", count: topicCapacity, of: UInt16.self)
        let connection = LinkSettings(settings, all.limits, names)
        link = Link(
            &arena, connection, LinkLimits(settings, all.limits),
            token: BridgeLink.firstToken + UInt32(index), now: now)
        echoes = EchoRing(&arena, hash: hash)
        usedAt = now
        cameAt = now
        reportedAt = now
        if !arena.isMeasuring { readTopics() }
    }

    /// Takes over the topics of the settings.
    mutating func readTopics() {
        var (sendsOut, takesIn) = (false, false)
        swaps = false
        topicCount = 0
        var lines = settings.topics
        while let line = lines.next() {
            topics[topicCount] = line
            requests[topicCount] = 0
            topicCount += 1
            sendsOut = sendsOut || line.sendsOut
            takesIn = takesIn || line.takesIn
            swaps = swaps || line.direction == .both
        }
        isTwoWay = sendsOut && takesIn
    }

    /// Whether the remote, which knows nothing of bridges, sends back what it is sent and we have subscribed to.
    var isEchoed: Bool { isTwoWay && !link.settings.connect.isBridge }

    /// Whether the message is one that we have sent.
    mutating func isEcho(_ publish: Publish) -> Bool {
        guard isEchoed else { return false }
        let sum = echoes.extended(echoes.begin(publish.topic), publish.payload)
        return echoes.takeBack(sum, isDuplicate: publish.isDuplicate)
    }

    /// The first line that has a name at the remote for a topic here, which is written; false if none has.
    func writeRemoteTopic(_ topic: ByteView, to writer: inout ByteWriter) -> Bool {
        var i = 0
        while i < topicCount {
            if TopicMap.remoteTopic(topic, topics[i], to: &writer) { return true }
            i += 1
        }
        return false
    }

    /// The same the other way.
    func writeLocalTopic(_ topic: ByteView, to writer: inout ByteWriter) -> Bool {
        var i = 0
        while i < topicCount {
            if TopicMap.localTopic(topic, topics[i], to: &writer) { return true }
            i += 1
        }
        return false
    }
}

/// The names that a connection goes by, put together from its name and that of the machine.
struct BridgeNames {
    private(set) var clientID = ByteView.empty
    private(set) var localClientID = ByteView.empty
    /// Where the remote is told whether the connection stands.
    private(set) var stateTopic = ByteView.empty

    static var maxHostBytes: Int { 64 }

    /// What all names together take at most, whatever the machine is called.
    static func bytes(_ settings: BridgeSettings) -> Int {
        let idBytes = settings.clientID.isEmpty
            ? maxHostBytes + 1 + settings.name.count : settings.clientID.count
        let localBytes = settings.localClientID.isEmpty ? 6 + idBytes : settings.localClientID.count
        return idBytes + localBytes + (settings.notificationTopic?.count ?? 29 + idBytes)
    }

    init(_ arena: inout Arena, _ settings: BridgeSettings, hostName: ByteView) {
        let bytes = BridgeNames.bytes(settings)
        let text = arena.carve("bridge names", key: "connection", count: bytes, of: UInt8.self)
        if arena.isMeasuring { return }
        var writer = ByteWriter(text, capacity: bytes)
        func end(from start: Int) -> ByteView { ByteView(text + start, writer.count - start) }
        if settings.clientID.isEmpty {
            if !hostName.isEmpty {
                writer.bytes(hostName.slice(0, min(hostName.count, BridgeNames.maxHostBytes)))
                writer.byte(UInt8(ascii: "."))
            }
            writer.bytes(settings.name)
        } else {
            writer.bytes(settings.clientID)
        }
        clientID = end(from: 0)
        var start = writer.count
        if settings.localClientID.isEmpty {
            writer.bytes(ByteView("local."))
            writer.bytes(clientID)
        } else {
            writer.bytes(settings.localClientID)
        }
        localClientID = end(from: start)
        start = writer.count
        if let topic = settings.notificationTopic {
            writer.bytes(topic)
        } else {
            writer.bytes(ByteView("$SYS/broker/connection/"))
            writer.bytes(clientID)
            writer.bytes(ByteView("/state"))
        }
        stateTopic = end(from: start)
    }
}

extension LinkSettings {
    init(_ bridge: BridgeSettings, _ limits: Limits, _ names: BridgeNames) {
        self.init(Connect(bridge, names, isBridge: bridge.triesPrivate))
        var i = 0
        while i < bridge.remoteCount {
            add(bridge.remote(i))
            i += 1
        }
        socket.localAddress = bridge.bindAddress
        socket.device = bridge.bindDevice
        socket.keepAliveIdleSeconds = bridge.tcpKeepAliveIdleSeconds
        socket.keepAliveIntervalSeconds = bridge.tcpKeepAliveIntervalSeconds
        socket.keepAliveCount = bridge.tcpKeepAliveCount
        socket.userTimeoutMs = bridge.tcpUserTimeoutMs
        connectTimeoutMs = UInt32(limits.connectTimeoutSeconds) * 1000
        retryMs = UInt32(bridge.restartBaseSeconds) * 1000
        maxRetryMs = UInt32(bridge.restartCapSeconds) * 1000
        stableMs = UInt32(bridge.stableSeconds) * 1000
        isRoundRobin = bridge.isRoundRobin
        // The first is looked for as often as if there were no other.
        primaryProbeMs = maxRetryMs
        yieldsToWill = true
        maxInflight = limits.maxInflightMessages
        skipsTooLong = true
        beginsAnywhere = true
    }
}

extension Connect {
    /// What a bridge says to its remote.
    init(_ bridge: BridgeSettings, _ names: BridgeNames, isBridge: Bool) {
        var will: Will?
        if bridge.notifies, !bridge.notifiesLocallyOnly {
            will = Will(topic: names.stateTopic, payload: ByteView("0"), qos: .atLeastOnce, retain: true)
        }
        self.init(
            level: .v311, cleanSession: bridge.cleanSession, keepAlive: UInt16(bridge.keepAliveSeconds),
            clientID: names.clientID, will: will, userName: bridge.username, password: bridge.password,
            isBridge: isBridge)
    }
}

extension LinkLimits {
    init(_ bridge: BridgeSettings, _ limits: Limits) {
        self.init()
        maxPacketBytes = limits.maxPacketBytes
        receiveBytes = min(limits.receiveBufferBytes, 16_384)
        // The plan is the same whatever the machine is called and the password turns out to be.
        var longest = 64 + BridgeNames.bytes(bridge) + (bridge.username?.count ?? 0) + ClientSettings.maxPasswordBytes
        var lines = bridge.topics
        while let line = lines.next() {
            let filterBytes = line.remotePrefix.count + line.pattern.count
            longest = max(longest, Subscribe.byteCount(filterBytes: filterBytes))
        }
        sendBytes = max(receiveBytes, longest)
        // What is under way, and a few of QoS 0 or of our own behind it. The rest waits in the spool.
        maxQueued = limits.maxInflightMessages + 16
        queueBytes = bridge.maxPacketBytes + receiveBytes
        maxIncoming = min(limits.maxIncomingInflight, 1000)
    }
}
