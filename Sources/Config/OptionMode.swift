/// In which modes a key has a meaning.
extension Option {
    /// Whether a board of this mode may have the key.
    public func belongs(to mode: Settings.Mode) -> Bool {
        switch self {
        case .mode, .connectionMessages, .logType, .logDest, .logTimestamp, .maxPacketSize, .offlineMessageExpiry,
            .maxQueuedMessages, .maxQueuedBytes, .queuePolicy, .queueQoS0Messages, .maxSubscriptionsPerClient,
            .messageStoreSize, .maxInflightMessages, .maxIncomingInflight, .receiveBufferSize, .setTCPNoDelay,
            .connectTimeout, .memoryBudget:
            true
        case .listener, .allowAnonymous, .passwordFile, .aclFile, .allowZeroLengthClientID, .bindInterface,
            .socketDomain, .protocolName, .perListenerSettings, .maxKeepAlive, .persistentClientExpiration,
            .messageSizeLimit, .maxConnections, .globalMaxConnections, .globalMaxClients,
            .maxSubscriptions, .maxTopicNodes, .maxMessages, .retainAvailable, .maxRetainedMessages, .maxRetainedBytes,
            .maxDeliveries, .packetStoreSize, .maxClientIDLength, .maxTopicLength,
            .maxTopicLevels, .maxAccessSize, .maxMessageRate, .maxConnectRate, .stallTimeout, .sysInterval:
            mode == .broker
        case .address, .remoteClientID, .remoteUsername, .remotePassword, .remotePasswordFile, .cleanSession,
            .keepAliveInterval, .restartTimeout, .bindAddress, .willTopic, .willPayload, .willQoS, .willRetain,
            .subscribe, .publish, .execTimeout, .execParallel, .execQueue, .execRate, .execOutputSize, .replyTopic,
            .replyQoS, .replyRetain, .onFailure, .retryDelay, .retryLimit, .deadLetterTopic, .writeSize, .writeFormat,
            .onChangeOnly:
            mode == .client
        }
    }

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
