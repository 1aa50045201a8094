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
        /// More of them than there can be.
        case tooMany(StaticString)
        /// A key of another mode than the board's.
        case ofOtherMode(Settings.Mode)
        /// Means nothing to the line of client mode above it.
        case ofOtherLine
        /// A key of a bridge's connection, above the first one or below a listener.
        case outsideConnection
        /// A key of a listener, below a connection.
        case belowConnection
        /// Means nothing, or cannot be, without another key.
        case needs(Option)
        /// Says the same as another key.
        case beside(Option)
        /// A line of client mode that is not understood, and why.
        case wrong(StaticString)
        /// The value cannot be larger than that of another key.
        case exceeds(Option)
        /// What is wrong between this line and another.
        case clash(StaticString, line: Int)
    }

    /// From 1; zero when no single line is wrong.
    public let line: Int
    /// As it stands in the file.
    public let key: ByteView
    public let problem: Problem
    /// Of lines that come from more than one file.
    var origins: LineOrigins?

    init(line: Int, key: ByteView, problem: Problem) {
        self.line = line
        self.key = key
        self.problem = problem
    }

    /// For what others find wrong.
    public init(line: Int, _ option: Option, _ text: StaticString) {
        self.init(line: line, key: ByteView(option.row.name), problem: .wrong(text))
    }

    /// For what others find wrong between two lines; the text goes on with the number of the other one.
    public init(line: Int, _ option: Option, _ text: StaticString, other: Int) {
        self.init(line: line, key: ByteView(option.row.name), problem: .clash(text, line: other))
    }

    /// `FILE:LINE: KEY: what was expected`. The names are those of the board config and of its bases.
    public func write(files: InlineArray<4, ByteView>, to line: inout Line) {
        let place = LineOrigins.place(of: self.line, origins)
        line.escaped(files[self.line > 0 ? place.file : 0])
        line.byte(UInt8(ascii: ":"))
        if self.line > 0 {
            line.number(place.line)
            line.byte(UInt8(ascii: ":"))
        }
        line.byte(UInt8(ascii: " "))
        line.escaped(key)
        line.text(": ")
        switch problem {
        case .unknownKey: line.text("unknown key; swiftlet --help lists them all")
        case .foreignKey:
            line.text("an option of mosquitto that swiftlet does not have")
            if ForeignOption.isOfBridgeTLS(key) { line.text("; there is no TLS yet, bridges speak plain MQTT") }
        case .repeated: line.text("stands twice in this file")
        case .tooLate: line.text("must stand in front of the first listener")
        case .tooMany(let text), .wrong(let text): line.text(text)
        case .ofOtherMode(let mode):
            let option = Option.named(key) ?? .mode
            line.text(
                option.belongs(to: .broker) ? "a key for brokers"
                    : option.belongs(to: .client) ? "a key of client mode" : "a key of bridge mode")
            line.text("; this board is ")
            line.text(mode == .client ? "a client" : mode == .bridge ? "a bridge" : "a broker")
        case .ofOtherLine: line.text("means nothing to the line above")
        case .outsideConnection: line.text("must stand below a connection")
        case .belowConnection: line.text("is for listeners, and stands below a connection")
        case .clash(let text, let other):
            let otherPlace = LineOrigins.place(of: other, origins)
            line.text(text)
            line.text(" line ")
            line.number(otherPlace.line)
            if otherPlace.file != place.file {
                line.text(" of ")
                line.escaped(files[otherPlace.file])
            }
        case .needs(let other):
            line.text("needs ")
            line.text(other.row.name)
        case .beside(let other):
            line.text("stands beside ")
            line.text(other.row.name)
            line.text("; one is enough")
        case .exceeds(let other):
            line.text("is larger than ")
            line.text(other.row.name)
            line.text(" can hold")
        case .expected(let option):
            line.text("expected ")
            option.row.kind.describe(to: &line)
        }
    }

    /// The same for a board config without a base.
    public func write(file: ByteView, to line: inout Line) {
        var files = InlineArray<4, ByteView>(repeating: .empty)
        files[0] = file
        write(files: files, to: &line)
    }
}

extension Option.Kind {
    /// The form of the value, for errors and help.
    public func describe(to line: inout Line) {
        switch self {
        case .mode: line.text("broker, client or bridge")
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
        case .text: line.text("text up to the end of the line")
        case .remote: line.text("HOST[:PORT], [IPV6 ADDRESS][:PORT] or /PATH, each followed by the next")
        case .source: line.text("an IP address of this machine")
        case .restart: line.text("seconds from 1 to 86400, and at which to stop doubling them")
        case .qos: line.text("0, 1 or 2")
        case .onFailure: line.text("drop, retry or dead-letter")
        case .writeFormat: line.text("any, number MIN MAX or word A|B|C")
        case .connection: line.text("a name of up to 40 bytes, without / + #")
        case .bridgeTopic: line.text("PATTERN [out|in|both [QOS [LOCAL-PREFIX [REMOTE-PREFIX]]]]")
        case .choice(let words): line.text(words)
        case .tcpKeepAlive: line.text("seconds of silence, seconds between probes, number of probes")
        case .subscription:
            line.text("FILTER [qos N] print [FORMAT], exec PROGRAM [ARGUMENT...] or write FILE")
        case .publication:
            line.text("TOPIC [qos N] [retain] every TIME file FILE or exec PROGRAM [ARGUMENT...]")
        }
    }

    /// Whether a file may have several lines of the key.
    public var mayRepeat: Bool {
        switch self {
        case .listener, .logType, .logDest, .remote, .subscription, .publication, .connection, .bridgeTopic: true
        case .mode, .interface, .domain, .protocolName, .policy, .flag, .file, .number, .size, .duration, .text,
            .source, .restart, .qos, .onFailure, .writeFormat, .choice, .tcpKeepAlive:
            false
        }
    }

    /// Whether the option stands in `Limits`, with a number by default.
    public var hasDefault: Bool {
        switch self {
        case .mode, .listener, .interface, .domain, .protocolName, .policy, .flag, .file, .logType, .logDest, .text,
            .remote, .source, .restart, .qos, .onFailure, .writeFormat, .subscription, .publication, .connection,
            .bridgeTopic, .choice, .tcpKeepAlive:
            false
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
