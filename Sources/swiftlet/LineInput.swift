import Base
import Linux

/// Lines of standard input, read in large pieces.
struct LineInput: ~Copyable {
    enum Next {
        case line(ByteView)
        /// There is no whole line; `read` gets more.
        case needMore
        case tooLong
        case end
    }

    private let start: UnsafeMutablePointer<UInt8>
    private var taken = 0
    private var filled = 0
    /// Up to here there is no line feed.
    private var searched = 0
    private(set) var isAtEnd = false

    static var descriptor: Int32 { 0 }
    private static var pieceBytes: Int { 65_536 }
    /// The longest line and behind it what a pipe can hold.
    private static var capacity: Int { Pub.maxLineBytes + (4 << 20) }

    /// Nil when there is no memory.
    init?() {
        guard let memory = System.reserve(LineInput.capacity) else { return nil }
        start = memory.assumingMemoryBound(to: UInt8.self)
    }

    /// Whether `next` has something to say, or may have.
    var hasLine: Bool { searched < filled || isAtEnd }

    /// The next line without its line feed, the same until it is dropped; its bytes stay where they are until the next
    /// `read`. One without a line feed is the last, unless it is empty.
    mutating func next() -> Next {
        while searched < filled, start[searched] != UInt8(ascii: "\n") { searched += 1 }
        let line = ByteView(start + taken, searched - taken)
        if line.count > Pub.maxLineBytes { return .tooLong }
        if searched < filled { return .line(line) }
        guard isAtEnd else { return .needMore }
        return line.isEmpty ? .end : .line(line)
    }

    /// Is done with the line that `next` gives.
    mutating func drop() {
        if searched < filled { searched += 1 }
        taken = searched
    }

    /// Reads a piece, or waits for one.
    mutating func read() {
        if taken > 0 {
            start.copyBytes(from: start + taken, count: filled - taken)
            filled -= taken
            searched -= taken
            taken = 0
        }
        let room = min(LineInput.pieceBytes, LineInput.capacity - filled)
        switch System.readSome(LineInput.descriptor, into: start + filled, capacity: room) {
        case .bytes(let count) where count > 0: filled += count
        case .bytes, .tooLong, .failed: isAtEnd = true
        }
    }

    /// Reads all that is left, where that does not wait for anybody.
    mutating func readRest() {
        while !isAtEnd { read() }
    }
}
