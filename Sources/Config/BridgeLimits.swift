/// The numbers of one connection of a bridge; or of all that say nothing else.
public struct BridgeLimits {
    public var keepAliveSeconds = 60
    /// Lazy connections only: idle for so long, and it ends; so many messages wait, and it begins.
    public var idleTimeoutSeconds = 60
    public var threshold = 10
    /// Zero for as long as `max_packet_size` allows.
    public var maxPacketBytes = 0
    /// Zero for the system's own.
    public var tcpUserTimeoutMs = 0
    public var spoolMessages = 1000
    public var spoolBytes = 1 << 20
    /// Zero for ever.
    public var spoolExpirySeconds = 86_400

    public init() {}

    subscript(_ option: Option) -> Int {
        get {
            switch option {
            case .keepAliveInterval: keepAliveSeconds
            case .idleTimeout: idleTimeoutSeconds
            case .threshold: threshold
            case .bridgeMaxPacketSize: maxPacketBytes
            case .bridgeTCPUserTimeout: tcpUserTimeoutMs
            case .spoolMessages: spoolMessages
            case .spoolSize: spoolBytes
            case .spoolExpiry: spoolExpirySeconds
            default: 0
            }
        }
        set {
            switch option {
            case .keepAliveInterval: keepAliveSeconds = newValue
            case .idleTimeout: idleTimeoutSeconds = newValue
            case .threshold: threshold = newValue
            case .bridgeMaxPacketSize: maxPacketBytes = newValue
            case .bridgeTCPUserTimeout: tcpUserTimeoutMs = newValue
            case .spoolMessages: spoolMessages = newValue
            case .spoolSize: spoolBytes = newValue
            case .spoolExpiry: spoolExpirySeconds = newValue
            default: preconditionFailure("not a number of a connection")
            }
        }
    }
}
