import Base
import Config
import Engine
import Wire

/// Sessions, subscriptions and messages, and the rules of MQTT that bind them. Does no I/O and reads no clock: packets
/// and time come in as arguments; what is to be sent is asked for by the layer that owns the connections.
///
/// The verbs stand in files of their own: `Connect`, `Subscribe`, `Publish`, `Transmit`, `Acknowledge`, `Expiry`.
public struct Broker: ~Copyable {
    let limits: Limits
    let allowAnonymous: Bool
    var sessions: SessionTable
    var tree: TopicTree
    var subscriptions: Pool<Subscription>
    var store: MessageStore
    var deliveries: Pool<Delivery>
    var inboundIDs: Pool<InboundID>
    /// Ends of offline sessions and of the messages kept for them, by session index.
    var expiries: TimerWheel

    /// Number of the current walk for receivers.
    var walk: UInt32 = 0
    /// Sessions with something new to send.
    var firstDirty = Handle<Session>.none
    var lastDirty = Handle<Session>.none
    /// See `wantsFlush`.
    var isPressed = false
    public internal(set) var drops = DropCounters()

    public init(_ arena: inout Arena, limits: Limits, allowAnonymous: Bool, hash: KeyedHash, now: Tick) {
        self.limits = limits
        self.allowAnonymous = allowAnonymous
        sessions = SessionTable(
            &arena, maxClients: limits.maxClients, maxClientIDBytes: limits.maxClientIDBytes, hash: hash)
        expiries = TimerWheel(&arena, "session timers", key: "global_max_clients", count: limits.maxClients, now: now)
        tree = TopicTree(
            &arena, maxNodes: limits.maxTopicNodes, maxLevels: limits.maxTopicLevels,
            maxTopicBytes: limits.maxTopicBytes, hash: hash)
        subscriptions = Pool(&arena, "subscriptions", key: "max_subscriptions", count: limits.maxSubscriptions)
        store = MessageStore(&arena, maxMessages: limits.maxMessages, bytes: limits.messageStoreBytes)
        deliveries = Pool(&arena, "deliveries", key: "max_deliveries", count: limits.maxDeliveries)
        inboundIDs = Pool(
            &arena, "incoming qos 2", key: "max_incoming_inflight", count: limits.maxIncomingInflight)
    }

    /// The store or the deliveries are nearly used up: publishers should wait until subscribers have drained some.
    public var isLow: Bool { store.isLow || deliveries.free < deliveries.capacity / 8 }

    /// Bytes that can be received without the store running out in the middle of it, whatever they are: the shortest
    /// PUBLISH has five, and takes one message and one slab.
    public var admissibleBytes: Int { store.freeMessages * 4 }

    /// Something that a flush can free is running short: flush now, in the middle of a turn, before messages are
    /// dropped that could have been sent. Reading it clears it.
    public mutating func wantsFlush() -> Bool {
        defer { isPressed = false }
        return isPressed
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

/// Messages that were not delivered, by cause, since the start.
public struct DropCounters: Equatable {
    /// The client's queue had reached `max_queued_messages` or `max_queued_bytes`.
    public var queueFull: UInt32 = 0
    /// No room in the message store, or no delivery record.
    public var storeFull: UInt32 = 0
    /// Waited longer than `offline_message_expiry`.
    public var expired: UInt32 = 0
    /// The topic has more levels or bytes than allowed here.
    public var topicTooLong: UInt32 = 0

    public init() {}
    public var total: UInt32 { queueFull &+ storeFull &+ expired &+ topicTooLong }
}
