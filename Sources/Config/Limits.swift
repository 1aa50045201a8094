/// What a full queue does with a new message of QoS 1 or 2. One of QoS 0 is dropped in any case.
public enum QueuePolicy: UInt8 {
    /// The new one is dropped, as in mosquitto.
    case dropNewest
    /// The one that has waited longest makes room.
    case dropOldest
    /// Of a bridge's spool only: the new one takes the place of the one of the same topic that waits. If none does, the
    /// one that has waited longest makes room.
    case keepLatest
}

/// Every number that bounds memory, time or work. One field per configuration key; the keys' meanings, units and
/// ranges are in `Option`.
public struct Limits {
    // The four that an owner should know.
    /// Zero for no limit.
    public var maxKeepAliveSeconds = 0
    public var maxPacketBytes = 262_144
    /// Zero for no limit but that of the packet.
    public var maxPayloadBytes = 0
    public var offlineMessageExpirySeconds = 86_400
    public var persistentClientExpirationSeconds = 7 * 86_400
    public var maxQueuedMessages = 1000
    public var maxQueuedBytes = 4 << 20
    public var queuePolicy = QueuePolicy.dropNewest
    /// Whether QoS 0 messages are kept for absent clients, too.
    public var queuesQoS0 = false
    public var maxSubscriptionsPerClient = 256

    // How many of everything there can be.
    public var maxConnections = 256
    public var maxClients = 512
    public var maxSubscriptions = 4096
    public var maxTopicNodes = 8192
    public var maxMessages = 8192
    public var messageStoreBytes = 8 << 20
    public var retainsMessages = true
    public var maxRetainedMessages = 4096
    public var maxRetainedBytes = 2 << 20
    public var maxDeliveries = 32_768
    public var maxInflightMessages = 20
    public var maxIncomingInflight = 4096
    public var packetBufferBytes = 1 << 20
    public var receiveBufferBytes = 65_536

    // How long or how deep one of them can be.
    public var maxClientIDBytes = 128
    public var maxTopicBytes = 1024
    public var maxTopicLevels = 32

    /// Only what a password or ACL file takes, so nothing without them.
    public var maxAccessBytes = 16_384

    // Rates, a second; zero for none.
    public var maxMessageRate = 0
    public var maxConnectRate = 0

    // Time.
    public var connectTimeoutSeconds = 10
    public var stallTimeoutSeconds = 60
    public var sysIntervalSeconds = 10

    /// What all of it together may take.
    public var memoryBudget = 32 << 20

    // Client mode.
    public var keepAliveIntervalSeconds = 60
    /// Of lines that say nothing else.
    public var action = ActionLimits()

    // Bridge mode: of connections that say nothing else.
    public var bridge = BridgeLimits()

    public init() {}

    /// What a mode has by default: a client needs a small part of what a broker does.
    public init(_ mode: Settings.Mode) {
        guard mode == .client else { return }
        maxPacketBytes = 65_536
        maxQueuedMessages = 100
        // As many as a broker sends without waiting, in all likelihood.
        maxIncomingInflight = 1000
        maxQueuedBytes = 131_072
        maxSubscriptionsPerClient = 64
        messageStoreBytes = 262_144
        receiveBufferBytes = 16_384
        memoryBudget = 2 << 20
    }
}
