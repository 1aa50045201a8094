import Base

/// What is wrong with a board config, in one line.
public struct ConfigError {
    public enum Problem {
        case unknownKey
        /// An option of mosquitto's that is not here.
        case foreignKey
        /// The value has not the form or not the range that the option demands.
        case expected(Option)
        /// The file has this key already.
        case repeated
        /// The key must stand in front of the first listener.
        case tooLate
        /// More lines of this key than there can be.
        case tooMany
        /// The value cannot be larger than that of another key.
        case exceeds(Option)
    }

    /// From 1; zero when no single line is wrong.
    public let line: Int
    /// As it stands in the file.
    public let key: ByteView
    public let problem: Problem

    /// `FILE:LINE: KEY: what was expected`.
    public func write(file: ByteView, to line: inout Line) {
        line.escaped(file)
        line.byte(UInt8(ascii: ":"))
        if self.line > 0 {
            line.number(self.line)
            line.byte(UInt8(ascii: ":"))
        }
        line.byte(UInt8(ascii: " "))
        line.escaped(key)
        line.text(": ")
        switch problem {
        case .unknownKey: line.text("unknown key; swiftlet --help lists them all")
        case .foreignKey: line.text("an option of mosquitto that swiftlet does not have")
        case .repeated: line.text("stands twice in this file")
        case .tooLate: line.text("must stand in front of the first listener")
        case .tooMany: line.text("more than 8 lines of this key")
        case .exceeds(let other):
            line.text("is larger than ")
            line.text(other.row.name)
            line.text(" can hold")
        case .expected(let option):
            line.text("expected ")
            option.row.kind.describe(to: &line)
        }
    }
}

extension Option.Kind {
    /// The form of the value, for errors and help.
    public func describe(to line: inout Line) {
        switch self {
        case .mode: line.text("broker")
        case .listener: line.text("PORT [IP ADDRESS] or 0 /PATH")
        case .interface: line.text("a network device, below a listener")
        case .domain: line.text("ipv4 or ipv6, below a listener")
        case .protocolName: line.text("mqtt")
        case .policy: line.text("oldest or newest")
        case .flag: line.text("true or false")
        case .file: line.text("the path of a file")
        case .logType: line.text("error, warning, notice, information, all or none")
        case .logDest: line.text("stderr, syslog or none")
        case .number(let min, let max): Option.Kind.range(min, max, "a number", to: &line)
        case .size(let min, let max): Option.Kind.range(min, max, "bytes (K and M allowed)", to: &line)
        case .duration(let min, let max): Option.Kind.range(min, max, "seconds (min, h, d, w allowed)", to: &line)
        }
    }

    /// Whether a file may have several lines of the key.
    var mayRepeat: Bool {
        switch self {
        case .listener, .logType, .logDest: true
        case .mode, .interface, .domain, .protocolName, .policy, .flag, .file, .number, .size, .duration: false
        }
    }

    /// Whether the option stands in `Limits`, with a number by default.
    public var hasDefault: Bool {
        switch self {
        case .mode, .listener, .interface, .domain, .protocolName, .policy, .flag, .file, .logType, .logDest: false
        case .number, .size, .duration: true
        }
    }

    private static func range(_ min: Int, _ max: Int, _ what: StaticString, to line: inout Line) {
        line.text(what)
        line.text(" from ")
        line.number(min)
        line.text(" to ")
        line.number(max)
    }
}
