import Base
import Wire

/// The server's log: its text, a digest, and how often each thing was told.
public struct SimLog {
    private let start: UnsafeMutablePointer<UInt8>
    private var count = 0
    public private(set) var digest = Digest()
    /// How often each event was logged, by its raw value, and each reason why a connection ended.
    public private(set) var events = InlineArray<32, UInt32>(repeating: 0)
    public private(set) var reasons = InlineArray<64, UInt32>(repeating: 0)

    private static var capacity: Int { 65_536 }

    init(_ arena: inout Arena) {
        start = arena.carve("log", key: "sim", count: SimLog.capacity, of: UInt8.self)
    }

    public var text: ByteView { ByteView(start, count) }

    mutating func add(_ line: ByteView) {
        precondition(count + line.count <= SimLog.capacity, "the log of a simulation is too long")
        line.copy(to: start + count)
        count += line.count
        digest.add(line)
        note(line)
    }

    /// The text is gone; what was counted stays.
    mutating func removeText() { count = 0 }

    private mutating func note(_ line: ByteView) {
        guard let event = SimLog.value(of: "event=", in: line) else { return }
        var raw: UInt8 = 0
        while let known = LogEvent(rawValue: raw) {
            if event.equals(known.name) { events[Int(raw)] &+= 1 }
            raw += 1
        }
        guard event.equals(LogEvent.closed.name), let reason = SimLog.value(of: "reason=", in: line) else { return }
        raw = 0
        while let known = CloseReason(rawValue: raw) {
            if reason.equals(known.name) { reasons[Int(raw)] &+= 1 }
            raw += 1
        }
    }

    /// What stands behind `key` in a line of logfmt, up to the next space or the end.
    private static func value(of key: StaticString, in line: ByteView) -> ByteView? {
        var first = 0
        while first < line.count {
            var end = first
            while end < line.count, line[end] != UInt8(ascii: " "), line[end] != UInt8(ascii: "\n") { end += 1 }
            let field = line.slice(first, end)
            if field.starts(with: key) { return field.dropFirst(key.utf8CodeUnitCount) }
            first = end + 1
        }
        return nil
    }
}
