/// Reads a view from front to back. Every read answers nil, and moves nothing, when too few bytes are left.
/// Integers are assembled byte by byte, so alignment and the machine's byte order never matter.
public struct ByteReader {
    public private(set) var rest: ByteView

    public init(_ view: ByteView) { rest = view }

    public var isAtEnd: Bool { rest.isEmpty }

    public mutating func byte() -> UInt8? {
        guard rest.count >= 1 else { return nil }
        let value = rest[0]
        rest = rest.dropFirst(1)
        return value
    }

    /// Two bytes, most significant first [MQTT 3.1.1 §1.5.2].
    public mutating func int16() -> UInt16? {
        guard rest.count >= 2 else { return nil }
        let value = UInt16(rest[0]) << 8 | UInt16(rest[1])
        rest = rest.dropFirst(2)
        return value
    }

    public mutating func bytes(_ count: Int) -> ByteView? {
        guard count <= rest.count else { return nil }
        let value = rest.slice(0, count)
        rest = rest.dropFirst(count)
        return value
    }

    /// A two-byte length and that many bytes [MQTT 3.1.1 §1.5.3]. The content is not judged here.
    public mutating func lengthPrefixed() -> ByteView? {
        let before = rest
        guard let count = int16() else { return nil }
        guard let value = bytes(Int(count)) else {
            rest = before
            return nil
        }
        return value
    }
}
