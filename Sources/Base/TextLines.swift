/// The lines of a text file, numbered from 1, without their ends and without spaces around them.
public struct TextLines {
    private var rest: ByteView
    public private(set) var number = 0

    public init(_ text: ByteView) { rest = text }

    /// The next line that is neither empty nor begins with `#`; nil at the end.
    @inline(never) public mutating func next() -> ByteView? {
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
            number += 1
            let line = rest.slice(0, end).trimmed
            rest = rest.dropFirst(min(end + 1, rest.count))
            if !line.isEmpty, line[0] != UInt8(ascii: "#") { return line }
        }
        return nil
    }
}

extension ByteView {
    /// Without spaces, tabs and carriage returns at both ends.
    public var trimmed: ByteView {
        @inline(never) get { trim() }
    }

    private func trim() -> ByteView {
        var (first, end) = (0, count)
        while first < end, ByteView.isSpace(self[first]) { first += 1 }
        while end > first, ByteView.isSpace(self[end - 1]) { end -= 1 }
        return slice(first, end)
    }

    /// The first word, and what follows it, without the spaces between.
    public var firstWord: (word: ByteView, rest: ByteView) {
        var end = 0
        while end < count, !ByteView.isSpace(self[end]) { end += 1 }
        return (slice(0, end), dropFirst(end).trimmed)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
