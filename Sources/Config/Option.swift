import Base

/// Every configuration key. This one table makes the parser, the help text and the plan's column of keys.
/// Names and meanings are mosquitto's where it has the option.
public enum Option: UInt8 {
    case mode, listener, allowAnonymous, connectionMessages
    case maxKeepAlive, maxPacketSize, offlineMessageExpiry, persistentClientExpiration
    case maxQueuedMessages, maxQueuedBytes, maxSubscriptionsPerClient
    case maxConnections, globalMaxClients, maxSubscriptions, maxTopicNodes
    case maxMessages, messageStoreSize, maxDeliveries, maxInflightMessages, maxIncomingInflight
    case packetBufferSize, receiveBufferSize
    case maxClientIDLength, maxTopicLength, maxTopicLevels
    case connectTimeout, stallTimeout
    case memoryBudget

    public static var count: Int { Int(Option.memoryBudget.rawValue) + 1 }

    public enum Kind {
        /// `broker`.
        case mode
        /// A port, and an address if not all.
        case listener
        /// `true` or `false`.
        case flag
        case number(min: Int, max: Int)
        /// Bytes; `K` and `M` multiply by 1024 and 1024².
        case size(min: Int, max: Int)
        /// Seconds; `min`, `h`, `d`, `w`, `m` (30 days) and `y` (365 days) multiply, as in mosquitto.
        case duration(min: Int, max: Int)
    }

    public struct Row {
        public let name: StaticString
        public let kind: Kind
        public let help: StaticString
    }

    public var row: Row {
        switch self {
        case .mode: Row(name: "mode", kind: .mode, help: "what this board is")
        case .listener:
            Row(name: "listener", kind: .listener, help: "port and address to serve; up to 8 lines; loopback if none")
        case .allowAnonymous:
            Row(
                name: "allow_anonymous", kind: .flag,
                help: "whether clients without user name may connect; true only if there is no listener line")
        case .connectionMessages:
            Row(name: "connection_messages", kind: .flag, help: "whether connects and disconnects are logged")
        case .maxKeepAlive:
            Row(
                name: "max_keepalive", kind: .duration(min: 10, max: 65_535),
                help: "longest keep-alive a client may ask for; 65535 lets it ask for none")
        case .maxPacketSize:
            Row(name: "max_packet_size", kind: .size(min: 128, max: 64 << 20), help: "longest packet, either way")
        case .offlineMessageExpiry:
            Row(
                name: "offline_message_expiry", kind: .duration(min: 0, max: 20 * 86_400),
                help: "how long a message waits for an absent client; 0 is for ever")
        case .persistentClientExpiration:
            Row(
                name: "persistent_client_expiration", kind: .duration(min: 0, max: 10 * 365 * 86_400),
                help: "how long an absent client is remembered; 0 is for ever")
        case .maxQueuedMessages:
            Row(
                name: "max_queued_messages", kind: .number(min: 0, max: 1_000_000),
                help: "messages that wait for one client; 0 is as many as fit")
        case .maxQueuedBytes:
            Row(
                name: "max_queued_bytes", kind: .size(min: 0, max: 1 << 30),
                help: "bytes that wait for one client; 0 is as many as fit")
        case .maxSubscriptionsPerClient:
            Row(
                name: "max_subscriptions_per_client", kind: .number(min: 1, max: 1_000_000),
                help: "filters one client may subscribe to; more are answered with 0x80")
        case .maxConnections:
            Row(name: "max_connections", kind: .number(min: 1, max: 500_000), help: "connections at a time")
        case .globalMaxClients:
            Row(
                // Two slabs each for their ids, and `Pool.maxCount` of those.
                name: "global_max_clients", kind: .number(min: 1, max: 500_000),
                help: "clients known at a time, connected or absent")
        case .maxSubscriptions:
            Row(name: "max_subscriptions", kind: .number(min: 1, max: 1_000_000), help: "subscriptions of all clients")
        case .maxTopicNodes:
            Row(
                name: "max_topic_nodes", kind: .number(min: 8, max: 1_000_000),
                help: "different levels of all filters together")
        case .maxMessages:
            Row(name: "max_messages", kind: .number(min: 16, max: 1_000_000), help: "messages held at a time")
        case .messageStoreSize:
            Row(
                // `Pool.maxCount` slabs of 248 bytes.
                name: "message_store_size", kind: .size(min: 4096, max: 240 << 20),
                help: "bytes of topics and payloads held at a time")
        case .maxDeliveries:
            Row(
                name: "max_deliveries", kind: .number(min: 16, max: 1_000_000),
                help: "messages times receivers that wait at a time")
        case .maxInflightMessages:
            Row(
                name: "max_inflight_messages", kind: .number(min: 1, max: 20_000),
                help: "QoS 1 and 2 messages on their way to one client")
        case .maxIncomingInflight:
            Row(
                name: "max_incoming_inflight", kind: .number(min: 4, max: 1_000_000),
                help: "QoS 2 messages on their way from all clients; one may have a quarter")
        case .packetBufferSize:
            Row(
                name: "packet_buffer_size", kind: .size(min: 4096, max: 240 << 20),
                help: "bytes of packets of which a part has come, or is still to be sent")
        case .receiveBufferSize:
            Row(
                name: "receive_buffer_size", kind: .size(min: 1024, max: 1 << 20),
                help: "bytes read or written in one go")
        case .maxClientIDLength:
            Row(name: "max_client_id_length", kind: .number(min: 23, max: 1024), help: "bytes of a client id")
        case .maxTopicLength:
            Row(name: "max_topic_length", kind: .number(min: 16, max: 65_535), help: "bytes of a topic or filter")
        case .maxTopicLevels:
            Row(name: "max_topic_levels", kind: .number(min: 2, max: 1024), help: "levels of a topic or filter")
        case .connectTimeout:
            Row(
                name: "connect_timeout", kind: .duration(min: 1, max: 3600),
                help: "how long a new connection may take to send CONNECT")
        case .stallTimeout:
            Row(
                name: "stall_timeout", kind: .duration(min: 1, max: 3600),
                help: "how long a begun packet may take, and a client may leave its messages unread")
        case .memoryBudget:
            Row(name: "memory_budget", kind: .size(min: 65_536, max: 2047 << 20), help: "what all of it may take")
        }
    }

