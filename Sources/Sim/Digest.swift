import Base

/// A fingerprint of all that happened, in order. Two runs with the same digest went the same way.
public struct Digest: Equatable {
    // FNV-1a (Fowler, Noll, Vo), and the same from another start with a turn in between.
    private var a: UInt32 = 0x811C_9DC5
    private var b: UInt32 = 0x9E37_79B9

    public init() {}

    public mutating func add(_ byte: UInt8) {
        a = (a ^ UInt32(byte)) &* 0x0100_0193
        b = (b << 5 | b >> 27) ^ UInt32(byte)
        b = b &* 0x0100_0193
    }

    public mutating func add(_ number: UInt32) {
        add(UInt8(truncatingIfNeeded: number >> 24))
        add(UInt8(truncatingIfNeeded: number >> 16))
        add(UInt8(truncatingIfNeeded: number >> 8))
        add(UInt8(truncatingIfNeeded: number))
    }

    public mutating func add(_ view: ByteView) {
        var i = 0
        while i < view.count {
            add(view.start[i])
            i += 1
        }
    }

    public mutating func add(_ other: Digest) {
        add(other.a)
        add(other.b)
    }

    public func write(_ line: inout Line) {
        line.hex(a)
        line.hex(b)
    }

    public static func == (x: Digest, y: Digest) -> Bool { x.a == y.a && x.b == y.b }
}
