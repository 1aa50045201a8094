import Base
import Config
import Testing

/// What a board config comes to: its settings, or the line that says what is wrong.
enum Outcome {
    case settings(Settings)
    case bad(String)

    /// `port` is that of the command line.
    init(_ bytes: [UInt8], port: UInt16? = nil) {
        self = bytes.withUnsafeBufferPointer { buffer in
            let view = buffer.isEmpty ? .empty : ByteView(buffer.baseAddress!, buffer.count)
            switch ConfigFile.parse(view, port: port) {
            case .settings(let settings): return .settings(settings)
            case .bad(let error): return .bad(text { error.write(file: ByteView("board.conf"), to: &$0) })
            }
        }
    }

    init(_ text: String, port: UInt16? = nil) { self.init(Array(text.utf8), port: port) }

    /// With a base. The settings are those of the numbers only: the text that they point to is gone.
    init(_ text: String, base: String) { self.init(text, bases: [base]) }

    init(_ text: String, bases: [String]) {
        do {
            self = .settings(try withSettings(text, bases: bases) { $0 })
        } catch {
            self = .bad((error as? Refused)?.error ?? "")
        }
    }

    var settings: Settings? {
        switch self {
        case .settings(let settings): settings
        case .bad: nil
        }
    }

    /// Empty when nothing is wrong.
    var error: String {
        switch self {
        case .settings: ""
        case .bad(let text): text
        }
    }
}

/// What `build` writes to a line, as text.
func text(_ build: (inout Line) -> Void) -> String {
    var space = [UInt8](repeating: 0, count: Line.logBytes)
    return space.withUnsafeMutableBufferPointer { buffer in
        var line = Line(buffer.baseAddress!, capacity: buffer.count)
        build(&line)
        return String(decoding: UnsafeBufferPointer(start: line.view.start, count: line.count), as: UTF8.self)
    }
}

func text(_ address: Address) -> String { text { $0.address(address) } }

/// A config whose texts the settings point to, and its settings, for as long as `body` runs.
func withSettings<R>(_ config: String, _ body: (Settings) throws -> R) throws -> R {
    try Array(config.utf8).withUnsafeBufferPointer { buffer in
        let view = buffer.isEmpty ? .empty : ByteView(buffer.baseAddress!, buffer.count)
        guard case .settings(let settings) = ConfigFile.parse(view) else { throw Refused(config: config) }
        return try body(settings)
    }
}

/// The same for a config and its base, which are called board.conf and base.conf.
func withSettings<R>(_ config: String, base: String, _ body: (Settings) throws -> R) throws -> R {
    try withSettings(config, bases: [base], body)
}

/// The same for bases one below the other, which are called base.conf, base2.conf and base3.conf.
func withSettings<R>(_ config: String, bases texts: [String], _ body: (Settings) throws -> R) throws -> R {
    let target = UnsafeMutablePointer<UInt8>.allocate(capacity: ConfigFile.mergedBytes)
    let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * ConfigFile.maxBytes)
    defer {
        target.deallocate()
        scratch.deallocate()
    }
    let bytes = Array((config + texts.joined()).utf8)
    return try bytes.withUnsafeBufferPointer { buffer in
        var rest = buffer.isEmpty ? ByteView.empty : ByteView(buffer.baseAddress!, buffer.count)
        let own = rest.slice(0, config.utf8.count)
        rest = rest.dropFirst(own.count)
        var bases = ConfigFile.Bases()
        for text in texts {
            bases.append(rest.slice(0, text.utf8.count))
            rest = rest.dropFirst(text.utf8.count)
        }
        switch ConfigFile.parse(own, bases, to: target, scratch: scratch) {
        case .settings(let settings): return try body(settings)
        case .bad(let error):
            let files: InlineArray<4, ByteView> = [
                ByteView("board.conf"), ByteView("base.conf"), ByteView("base2.conf"), ByteView("base3.conf"),
            ]
            throw Refused(config: config, error: text { error.write(files: files, to: &$0) })
        }
    }
}

struct Refused: Error {
    let config: String
    var error = ""
}

/// For loops too long to `#expect` in each round.
func fail(_ what: Comment, at location: SourceLocation = #_sourceLocation) {
    Issue.record(what, sourceLocation: location)
}

extension Option {
    static let all = (0..<UInt8(Option.count)).compactMap(Option.init(rawValue:))

    var name: String { row.name.description }

    /// A value that is taken, if not everywhere in a file.
    var sample: String {
        switch row.kind {
        case .mode: "broker"
        case .listener: "1883"
        case .interface: "br-lan"
        case .domain: "ipv4"
        case .protocolName: "mqtt"
        case .policy: "oldest"
        case .flag: "true"
        case .file: "/etc/file"
        case .logType: "error"
        case .logDest: "syslog"
        case .text: "boiler"
        case .remote: "broker.lan:1883"
        case .source: "192.168.1.1"
        case .restart: "1 30"
        case .qos: "1"
        case .onFailure: "retry"
        case .writeFormat: "number 0 1"
        case .subscription: "test print"
        case .publication: "load every 10s file /proc/loadavg"
        case .connection: "cloud"
        case .bridgeTopic: "test both 1 here/ there/"
        case .choice(let words): String(words.description.prefix { $0 != " " && $0 != "," })
        case .tcpKeepAlive: "10 10 3"
        case .number(let min, _), .size(let min, _), .duration(let min, _): String(min)
        }
    }

    /// The range of a number, size or duration.
    var range: ClosedRange<Int>? {
        switch row.kind {
        case .number(let min, let max), .size(let min, let max), .duration(let min, let max): min...max
        default: nil
        }
    }
}

// Test arguments go from one thread to another. Plain numbers may; only the sources have no need to say so.
extension Option: @unchecked Sendable {}

/// What a word stands for.
func text(_ word: ConfigWord) -> String {
    var bytes = [UInt8](repeating: 0, count: word.count + 1)
    let count = bytes.withUnsafeMutableBufferPointer { word.copy(to: $0.baseAddress!) }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}
