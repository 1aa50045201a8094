import Base
import Config
import Engine
import Wire

/// Sessions, subscriptions and messages, and the rules of MQTT that bind them. Does no I/O and reads no clock: packets
/// and time come in as arguments; what is to be sent is asked for by the layer that owns the connections.
///
/// The verbs stand in files of their own: `Connect`, `Access`, `Subscribe`, `Publish`, `Retained`, `Transmit`,
/// `Acknowledge`, `Expiry`.
public struct Broker: ~Copyable {
    public internal(set) var limits: Limits
    var allowZeroLengthClientID: Bool
    /// By access index: 0 for all listeners, or one for each.
    let accessRules: UnsafeMutablePointer<AccessRules>
    var accessList: AccessList
    /// Room for a pattern of the access file with names put in.
    let accessScratch: UnsafeMutablePointer<UInt8>
    var sessions: SessionTable
    var tree: TopicTree
    var subscriptions: Pool<Subscription>
    var store: MessageStore
    var deliveries: Pool<Delivery>
    var inboundIDs: Pool<InboundID>
    /// Ends of offline sessions and of the messages kept for them, by session index.
    var expiries: TimerWheel
    /// Of the bridges, and what they add to the pools.
    let spools: UnsafeMutablePointer<Spool>
    let spoolCount: Int
    let spoolRecords: Int
    private let spoolSlabs: Int
    let hash: KeyedHash

    public internal(set) var retained = RetainedCount()
    /// Room for the topic of a message that comes from the store.
    let topicScratch: UnsafeMutablePointer<UInt8>

    /// Number of the current walk for receivers.
    var walk: UInt32 = 0
    /// How many receivers it found.
    var hitCount = 0
    /// How many of these are bridges whose spools are not full.
    var spoolHits = 0
    /// Sessions with something new to send.
    var firstDirty = Handle<Session>.none
    var lastDirty = Handle<Session>.none
    /// See `wantsFlush`.
    var isPressed = false
    public internal(set) var drops = DropCounters()
    public internal(set) var traffic = Traffic()
    /// Sessions whose client is away, and those that ended because it stayed away too long.
    public internal(set) var awayCount = 0
    public internal(set) var expiredSessions: UInt32 = 0

    /// One for all listeners, and one for each.
    static var maxAccessSets: Int { Settings.maxListeners + 1 }

    public init(_ arena: inout Arena, settings: Settings, hash: KeyedHash, now: Tick) {
        let limits = settings.limits
        self.limits = limits
        self.hash = hash
        allowZeroLengthClientID = settings.allowZeroLengthClientID
        spoolCount = settings.bridgeCount
        let clients = limits.maxClients + spoolCount
        sessions = SessionTable(
            &arena, maxClients: clients, maxClientIDBytes: limits.maxClientIDBytes,
            keepsUserNames: settings.usesACL, hash: hash)
        accessRules = arena.carve("access sets", key: "fixed", count: Broker.maxAccessSets, of: AccessRules.self)
        if !arena.isMeasuring { accessRules.initialize(repeating: AccessRules(), count: Broker.maxAccessSets) }
        let usesACL = settings.usesACL
        accessList = AccessList(&arena, textBytes: usesACL ? limits.maxAccessBytes : 0)
        accessScratch = arena.carve(
            "access scratch", key: "max_topic_length", count: usesACL ? limits.maxTopicBytes : 0, of: UInt8.self)
        expiries = TimerWheel(&arena, "session timers", key: "global_max_clients", count: clients, now: now)
        spools = arena.carve("spools", key: "connection", count: spoolCount, of: Spool.self)
        var (spoolRecords, spoolSlabs, spoolFilters) = (0, 0, 0)
        var i = 0
        while i < spoolCount {
            let bridge = settings.bridge(i)
            let spoolLimits = SpoolLimits(bridge)
            let spool = Spool(&arena, spoolLimits)
            if !arena.isMeasuring { (spools + i).initialize(to: spool) }
            // What is under way is beside what waits: at most what the link can hold of it.
            spoolRecords += spoolLimits.maxMessages + limits.maxInflightMessages
            spoolSlabs += SpoolLimits.slabs(messages: spoolLimits.maxMessages, bytes: spoolLimits.maxBytes)
                + SpoolLimits.slabs(messages: limits.maxInflightMessages, bytes: limits.maxPacketBytes)
            spoolFilters += bridge.topicRoom
            i += 1
        }
        self.spoolRecords = spoolRecords
        self.spoolSlabs = spoolSlabs
        // The broker's own topics, some 100 on 130 nodes, must not take what is meant for the clients'; each bridge has
        // some 20.
        let (systemNodes, systemMessages) = limits.sysIntervalSeconds > 0 || spoolCount > 0
            ? (160 + 32 * spoolCount, 128 + 32 * spoolCount) : (0, 0)
        tree = TopicTree(
            &arena, maxNodes: limits.maxTopicNodes + systemNodes + spoolFilters * limits.maxTopicLevels,
            maxLevels: max(limits.maxTopicLevels, Broker.systemTopicLevels),
            maxTopicBytes: limits.maxTopicBytes, hash: hash)
        subscriptions = Pool(
            &arena, "subscriptions", key: "max_subscriptions", count: limits.maxSubscriptions + spoolFilters)
        store = MessageStore(
            &arena, maxMessages: limits.maxMessages + systemMessages + spoolRecords,
            bytes: limits.messageStoreBytes + (systemMessages + spoolSlabs) * MessageStore.slabBytes)
        deliveries = Pool(
            &arena, "deliveries", key: "max_deliveries", count: limits.maxDeliveries + spoolRecords)
        inboundIDs = Pool(
            &arena, "incoming qos 2", key: "max_incoming_inflight", count: limits.maxIncomingInflight)
        let longestTopic = max(limits.maxTopicBytes, Broker.systemTopicBytes)
        topicScratch = arena.carve("topic scratch", key: "max_topic_length", count: longestTopic, of: UInt8.self)
    }