    public static func named(_ name: ByteView) -> Option? {
        var i: UInt8 = 0
        while let option = Option(rawValue: i) {
            if name.equals(option.row.name) { return option }
            i += 1
        }
        return nil
    }
}

extension Limits {
    /// The number behind a key of kind number, size or duration.
    public subscript(_ option: Option) -> Int {
        get {
            switch option {
            case .maxKeepAlive: maxKeepAliveSeconds
            case .maxPacketSize: maxPacketBytes
            case .offlineMessageExpiry: offlineMessageExpirySeconds
            case .persistentClientExpiration: persistentClientExpirationSeconds
            case .maxQueuedMessages: maxQueuedMessages
            case .maxQueuedBytes: maxQueuedBytes
            case .maxSubscriptionsPerClient: maxSubscriptionsPerClient
            case .maxConnections: maxConnections
            case .globalMaxClients: maxClients
            case .maxSubscriptions: maxSubscriptions
            case .maxTopicNodes: maxTopicNodes
            case .maxMessages: maxMessages
            case .messageStoreSize: messageStoreBytes
            case .maxDeliveries: maxDeliveries
            case .maxInflightMessages: maxInflightMessages
            case .maxIncomingInflight: maxIncomingInflight
            case .packetBufferSize: packetBufferBytes
            case .receiveBufferSize: receiveBufferBytes
            case .maxClientIDLength: maxClientIDBytes
            case .maxTopicLength: maxTopicBytes
            case .maxTopicLevels: maxTopicLevels
            case .connectTimeout: connectTimeoutSeconds
            case .stallTimeout: stallTimeoutSeconds
            case .memoryBudget: memoryBudget
            case .mode, .listener, .allowAnonymous, .connectionMessages: 0
            }
        }
        set {
            switch option {
            case .maxKeepAlive: maxKeepAliveSeconds = newValue
            case .maxPacketSize: maxPacketBytes = newValue
            case .offlineMessageExpiry: offlineMessageExpirySeconds = newValue
            case .persistentClientExpiration: persistentClientExpirationSeconds = newValue
            case .maxQueuedMessages: maxQueuedMessages = newValue
            case .maxQueuedBytes: maxQueuedBytes = newValue
            case .maxSubscriptionsPerClient: maxSubscriptionsPerClient = newValue
            case .maxConnections: maxConnections = newValue
            case .globalMaxClients: maxClients = newValue
            case .maxSubscriptions: maxSubscriptions = newValue
            case .maxTopicNodes: maxTopicNodes = newValue
            case .maxMessages: maxMessages = newValue
            case .messageStoreSize: messageStoreBytes = newValue
            case .maxDeliveries: maxDeliveries = newValue
            case .maxInflightMessages: maxInflightMessages = newValue
            case .maxIncomingInflight: maxIncomingInflight = newValue
            case .packetBufferSize: packetBufferBytes = newValue
            case .receiveBufferSize: receiveBufferBytes = newValue
            case .maxClientIDLength: maxClientIDBytes = newValue
            case .maxTopicLength: maxTopicBytes = newValue
            case .maxTopicLevels: maxTopicLevels = newValue
            case .connectTimeout: connectTimeoutSeconds = newValue
            case .stallTimeout: stallTimeoutSeconds = newValue
            case .memoryBudget: memoryBudget = newValue
            case .mode, .listener, .allowAnonymous, .connectionMessages:
                preconditionFailure("not a number")
            }
        }
    }
}
