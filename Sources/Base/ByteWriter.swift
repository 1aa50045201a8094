/// Writes into a fixed run of bytes. Writing beyond its end is a bug of the caller, who knows the size beforehand,
/// and traps.
public struct ByteWriter {
    public let start: UnsafeMutablePointer<UInt8>
    public let capacity: Int
    public private(set) var count = 0

    public init(_ start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        self.start = start
        self.capacity = capacity
    }

    public var written: ByteView { ByteView(start, count) }
    public var room: Int { capacity - count }

    public mutating func byte(_ value: UInt8) {
        precondition(count < capacity)
        start[count] = value
        count += 1
    }

    /// Two bytes, most significant first.
    public mutating func int16(_ value: UInt16) {
        byte(UInt8(value >> 8))
        byte(UInt8(value & 0xFF))
    }

    public mutating func bytes(_ view: ByteView) {
        precondition(view.count <= room)
        view.copy(to: start + count)
        count += view.count
    }

    /// A two-byte length and the bytes; `view` holds at most 65,535.
    public mutating func lengthPrefixed(_ view: ByteView) {
        int16(UInt16(view.count))
        bytes(view)
    }

    /// The bytes from `offset` on move to the front, the others are gone.
    public mutating func keep(from offset: Int) {
        precondition(offset >= 0 && offset <= count)
        start.copyBytes(from: start + offset, count: count - offset)
        count -= offset
    }

    /// `count` bytes that somebody else has written behind the others belong to them from now on.
    public mutating func extend(by added: Int) {
        precondition(added >= 0 && added <= room)
        count += added
    }

    public mutating func removeAll() { count = 0 }
}
