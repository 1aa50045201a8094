/// A borrowed run of bytes. Valid only as long as the memory behind it: the receive window for one turn, a slab while
/// its message is held.
public struct ByteView {
    public let start: UnsafePointer<UInt8>
    public let count: Int

    public init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        precondition(count >= 0)
        self.start = start
        self.count = count
    }

    public init(_ start: UnsafeMutablePointer<UInt8>, _ count: Int) { self.init(UnsafePointer(start), count) }

    /// The bytes of a literal, which live as long as the process.
    public init(_ text: StaticString) { self.init(text.utf8Start, text.utf8CodeUnitCount) }

    public static var empty: ByteView { ByteView("") }
    public var isEmpty: Bool { count == 0 }

    public subscript(_ index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return start[index]
    }

    /// The bytes from `offset` up to, not including, `end`.
    public func slice(_ offset: Int, _ end: Int) -> ByteView {
        precondition(offset >= 0 && offset <= end && end <= count)
        return ByteView(start + offset, end - offset)
    }

    public func dropFirst(_ n: Int) -> ByteView { slice(n, count) }

    @inline(never) public func equals(_ other: ByteView) -> Bool {
        guard count == other.count else { return false }
        var i = 0
        while i < count {
            if start[i] != other.start[i] { return false }
            i += 1
        }
        return true
    }

    @inline(never) public func equals(_ text: StaticString) -> Bool { equals(ByteView(text)) }

    @inline(never) public func starts(with text: StaticString) -> Bool {
        let prefix = ByteView(text)
        return count >= prefix.count && slice(0, prefix.count).equals(prefix)
    }

    /// Position of the first `byte`, or nil.
    @inline(never) public func firstIndex(of byte: UInt8) -> Int? {
        var i = 0
        while i < count {
            if start[i] == byte { return i }
            i += 1
        }
        return nil
    }

    /// Copies all bytes to `target`, which has room for them.
    public func copy(to target: UnsafeMutablePointer<UInt8>) { target.copyBytes(from: start, count: count) }
}

extension UnsafeMutablePointer<UInt8> {
    /// Copies `count` bytes, which may overlap.
    // `update(from:count:)` is one call per byte where the compiler optimises for size; this is `memmove`.
    public func copyBytes(from source: UnsafePointer<UInt8>, count: Int) {
        UnsafeMutableRawPointer(self).copyMemory(from: source, byteCount: count)
    }
}
