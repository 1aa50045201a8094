import Base

/// Keys of client mode.
extension ConfigFile {
    static func readForClient(
        _ option: Option, _ value: ByteView, at number: Int, into settings: inout Settings
    ) -> ConfigError.Problem? {
        switch option {
        case .address: return readRemotes(value, into: &settings.client)
        case .remoteClientID: settings.client.clientID = value
        case .remoteUsername: settings.client.username = value
        case .remotePassword: settings.client.password = value
        case .remotePasswordFile: settings.client.passwordFile = value
        case .willTopic: settings.client.willTopic = value
        case .willPayload: settings.client.willPayload = value
        case .willQoS:
            guard let qos = ConfigValue.qos(value) else { return .expected(option) }
            settings.client.willQoS = qos
        case .willRetain, .cleanSession:
            guard let flag = ConfigValue.flag(value) else { return .expected(option) }
            if option == .willRetain { settings.client.willRetain = flag }
            if option == .cleanSession { settings.client.cleanSessionSaid = flag }
        case .restartTimeout:
            guard let (base, cap) = ConfigValue.restart(value) else { return .expected(option) }
            settings.client.restartBaseSeconds = base
            settings.client.restartCapSeconds = cap
        case .bindAddress:
            guard let address = Address(parsing: value, port: 0) else { return .expected(option) }
            settings.client.bindAddress = address
        case .subscribe, .publish:
            switch ActionLine.parse(option, value, number: number) {
            case .wrong(let text): return .wrong(text)
            case .line(let line):
                let client = settings.client
                guard client.subscribeLineCount + client.publishLineCount < ActionLine.maxCount else {
                    return .tooMany("more than 256 lines of subscribe and publish")
                }
                settings.begin(line)
            }
        default:
            guard let number = ConfigValue.quantity(value, option.row.kind) else { return .expected(option) }
            settings.limits[option] = number
        }
        return nil
    }

    /// A key of one line, or of all. Here only its form counts, and what is to be told of limits.
    static func readForLine(
        _ option: Option, _ value: ByteView, into settings: inout Settings
    ) -> ConfigError.Problem? {
        var options = ActionOptions()
        options.limits = settings.limits.action
        guard options.read(option, value) else { return .expected(option) }
        if settings.currentKind == nil { settings.limits.action = options.limits }
        return nil
    }

    /// One line may name several, as in mosquitto.
    private static func readRemotes(_ value: ByteView, into client: inout ClientSettings) -> ConfigError.Problem? {
        var rest = value
        while !rest.isEmpty {
            let (word, others) = rest.firstWord
            guard let remote = ConfigValue.remote(word) else { return .expected(.address) }
            guard client.add(remote) else { return .tooMany("more than 4 brokers") }
            rest = others
        }
        return nil
    }

    /// Keys that need others, or stand in each other's way. Also counts the filters.
    static func clientContradiction(_ settings: inout Settings) -> ConfigError? {
        func conflict(_ option: Option, _ problem: ConfigError.Problem) -> ConfigError {
            ConfigError(line: 0, key: ByteView(option.row.name), problem: problem)
        }
        let client = settings.client
        // As large as there can be slabs.
        if settings.limits.maxQueuedBytes > 118 << 20 { return conflict(.maxQueuedBytes, .wrong("is more than 118M")) }
        if client.password != nil, client.passwordFile != nil {
            return conflict(.remotePasswordFile, .beside(.remotePassword))
        }
        // [MQTT-3.1.2-22]
        if client.username == nil {
            if client.password != nil { return conflict(.remotePassword, .needs(.remoteUsername)) }
            if client.passwordFile != nil { return conflict(.remotePasswordFile, .needs(.remoteUsername)) }
        }
        // [MQTT-3.1.3-8]
        if client.clientID.isEmpty, !client.cleanSession { return conflict(.cleanSession, .needs(.remoteClientID)) }
        if client.willTopic == nil {
            if settings.hasSaid(.willPayload) { return conflict(.willPayload, .needs(.willTopic)) }
            if settings.hasSaid(.willQoS) { return conflict(.willQoS, .needs(.willTopic)) }
            if settings.hasSaid(.willRetain) { return conflict(.willRetain, .needs(.willTopic)) }
        }
        var lines = settings.actionLines
        while let line = lines.next() {
            func wrong(_ problem: ConfigError.Problem) -> ConfigError {
                let option = line.kind.isPublication ? Option.publish : .subscribe
                return ConfigError(line: line.number, key: ByteView(option.row.name), problem: problem)
            }
            if line.options.onFailure == .deadLetter, line.options.deadLetterTopic == nil,
                Option.onFailure.concerns(line.kind)
            {
                return wrong(.needs(.deadLetterTopic))
            }
            if !line.kind.isPublication, isNewFilter(line, settings.actionLines) {
                settings.client.filterCount += 1
                if settings.client.filterCount > settings.limits.maxSubscriptionsPerClient {
                    return wrong(.tooMany("more filters than max_subscriptions_per_client"))
                }
            }
        }
        return nil
    }

    /// Whether no line before this one has the same filter.
    private static func isNewFilter(_ line: ActionLine, _ all: ActionLines) -> Bool {
        var others = all
        while let other = others.next(), other.number < line.number {
            if !other.kind.isPublication, other.topic.equals(line.topic) { return false }
        }
        return true
    }
}
