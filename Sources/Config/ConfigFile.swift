import Base

/// Reads a board config: lines of `key value`, comments from `#` at the beginning of a line, as in mosquitto.conf.
public enum ConfigFile {
    /// Longer files are refused.
    public static var maxBytes: Int { 65_536 }

    public enum Result {
        case settings(Settings)
        case bad(ConfigError)
    }

    public static func parse(_ text: ByteView) -> Result {
        var settings = Settings()
        var rest = text
        var number = 0
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
            number += 1
            let line = trimmed(rest.slice(0, end))
            if !line.isEmpty, line[0] != UInt8(ascii: "#") {
                let (key, value) = split(line)
                if let problem = read(key, value, into: &settings) {
                    return .bad(ConfigError(line: number, key: key, problem: problem))
                }
            }
            rest = rest.dropFirst(min(end + 1, rest.count))
        }
        settings.complete()
        if let error = contradiction(settings.limits) { return .bad(error) }
        return .settings(settings)
    }

    private static func read(
        _ key: ByteView, _ value: ByteView, into settings: inout Settings
    ) -> ConfigError.Problem? {
        guard let option = Option.named(key) else { return .unknownKey }
        guard settings.say(option) else { return .repeated }
        guard !value.isEmpty else { return .expected(option) }
        switch option.row.kind {
        case .mode:
            guard value.equals("broker") else { return .expected(option) }
            settings.mode = .broker
        case .listener:
            guard let address = ConfigValue.listener(value) else { return .expected(option) }
            guard settings.addListener(address) else { return .tooMany }
        case .flag:
            guard let flag = ConfigValue.flag(value) else { return .expected(option) }
            if option == .allowAnonymous { settings.allowAnonymousSaid = flag } else { settings.logsConnections = flag }
        case .number(let min, let max):
            guard let number = ConfigValue.number(value), number >= min, number <= max else { return .expected(option) }
            settings.limits[option] = number
        case .size(let min, let max):
            guard let number = ConfigValue.size(value), number >= min, number <= max else { return .expected(option) }
            settings.limits[option] = number
        case .duration(let min, let max):
            guard let number = ConfigValue.duration(value), number >= min, number <= max else {
                return .expected(option)
            }
            settings.limits[option] = number
        }
        return nil
    }

    /// Limits that cannot hold together: the first could never be reached, or the broker would wait for itself.
    private static func contradiction(_ limits: Limits) -> ConfigError? {
        func conflict(_ option: Option, _ other: Option) -> ConfigError {
            ConfigError(line: 0, key: ByteView(option.row.name), problem: .exceeds(other))
        }
        // A message of the greatest length must fit in the store beside an eighth that is kept free, and in the
        // packet buffers while it arrives.
        if limits.maxPacketBytes > limits.messageStoreBytes / 2 { return conflict(.maxPacketSize, .messageStoreSize) }
        if limits.maxPacketBytes > limits.packetBufferBytes { return conflict(.maxPacketSize, .packetBufferSize) }
        if limits.maxConnections > limits.maxClients { return conflict(.maxConnections, .globalMaxClients) }
        return nil
    }

    private static func split(_ line: ByteView) -> (key: ByteView, value: ByteView) {
        var end = 0
        while end < line.count, !isSpace(line[end]) { end += 1 }
        return (line.slice(0, end), trimmed(line.dropFirst(end)))
    }

    private static func trimmed(_ text: ByteView) -> ByteView {
        var (first, end) = (0, text.count)
        while first < end, isSpace(text[first]) { first += 1 }
        while end > first, isSpace(text[end - 1]) { end -= 1 }
        return text.slice(first, end)
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
