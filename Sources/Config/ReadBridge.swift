import Base

/// Keys of a bridge's connections.
extension ConfigFile {
    /// A key of a connection. Here only its form counts.
    @inline(never)
    static func readForBridge(
        _ option: Option, _ value: ByteView, at number: Int, key: ByteView
    ) -> ConfigError.Problem? {
        var bridge = BridgeSettings()
        return bridge.read(option, value, at: number, key: key)
    }

    /// Keys that need others, or stand in each other's way.
    static func bridgeContradiction(_ settings: Settings) -> ConfigError? {
        if settings.bridgeCount == 0 {
            return ConfigError(line: 0, key: ByteView(Option.mode.row.name), problem: .needs(.connection))
        }
        var i = 0
        while i < settings.bridgeCount {
            if let error = contradiction(settings.bridge(i), settings.limits) { return error }
            i += 1
        }
        return nil
    }

    private static func contradiction(_ bridge: BridgeSettings, _ limits: Limits) -> ConfigError? {
        func wrong(_ problem: ConfigError.Problem) -> ConfigError {
            ConfigError(line: bridge.number, key: ByteView(Option.connection.row.name), problem: problem)
        }
        if let (number, key) = bridge.excess {
            return ConfigError(line: number, key: key, problem: .tooMany("more than 4 brokers"))
        }
        if bridge.remoteCount == 0 { return wrong(.needs(.address)) }
        if bridge.topicCount == 0 { return wrong(.needs(.topic)) }
        if bridge.topicCount > BridgeTopic.maxCount { return wrong(.tooMany("more than 128 topics")) }
        if bridge.outCount > limits.maxSubscriptionsPerClient {
            return wrong(.tooMany("more topics go out than max_subscriptions_per_client"))
        }
        // [MQTT-3.1.2-22]
        if bridge.username == nil {
            if bridge.password != nil { return wrong(.wrong("remote_password needs remote_username")) }
            if bridge.passwordFile != nil { return wrong(.wrong("remote_password_file needs remote_username")) }
        }
        if bridge.password != nil, bridge.passwordFile != nil {
            return wrong(.wrong("remote_password_file stands beside remote_password; one is enough"))
        }
        if bridge.spoolBytes < bridge.maxPacketBytes {
            return wrong(
                .wrong("spool_size is smaller than a packet can be, by max_packet_size or bridge_max_packet_size"))
        }
        return nil
    }
}