    /// Bytes of all topics and payloads in the message store.
    public var storedBytes: Int { store.bytes }

    /// The store or the deliveries are nearly used up: publishers should wait until subscribers have drained some.
    public var isLow: Bool {
        let reserve = spoolReserve
        return store.isLow(reserve, messages: spoolRecords, slabs: spoolSlabs)
            || deliveries.free - reserve.records < (deliveries.capacity - spoolRecords) / 8
    }

    /// Whether the store and the deliveries have room for a message beside what is kept free for spools, of which the
    /// message itself may use its share.
    func hasRoom(forBytes bytes: Int, receivers: Int) -> Bool {
        guard receivers == 0 || deliveries.hasRoom(for: receivers) else { return false }
        guard spoolCount > 0 else { return true }
        let reserve = spoolReserve
        return deliveries.free - reserve.records >= receivers - spoolHits
            && (spoolHits > 0 || store.hasRoom(forBytes: bytes, beside: reserve))
    }

    /// Bytes that can be received without the store running out in the middle of it, whatever they are: the shortest
    /// PUBLISH has five, and takes one message and one slab.
    public var admissibleBytes: Int { store.freeMessages * 4 }

    /// Something that a flush can free is running short: flush now, in the middle of a turn, before messages are
    /// dropped that could have been sent. Reading it clears it.
    public mutating func wantsFlush() -> Bool {
        defer { isPressed = false }
        return isPressed
    }

    /// Puts new limits in force. Those that size memory are the old ones.
    public mutating func use(_ settings: Settings) {
        limits = settings.limits
        allowZeroLengthClientID = settings.allowZeroLengthClientID
    }

    /// What is held right now. All zero when no client is known and nothing waits.
    public var inUse: InUse {
        var inUse = InUse()
        inUse.sessions = sessions.inUse
        inUse.subscriptions = subscriptions.inUse
        inUse.topicNodes = tree.inUse
        inUse.messages = store.inUse
        inUse.messageSlabs = store.slabsInUse
        inUse.deliveries = deliveries.inUse
        inUse.inboundIDs = inboundIDs.inUse
        return inUse
    }

    /// Every pool of the broker by number, from zero; nil behind the last.
    public func poolUse(_ index: Int) -> PoolUse? {
        switch index {
        case 0: sessions.use
        case 1: sessions.textUse
        case 2: subscriptions.use("subscriptions")
        case 3: tree.use
        case 4: tree.textUse
        case 5: store.use
        case 6: store.slabUse
        case 7: deliveries.use("deliveries")
        case 8: inboundIDs.use("incoming-qos-2")
        default: nil
        }
    }

    public struct InUse: Equatable {
        public var sessions = 0
        public var subscriptions = 0
        public var topicNodes = 0
        public var messages = 0
        public var messageSlabs = 0
        public var deliveries = 0
        public var inboundIDs = 0

        /// Nothing.
        public init() {}
    }

    /// Calls `body` with the client id of `session`, one piece after the other.
    public func readClientID(_ session: Handle<Session>, _ body: (ByteView) -> Void) {
        sessions.readClientID(session, body)
    }
}

/// PUBLISH packets since the start, and the bytes of their payloads.
public struct Traffic {
    public internal(set) var messagesReceived = Counter()
    public internal(set) var messagesSent = Counter()
    public internal(set) var bytesReceived = Counter()
    public internal(set) var bytesSent = Counter()
}

/// Messages that were not delivered, by cause, since the start.
public struct DropCounters: Equatable {
    /// The client's queue had reached `max_queued_messages` or `max_queued_bytes`.
    public var queueFull: UInt32 = 0
    /// No room in the message store, or no delivery record.
    public var storeFull: UInt32 = 0
    /// Waited longer than `offline_message_expiry`.
    public var expired: UInt32 = 0
    /// More than `max_retained_messages` or `max_retained_bytes`, or no node for the topic: delivered, and not kept.
    public var retainedFull: UInt32 = 0
    /// Published by a client that may not write to the topic, or below `$SYS`.
    public var forbidden: UInt32 = 0
    /// The topic has more levels or bytes than allowed here.
    public var topicTooLong: UInt32 = 0
    /// Longer than `message_size_limit`.
    public var payloadTooLong: UInt32 = 0

    public init() {}
    public var total: UInt32 {
        queueFull &+ storeFull &+ expired &+ retainedFull &+ forbidden &+ topicTooLong &+ payloadTooLong
    }
}
