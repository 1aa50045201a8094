/// How much an event matters. The raw value is syslog's severity.
public enum LogLevel: UInt8 {
    case error = 3, warning, notice, information
}

/// Which levels are logged.
public struct LogLevels {
    private var bits: UInt8

    public static var none: LogLevels { LogLevels(bits: 0) }
    /// All there are; mosquitto has more below `information`, of which nothing is logged here.
    public static var usual: LogLevels { LogLevels(bits: 0xFF) }

    public func contains(_ level: LogLevel) -> Bool { bits >> level.rawValue & 1 != 0 }

    /// Adds what a `log_type` line names; false when it is none of the words.
    public mutating func add(_ word: ByteView) -> Bool {
        if word.equals("error") {
            bits |= 1 << LogLevel.error.rawValue
        } else if word.equals("warning") {
            bits |= 1 << LogLevel.warning.rawValue
        } else if word.equals("notice") {
            bits |= 1 << LogLevel.notice.rawValue
        } else if word.equals("information") {
            bits |= 1 << LogLevel.information.rawValue
        } else if word.equals("all") {
            bits = 0xFF
        } else if word.equals("none") {
            bits = 0
        } else {
            return word.equals("debug") || word.equals("subscribe") || word.equals("unsubscribe")
        }
        return true
    }
}
