import Base

/// Reads a board config: lines of `key value`, comments from `#` at the beginning of a line, as in mosquitto.conf.
public enum ConfigFile {
    /// Longer files are refused.
    public static var maxBytes: Int { 65_536 }

    public enum Result {
        case settings(Settings)
        case bad(ConfigError)
    }

    /// `port` takes the place of 1883 where the file has no listener, as mosquitto's `-p` does.
    public static func parse(_ text: ByteView, port: UInt16? = nil) -> Result {
        parse(text, nil, port: port)
    }

    /// How many bases there may be, one below the other.
    public static var maxBases: Int { 3 }

    /// The texts of the base, of the base of that, and so on.
    public struct Bases {
        var texts = InlineArray<3, ByteView>(repeating: .empty)
        public private(set) var count = 0

        public init() {}

        public mutating func append(_ text: ByteView) {
            texts[count] = text
            count += 1
        }

        /// Which base the last of them names.
        public var next: (number: Int, name: ByteView)? { count > 0 ? base(of: texts[count - 1]) : nil }
    }

    /// What a board config and its bases become takes so much memory.
    public static var mergedBytes: Int { maxBytes + LineOrigins.bytes }

    /// The same with its bases, of which there is at least one. The settings point into `target`, which has room for
    /// `mergedBytes`, and is aligned for numbers; `scratch` has room for twice `maxBytes`.
    public static func parse(
        _ text: ByteView, _ bases: Bases, to target: UnsafeMutablePointer<UInt8>,
        scratch: UnsafeMutablePointer<UInt8>, port: UInt16? = nil
    ) -> Result {
        var origins = LineOrigins(target + maxBytes, levels: bases.count)
        var level = bases.count
        var base = bases.texts[level - 1]
        while level > 0 {
            level -= 1
            let own = level > 0 ? bases.texts[level - 1] : text
            let room = level > 0 ? scratch + level % 2 * maxBytes : target
            let merge = ConfigMerge(own, base: base, to: room, capacity: maxBytes, origins, level: level)
            if merge.isTooLong { return .bad(ofBase(text, "is longer than 65536 bytes together with this file")) }
            if merge.changesAccess {
                return .bad(ofBase(text, "its access settings would mean another thing by this per_listener_settings"))
            }
            base = merge.text
            origins = merge.origins
        }
        return parse(base, origins, port: port)
    }

    private static func ofBase(_ text: ByteView, _ problem: StaticString) -> ConfigError {
        ConfigError(line: line(of: .base, in: text)?.number ?? 0, .base, problem)
    }

    /// The base that a board config names, and in which line; nil if none.
    public static func base(of text: ByteView) -> (number: Int, name: ByteView)? {
        guard let (number, file) = line(of: .base, in: text), !file.isEmpty else { return nil }
        return (number, file)
    }

    /// The first line of a key.
    static func line(of option: Option, in text: ByteView) -> (number: Int, value: ByteView)? {
        var lines = TextLines(text)
        while let line = lines.next() {
            let (key, value) = line.firstWord
            if key.equals(option.row.name) { return (lines.number, value) }
        }
        return nil
    }

    private static func parse(_ text: ByteView, _ origins: LineOrigins?, port: UInt16?) -> Result {
        var settings = Settings(mode(text))
        settings.text = text
        settings.origins = origins
        if let error = problem(&settings, port: port ?? Settings.defaultPort) { return .bad(settings.locating(error)) }
        return .settings(settings)
    }

    /// Reads all lines; what is wrong first, or nil.
    private static func problem(_ settings: inout Settings, port: UInt16) -> ConfigError? {
        var lines = TextLines(settings.text)
        while let line = lines.next() {
            let (key, value) = line.firstWord
            if let problem = read(key, value, at: lines.number, into: &settings) {
                return ConfigError(line: lines.number, key: key, problem: problem)
            }
        }
        settings.complete(port: port)
        return contradiction(&settings) ?? (settings.mode == .bridge ? bridgeContradiction(settings) : nil)
    }

    /// What the board is, wherever the file says it: the other keys depend on it. mosquitto has no such key, and is a
    /// bridge as soon as it has a connection.
    private static func mode(_ text: ByteView) -> Settings.Mode {
        if let (_, value) = line(of: .mode, in: text) { return ConfigValue.mode(value) ?? .broker }
        return line(of: .connection, in: text) == nil ? .broker : .bridge
    }

