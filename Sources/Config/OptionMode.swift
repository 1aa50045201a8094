/// In which modes a key has a meaning.
extension Option {
    /// Whether a board of this mode may have the key.
    @inline(never) public func belongs(to mode: Settings.Mode) -> Bool {
        switch self {
        case .mode, .base, .connectionMessages, .logType, .logDest, .logTimestamp, .maxPacketSize,
            .offlineMessageExpiry, .maxQueuedMessages, .maxQueuedBytes, .queuePolicy, .queueQoS0Messages,
            .maxSubscriptionsPerClient, .messageStoreSize, .maxInflightMessages, .maxIncomingInflight,
            .receiveBufferSize, .setTCPNoDelay, .connectTimeout, .memoryBudget:
            true
        case .listener, .allowAnonymous, .passwordFile, .aclFile, .allowZeroLengthClientID, .bindInterface,
            .socketDomain, .protocolName, .perListenerSettings, .maxKeepAlive, .persistentClientExpiration,
            .messageSizeLimit, .maxConnections, .globalMaxConnections, .globalMaxClients,
            .maxSubscriptions, .maxTopicNodes, .maxMessages, .retainAvailable, .maxRetainedMessages, .maxRetainedBytes,
            .maxDeliveries, .packetStoreSize, .maxClientIDLength, .maxTopicLength,
            .maxTopicLevels, .maxAccessSize, .maxMessageRate, .maxConnectRate, .stallTimeout, .sysInterval:
            mode != .client
        case .address, .remoteClientID, .remoteUsername, .remotePassword, .remotePasswordFile, .cleanSession,
            .keepAliveInterval, .restartTimeout, .bindAddress:
            mode != .broker
        case .willTopic, .willPayload, .willQoS, .willRetain, .subscribe, .publish, .execTimeout, .execParallel,
            .execQueue, .execRate, .execOutputSize, .replyTopic, .replyQoS, .replyRetain, .onFailure, .retryDelay,
            .retryLimit, .deadLetterTopic, .writeSize, .writeFormat, .onChangeOnly:
            mode == .client
        default:
            mode == .bridge
        }
    }

    /// Whether it stands, in bridge mode, below a `connection` and is about that one.
    var isOfConnection: Bool { belongs(to: .bridge) && !belongs(to: .broker) && self != .connection }

    /// Whether it means something to the listener above it only.
    var isOfListener: Bool {
        self == .maxConnections || self == .bindInterface || self == .socketDomain || self == .protocolName
    }

    /// Whether it says who may come in, and what they may do.
    var isOfAccess: Bool { self == .allowAnonymous || self == .passwordFile || self == .aclFile }

    /// Whether it begins a line of client mode.
    var beginsLine: Bool { self == .subscribe || self == .publish }

    /// Whether it stands below a line of client mode, for that one, or above the first, for all.
    var isOfLine: Bool {
        switch self {
        case .execTimeout, .execParallel, .execQueue, .execRate, .execOutputSize, .replyTopic, .replyQoS, .replyRetain,
            .onFailure, .retryDelay, .retryLimit, .deadLetterTopic, .writeSize, .writeFormat, .onChangeOnly:
            true
        default: false
        }
    }

    /// Whether it means something to a line of this kind. Above the first line it may, of any kind.
    func concerns(_ kind: ActionLine.Kind) -> Bool {
        switch self {
        case .execTimeout, .execOutputSize: kind.runsProgram
        case .execParallel, .execQueue, .execRate, .replyTopic, .replyQoS, .replyRetain: kind == .exec
        case .onFailure, .retryDelay, .retryLimit, .deadLetterTopic: kind == .exec || kind == .write
        case .writeSize, .writeFormat: kind == .write
        case .onChangeOnly: kind.isPublication
        default: true
        }
    }
}
