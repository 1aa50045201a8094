/// Every number that bounds memory, time or work. One field per configuration key; the keys' meanings, units and
/// ranges are in `Option`.
public struct Limits {
    // The four that an owner should know.
    public var maxKeepAliveSeconds = 65_535
    public var maxPacketBytes = 262_144
    public var offlineMessageExpirySeconds = 86_400
    public var persistentClientExpirationSeconds = 7 * 86_400
    public var maxQueuedMessages = 1000
    public var maxQueuedBytes = 4 << 20
    public var maxSubscriptionsPerClient = 256

    // How many of everything there can be.
    public var maxConnections = 256
    public var maxClients = 512
    public var maxSubscriptions = 4096
    public var maxTopicNodes = 8192
    public var maxMessages = 8192
    public var messageStoreBytes = 8 << 20
    public var maxDeliveries = 32_768
    public var maxInflightMessages = 20
    public var maxIncomingInflight = 4096
    public var packetBufferBytes = 1 << 20
    public var receiveBufferBytes = 65_536

    // How long or how deep one of them can be.
    public var maxClientIDBytes = 128
    public var maxTopicBytes = 1024
    public var maxTopicLevels = 32

    // Time.
    public var connectTimeoutSeconds = 10
    public var stallTimeoutSeconds = 60

    /// What all of it together may take.
    public var memoryBudget = 32 << 20

    public init() {}
}
