import Base
import Client
import Linux

/// Standard output with a buffer. What cannot be written at once waits there; only a message that is longer than that
/// makes it wait for whoever reads.
struct Output: TextSink, ~Copyable {
    private let start: UnsafeMutablePointer<UInt8>
    private var written = 0
    private var filled = 0
    /// It is a pipe, a terminal or the like, which may have no room.
    let mayBlock: Bool
    /// It had no room for more when last asked.
    private(set) var isBlocked = false
    /// Nobody reads any more, or the system does not take it.
    private(set) var isClosed = false
    /// The system's error number where that is why.
    private(set) var error: Int32?

    static var descriptor: Int32 { 1 }
    /// Address space that becomes memory only where it is used.
    private static var capacity: Int { 16 << 20 }
    /// Is written at once when there is so much.
    private static var pieceBytes: Int { 65_536 }

    /// Nil when there is no memory.
    init?(mayBlock: Bool) {
        guard let memory = System.reserve(Output.capacity) else { return nil }
        start = memory.assumingMemoryBound(to: UInt8.self)
        self.mayBlock = mayBlock
    }

    var isEmpty: Bool { written == filled }
    /// Enough waits: no further message should be added.
    var isFull: Bool { filled - written >= Output.pieceBytes }

    mutating func write(_ bytes: ByteView) {
        if bytes.count >= Output.pieceBytes, !mayBlock {
            flush()
            writeDirectly(bytes)
            return
        }
        if bytes.count > Output.capacity - filled { makeRoom(bytes.count) }
        guard bytes.count <= Output.capacity - filled else {
            writeDirectly(bytes)
            return
        }
        bytes.copy(to: start + filled)
        filled += bytes.count
        if filled - written >= Output.pieceBytes, !isBlocked { flush() }
    }

    /// Writes as much as can be written at once.
    mutating func flush() {
        isBlocked = false
        while written < filled, !isClosed {
            let count = write(ByteView(start + written, filled - written), waits: false)
            if count == 0 {
                isBlocked = true
                return
            }
            written += count
        }
        written = 0
        filled = 0
    }

    /// Nobody reads any more.
    mutating func close() { isClosed = true }

    /// Writes everything, however long that takes.
    mutating func finish() {
        writeDirectly(ByteView(start + written, filled - written))
        written = 0
        filled = 0
    }

    private mutating func makeRoom(_ bytes: Int) {
        start.copyBytes(from: start + written, count: filled - written)
        filled -= written
        written = 0
        if bytes > Output.capacity - filled { finish() }
    }

    private mutating func writeDirectly(_ bytes: ByteView) {
        var rest = bytes
        while !rest.isEmpty, !isClosed { rest = rest.dropFirst(write(rest, waits: true)) }
    }

    /// Bytes that were written: none when there is no room, or nobody reads any more.
    private mutating func write(_ bytes: ByteView, waits: Bool) -> Int {
        var piece = bytes
        if mayBlock {
            if waits { System.waitUntilWritable(Output.descriptor) }
            guard System.isWritable(Output.descriptor) else {
                isClosed = waits
                return 0
            }
            piece = bytes.slice(0, min(bytes.count, System.pipeBytes))
        }
        switch System.writeSome(piece, to: Output.descriptor) {
        case .done(let count): return count
        case .again: return 0
        case .failed(let error):
            self.error = error
            isClosed = true
        case .closed, .exhausted, .absent:
            isClosed = true
        }
        return 0
    }
}
