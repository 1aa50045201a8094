import Base
import Broker
import Config
import TestSupport
import Testing
import Wire

/// Packets as a client writes them, as short as they can be written.
enum Packet {
    struct Will {
        var topic: String
        var payload = "gone"
        var qos: UInt8 = 0
        var retain = false
    }

    static func connect(
        _ id: String, isClean: Bool, keepAlive: UInt16 = 60, user: String? = nil, password: String? = nil,
        will: Will? = nil, isBridge: Bool = false
    ) -> [UInt8] {
        var flags: UInt8 = (isClean ? 2 : 0) | (user == nil ? 0 : 0x80) | (password == nil ? 0 : 0x40)
        if let will { flags |= 4 | will.qos << 3 | (will.retain ? 0x20 : 0) }
        let fields = [id, will?.topic, will?.payload, user, password].compactMap(\.self)
        return packet(0x10, field("MQTT") + [isBridge ? 0x84 : 4, flags] + int16(keepAlive) + fields.flatMap(field))
    }

    static func publish(
        _ topic: String, _ payload: [UInt8], qos: UInt8 = 0, id: UInt16 = 0, dup: Bool = false, retain: Bool = false
    ) -> [UInt8] {
        let flags = qos << 1 | (dup ? 8 : 0) | (retain ? 1 : 0)
        return packet(0x30 | flags, field(topic) + (qos > 0 ? int16(id) : []) + payload)
    }

    static func subscribe(_ filter: String, qos: UInt8) -> [UInt8] { packet(0x82, [0, 1] + field(filter) + [qos]) }

    static func pubrel(_ id: UInt16) -> [UInt8] { packet(0x62, int16(id)) }

    private static func packet(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = body.count
        repeat {
            length.append(UInt8(rest & 127) | (rest > 127 ? 128 : 0))
            rest >>= 7
        } while rest > 0
        return [first] + length + body
    }

    private static func int16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
    private static func field(_ text: String) -> [UInt8] { int16(UInt16(text.utf8.count)) + Array(text.utf8) }
}

/// Calls `body` with the one packet in `bytes`.
func withFrame<R>(_ bytes: [UInt8], _ body: (Frame) -> R) -> R {
    bytes.withUnsafeBufferPointer { buffer in
        let view = ByteView(buffer.baseAddress!, buffer.count)
        guard case .frame(let frame, buffer.count) = FrameReader.next(view, maxPacketBytes: 1 << 28) else {
            preconditionFailure("no packet: \(bytes)")
        }
        return body(frame)
    }
}

func withView<R>(_ text: String, _ body: (ByteView) -> R) -> R {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { body(ByteView($0.baseAddress!, $0.count)) }
}

/// Bytes that stay where they are, like a file that was read.
final class Text {
    private let start: UnsafeMutablePointer<UInt8>
    let view: ByteView

    init(_ bytes: [UInt8]) {
        start = .allocate(capacity: max(1, bytes.count))
        start.initialize(from: bytes, count: bytes.count)
        view = ByteView(start, bytes.count)
    }

    convenience init(_ text: String) { self.init(Array(text.utf8)) }

    deinit { start.deallocate() }
}

/// What a board config says. Paths in it are not to be read.
func settings(_ config: String) -> Settings {
    withView(config) { view in
        guard case .settings(let settings) = ConfigFile.parse(view) else { preconditionFailure("bad: \(config)") }
        return settings
    }
}

/// The packets in `bytes`, in words: `t=p` with `qos`, `id` and `dup` where they are not zero, or `pubrel ID`.
func words(_ bytes: [UInt8]) -> [String] {
    var found: [String] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let packet = Array(rest)
        let count = packet.withUnsafeBufferPointer { buffer in
            let view = ByteView(buffer.baseAddress!, buffer.count)
            guard case .frame(let frame, let count) = FrameReader.next(view, maxPacketBytes: 1 << 28) else { return 0 }
            found.append(words(frame))
            return count
        }
        guard count > 0 else { return found + ["incomplete"] }
        rest = rest.dropFirst(count)
    }
    return found
}

private func words(_ frame: Frame) -> String {
    if frame.type == .pubrel, case .packet(let id) = Acknowledgement.decode(frame.body) { return "pubrel \(id)" }
    guard frame.type == .publish, case .packet(let publish) = Publish.decode(frame) else { return "\(frame.type)?" }
    var words = "\(publish.topic.text)=\(publish.payload.text)"
    if publish.qos != .atMostOnce { words += " qos \(publish.qos.rawValue) id \(publish.packetID)" }
    if publish.isDuplicate { words += " dup" }
    if publish.retain { words += " retain" }
    return words
}

/// For loops too long to `#expect` in each round.
func fail(_ what: Comment, at location: SourceLocation = #_sourceLocation) {
    Issue.record(what, sourceLocation: location)
}

// Test arguments go from one thread to another. Plain numbers may; only the sources have no need to say so.
extension Broker.AcknowledgeOutcome: @unchecked Sendable {}
extension Broker.PublishOutcome: @unchecked Sendable {}
extension CloseReason: @unchecked Sendable {}
extension PacketType: @unchecked Sendable {}