    private static func read(
        _ key: ByteView, _ value: ByteView, at number: Int, into settings: inout Settings
    ) -> ConfigError.Problem? {
        // What is a client's or a connection's key here is also one of mosquitto's for brokers.
        guard let option = Option.named(key), settings.mode != .broker || !ForeignOption.contains(key) else {
            return ForeignOption.contains(key) ? .foreignKey : .unknownKey
        }
        guard option.belongs(to: settings.mode) else { return .ofOtherMode(settings.mode) }
        if let kind = settings.currentKind, !option.concerns(kind) { return .ofOtherLine }
        if settings.mode == .bridge {
            if option.isOfConnection, !settings.isInConnection { return .outsideConnection }
            let isAccess = settings.isPerListener && option.isOfAccess
            if settings.isInConnection, option.isOfListener || isAccess { return .belowConnection }
        }
        if option == .base {
            let file = settings.place(of: number).file
            if file == maxBases { return .wrong("there are too many bases, one below the other or in a circle") }
            guard !value.isEmpty else { return .expected(option) }
            // What a base says of its own base was heeded already.
            if file > 0 { return nil }
        }
        let isFirst = !settings.hasSaid(option)
        guard settings.say(option) else { return .repeated }
        guard !value.isEmpty else { return .expected(option) }
        if settings.mode == .bridge, option.isOfConnection {
            return readForBridge(option, value, at: number, key: key)
        }
        if option.isOfLine { return readForLine(option, value, into: &settings) }
        if option.belongs(to: .client), !option.belongs(to: .broker) {
            return readForClient(option, value, at: number, into: &settings)
        }
        switch option.row.kind {
        case .mode:
            guard ConfigValue.mode(value) != nil else { return .expected(option) }
        case .listener:
            guard let listener = ConfigValue.listener(value) else { return .expected(option) }
            guard settings.addListener(listener) else { return .tooMany("more than 8 lines of this key") }
        case .interface:
            guard value.count < 16, settings.changeListener({ $0.interface = value }) else { return .expected(option) }
        case .domain:
            guard let domain = ConfigValue.domain(value),
                settings.changeListener({ ConfigValue.narrow(&$0.address, to: domain) })
            else { return .expected(option) }
        case .protocolName:
            guard value.equals("mqtt") else { return .expected(option) }
        case .flag:
            guard let flag = ConfigValue.flag(value) else { return .expected(option) }
            if option == .allowAnonymous { settings.changeAccess { $0.allowAnonymousSaid = flag } }
            if option == .perListenerSettings {
                // Whatever stands in front of it was read with the other meaning.
                guard settings.listenerCount == 0 else { return .tooLate }
                settings.setPerListener(flag)
            }
            if option == .setTCPNoDelay, !flag { return .expected(option) }
            if option == .retainAvailable { settings.limits.retainsMessages = flag }
            if option == .queueQoS0Messages { settings.limits.queuesQoS0 = flag }
            if option == .allowZeroLengthClientID { settings.allowZeroLengthClientID = flag }
            if option == .connectionMessages { settings.logsConnections = flag }
            if option == .logTimestamp { settings.logsTime = flag }
        case .logType:
            if isFirst { settings.logLevels = .none }
            guard settings.logLevels.add(value) else { return .expected(option) }
        case .logDest:
            if isFirst { settings.logsToStandardError = false }
            if value.equals("stderr") {
                settings.logsToStandardError = true
            } else if value.equals("syslog") {
                settings.logsToSyslog = true
            } else if !value.equals("none") {
                return .expected(option)
            }
        case .file:
            if option == .passwordFile { settings.changeAccess { $0.passwordFile = value } }
            if option == .aclFile { settings.changeAccess { $0.aclFile = value } }
        case .policy:
            guard let policy = ConfigValue.policy(value) else { return .expected(option) }
            settings.limits.queuePolicy = policy
        case .number, .size, .duration:
            guard let number = ConfigValue.quantity(value, option.row.kind) else { return .expected(option) }
            switch option {
            case .maxConnections: settings.setMaxConnections(number)
            case .globalMaxConnections: settings.setGlobalMaxConnections(number)
            default: settings.limits[option] = number
            }
        case .connection:
            guard ConfigValue.isConnectionName(value) else { return .expected(option) }
            guard settings.beginConnection() else { return .tooMany("more than 8 lines of this key") }
        case .text, .remote, .source, .restart, .qos, .onFailure, .writeFormat, .subscription, .publication,
            .bridgeTopic, .choice, .tcpKeepAlive:
            preconditionFailure("a key of client mode, or of a connection")
        }
        return nil
    }

    /// Limits that cannot hold together: the first could never be reached, or the broker would wait for itself.
    private static func contradiction(_ settings: inout Settings) -> ConfigError? {
        func conflict(_ option: Option, _ other: Option) -> ConfigError {
            ConfigError(line: 0, key: ByteView(option.row.name), problem: .exceeds(other))
        }
        let limits = settings.limits
        // A message of the greatest length must fit in the store beside an eighth that is kept free, and in the
        // packet buffers while it arrives.
        if limits.maxPacketBytes > limits.messageStoreBytes / 2 { return conflict(.maxPacketSize, .messageStoreSize) }
        if settings.mode == .client { return clientContradiction(&settings) }
        if limits.maxPacketBytes > limits.packetBufferBytes { return conflict(.maxPacketSize, .packetStoreSize) }
        // What is retained never drains; the rest must be enough for what is on its way.
        if limits.maxRetainedMessages > limits.maxMessages * 3 / 4 {
            return conflict(.maxRetainedMessages, .maxMessages)
        }
        if limits.maxRetainedBytes > limits.messageStoreBytes / 2 {
            return conflict(.maxRetainedBytes, .messageStoreSize)
        }
        if limits.maxConnections > limits.maxClients { return conflict(.maxConnections, .globalMaxClients) }
        // A message may go to all clients, and takes a delivery for each. One of QoS 1 or 2 that could never find so
        // many would be refused, and sent again, for ever.
        if limits.maxClients > limits.maxDeliveries { return conflict(.globalMaxClients, .maxDeliveries) }
        return nil
    }
}
