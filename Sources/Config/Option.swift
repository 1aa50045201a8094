import Base

/// Every configuration key. This one table makes the parser, the help text and the plan's column of keys.
/// Names and meanings are mosquitto's where it has the option.
public enum Option: UInt8 {
    case mode, base, listener, allowAnonymous, passwordFile, aclFile, allowZeroLengthClientID, connectionMessages
    case bindInterface, socketDomain, protocolName, perListenerSettings, setTCPNoDelay
    case logType, logDest, logTimestamp
    case maxKeepAlive, maxPacketSize, offlineMessageExpiry, persistentClientExpiration
    case maxQueuedMessages, maxQueuedBytes, queuePolicy, queueQoS0Messages, maxSubscriptionsPerClient
    case messageSizeLimit, maxConnections, globalMaxConnections, globalMaxClients, maxSubscriptions, maxTopicNodes
    case maxMessages, messageStoreSize, retainAvailable, maxRetainedMessages, maxRetainedBytes
    case maxDeliveries, maxInflightMessages, maxIncomingInflight
    case packetStoreSize, receiveBufferSize
    case maxClientIDLength, maxTopicLength, maxTopicLevels
    case maxAccessSize, maxMessageRate, maxConnectRate
    case connectTimeout, stallTimeout, sysInterval
    // Client mode: the broker and the session there, what is done and published, how a line does it.
    case address, remoteClientID, remoteUsername, remotePassword, remotePasswordFile, cleanSession
    case keepAliveInterval, restartTimeout, bindAddress
    case willTopic, willPayload, willQoS, willRetain
    case subscribe, publish
    case execTimeout, execParallel, execQueue, execRate, execOutputSize
    case replyTopic, replyQoS, replyRetain
    case onFailure, retryDelay, retryLimit, deadLetterTopic
    case writeSize, writeFormat, onChangeOnly
    // Bridge mode: a connection to another broker, what crosses it, what is kept for it.
    case connection, topic, localClientID, localUsername, localPassword, localCleanSession
    case startType, idleTimeout, threshold, roundRobin
    case notifications, notificationsLocalOnly, notificationTopic, tryPrivate
    case bridgeAttemptUnsubscribe, bridgeOutgoingRetain, bridgeMaxPacketSize, bridgeProtocolVersion
    case bridgeBindDevice, bridgeTCPKeepAlive, bridgeTCPUserTimeout, bridgeReloadType
    case spoolMessages, spoolSize, spoolExpiry, spoolPolicy, spoolQoS0
    case memoryBudget

    /// Up to three slabs each for their names, and no more than a million (`Pool.maxCount`) of those.
    static var maxClients: Int { 300_000 }

    public static var count: Int { Int(Option.memoryBudget.rawValue) + 1 }

    public enum Kind {
        /// `broker`, `client` or `bridge`.
        case mode
        /// A port, and an address if not all; or 0 and the path of a unix socket.
        case listener
        /// A network device; `ipv4` or `ipv6`; `mqtt`.
        case interface, domain, protocolName
        /// What a full queue drops.
        case policy
        /// `true` or `false`.
        case flag
        /// The path of a file.
        case file
        /// One of a few words; may stand several times.
        case logType, logDest
        case number(min: Int, max: Int)
        /// Bytes; `K` and `M` multiply by 1024 and 1024².
        case size(min: Int, max: Int)
        /// Seconds; `min`, `h`, `d`, `w`, `m` (30 days) and `y` (365 days) multiply, as in mosquitto.
        case duration(min: Int, max: Int)
        /// All that follows the key.
        case text
        /// Up to four of name or address, with port or without, or paths of unix sockets.
        case remote
        /// An address of this machine.
        case source
        /// One, two or, for a bridge, three durations.
        case restart
        /// 0, 1 or 2.
        case qos
        /// What becomes of a message whose action failed; what is written to a file.
        case onFailure, writeFormat
        /// Lines of client mode: a filter and what to do, a topic and what to publish.
        case subscription, publication
        /// The name of a connection; a topic that crosses it.
        case connection, bridgeTopic
        /// One of a few words, which are told.
        case choice(StaticString)
        /// Two durations and a number.
        case tcpKeepAlive
    }

    public struct Row {
        public let name: StaticString
        public let kind: Kind
        public let help: StaticString
    }

    /// Sizes memory, or something else that is laid out at start: a reload cannot change it.
    /// Client mode has no reload; what the connections of a bridge say is no limit of the whole board.
    public var needsRestart: Bool {
        switch self {
        case .maxPacketSize, .maxConnections, .globalMaxConnections, .globalMaxClients, .maxSubscriptions,
            .maxTopicNodes, .maxMessages, .messageStoreSize, .maxDeliveries, .maxIncomingInflight, .packetStoreSize,
            .receiveBufferSize, .maxClientIDLength, .maxTopicLength, .maxTopicLevels, .maxAccessSize, .sysInterval,
            .memoryBudget, .logDest, .mode:
            true
        case .base, .listener, .allowAnonymous, .passwordFile, .aclFile, .allowZeroLengthClientID,
            .connectionMessages, .bindInterface, .socketDomain, .protocolName, .perListenerSettings, .setTCPNoDelay,
            .retainAvailable, .logType, .logTimestamp, .messageSizeLimit, .maxKeepAlive, .offlineMessageExpiry,
            .persistentClientExpiration, .maxQueuedMessages, .maxQueuedBytes, .queuePolicy, .queueQoS0Messages,
            .maxSubscriptionsPerClient, .maxRetainedMessages, .maxRetainedBytes, .maxInflightMessages, .maxMessageRate,
            .maxConnectRate, .connectTimeout, .stallTimeout:
            false
        default: belongs(to: .client)
        }
    }

    public static func named(_ name: ByteView) -> Option? {
        var i: UInt8 = 0
        while let option = Option(rawValue: i) {
            if name.equals(option.row.name) { return option }
            i += 1
        }
        i = 0
        while let option = Option(rawValue: i) {
            if let alias = option.alias, name.equals(alias) { return option }
            i += 1
        }
        return nil
    }

    /// The other name that mosquitto has for it.
    public var alias: StaticString? {
        switch self {
        case .address: "addresses"
        case .remoteClientID: "clientid"
        case .remoteUsername: "username"
        case .remotePassword: "password"
        case .bindAddress: "bridge_bind_address"
        default: nil
        }
    }
}
