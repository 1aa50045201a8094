import Base
import Bridge
import Config
import Testing

struct Refused: Error {
    let config: String
}

/// The settings of a board of bridge mode, for as long as `body` runs.
func withSettings<R>(_ config: String, _ body: (Settings) throws -> R) throws -> R {
    try Array("mode bridge\n\(config)".utf8).withUnsafeBufferPointer { buffer in
        guard case .settings(let settings) = ConfigFile.parse(ByteView(buffer.baseAddress!, buffer.count)) else {
            throw Refused(config: config)
        }
        return try body(settings)
    }
}

/// The one `topic` line of a connection.
func withTopic<R>(_ line: String, _ body: (BridgeTopic) throws -> R) throws -> R {
    try withSettings("connection a\naddress h\ntopic \(line)") { settings in
        var topics = settings.bridge(0).topics
        let topic = topics.next()
        return try body(#require(topic))
    }
}

/// What `BridgeCheck` says of a board of bridge mode, without the name of the file; empty for nothing.
func problem(_ config: String) -> String { problem(Array(config.utf8)) }

func problem(_ config: [UInt8]) -> String {
    let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: BridgeCheck.scratchBytes)
    let space = UnsafeMutablePointer<UInt8>.allocate(capacity: Line.logBytes)
    defer {
        scratch.deallocate()
        space.deallocate()
    }
    return (Array("mode bridge\n".utf8) + config).withUnsafeBufferPointer { buffer in
        var line = Line(space, capacity: Line.logBytes)
        switch ConfigFile.parse(ByteView(buffer.baseAddress!, buffer.count)) {
        case .bad(let error): error.write(file: ByteView("not read"), to: &line)
        case .settings(let settings):
            guard let error = BridgeCheck.problem(settings, scratch: scratch) else { return "" }
            error.write(file: .empty, to: &line)
        }
        let bytes = UnsafeBufferPointer(start: line.view.start, count: line.count)
        return String(decoding: bytes.drop { $0 == UInt8(ascii: ":") }, as: UTF8.self)
    }
}

extension String {
    /// The bytes, for as long as `body` runs.
    func withBytes<R>(_ body: (ByteView) throws -> R) rethrows -> R {
        try Array(utf8).withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return try body(.empty) }
            return try body(ByteView(start, buffer.count))
        }
    }
}

/// What `body` writes into `capacity` bytes; nil when it answers no.
func written(capacity: Int = 256, _ body: (inout ByteWriter) -> Bool) -> String? {
    let space = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + 1)
    defer { space.deallocate() }
    var writer = ByteWriter(space, capacity: capacity)
    guard body(&writer) else {
        precondition(writer.count == 0)
        return nil
    }
    return String(decoding: UnsafeBufferPointer(start: space, count: writer.count), as: UTF8.self)
}

/// For loops too long to `#expect` in each round.
func fail(_ what: Comment, at location: SourceLocation = #_sourceLocation) {
    Issue.record(what, sourceLocation: location)
}
