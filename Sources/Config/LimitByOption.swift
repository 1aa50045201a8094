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
            case .messageSizeLimit: maxPayloadBytes
            case .maxConnections, .globalMaxConnections: maxConnections
            case .globalMaxClients: maxClients
            case .maxSubscriptions: maxSubscriptions
            case .maxTopicNodes: maxTopicNodes
            case .maxMessages: maxMessages
            case .messageStoreSize: messageStoreBytes
            case .maxRetainedMessages: maxRetainedMessages
            case .maxRetainedBytes: maxRetainedBytes
            case .maxDeliveries: maxDeliveries
            case .maxInflightMessages: maxInflightMessages
            case .maxIncomingInflight: maxIncomingInflight
            case .packetStoreSize: packetBufferBytes
            case .receiveBufferSize: receiveBufferBytes
            case .maxClientIDLength: maxClientIDBytes
            case .maxTopicLength: maxTopicBytes
            case .maxTopicLevels: maxTopicLevels
            case .maxAccessSize: maxAccessBytes
            case .maxMessageRate: maxMessageRate
            case .maxConnectRate: maxConnectRate
            case .connectTimeout: connectTimeoutSeconds
            case .stallTimeout: stallTimeoutSeconds
            case .sysInterval: sysIntervalSeconds
            case .memoryBudget: memoryBudget
            case .keepAliveInterval: keepAliveIntervalSeconds
            case .execTimeout, .execParallel, .execQueue, .execRate, .execOutputSize, .retryDelay, .retryLimit,
                .writeSize:
                action[option]
            case .idleTimeout, .threshold, .bridgeMaxPacketSize, .bridgeTCPUserTimeout, .spoolMessages, .spoolSize,
                .spoolExpiry:
                bridge[option]
            default:
                0
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
            case .messageSizeLimit: maxPayloadBytes = newValue
            case .maxConnections, .globalMaxConnections: maxConnections = newValue
            case .globalMaxClients: maxClients = newValue
            case .maxSubscriptions: maxSubscriptions = newValue
            case .maxTopicNodes: maxTopicNodes = newValue
            case .maxMessages: maxMessages = newValue
            case .messageStoreSize: messageStoreBytes = newValue
            case .maxRetainedMessages: maxRetainedMessages = newValue
            case .maxRetainedBytes: maxRetainedBytes = newValue
            case .maxDeliveries: maxDeliveries = newValue
            case .maxInflightMessages: maxInflightMessages = newValue
            case .maxIncomingInflight: maxIncomingInflight = newValue
            case .packetStoreSize: packetBufferBytes = newValue
            case .receiveBufferSize: receiveBufferBytes = newValue
            case .maxClientIDLength: maxClientIDBytes = newValue
            case .maxTopicLength: maxTopicBytes = newValue
            case .maxTopicLevels: maxTopicLevels = newValue
            case .maxAccessSize: maxAccessBytes = newValue
            case .maxMessageRate: maxMessageRate = newValue
            case .maxConnectRate: maxConnectRate = newValue
            case .connectTimeout: connectTimeoutSeconds = newValue
            case .stallTimeout: stallTimeoutSeconds = newValue
            case .sysInterval: sysIntervalSeconds = newValue
            case .memoryBudget: memoryBudget = newValue
            case .keepAliveInterval: keepAliveIntervalSeconds = newValue
            case .execTimeout, .execParallel, .execQueue, .execRate, .execOutputSize, .retryDelay, .retryLimit,
                .writeSize:
                action[option] = newValue
            case .idleTimeout, .threshold, .bridgeMaxPacketSize, .bridgeTCPUserTimeout, .spoolMessages, .spoolSize,
                .spoolExpiry:
                bridge[option] = newValue
            default:
                preconditionFailure("not a number")
            }
        }
    }
}
