import Base

/// Bytes on their way in one direction, in a ring of fixed size.
struct Pipe {
    private let start: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private var first = 0
    private(set) var count = 0

    init(_ start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        self.start = start
        self.capacity = capacity
    }

    var room: Int { capacity - count }

    /// Takes as much of `view` as fits, and answers how much that was.
    mutating func write(_ view: ByteView) -> Int {
        let taken = min(room, view.count)
        var i = 0
        while i < taken {
            start[(first + count + i) % capacity] = view[i]
            i += 1
        }
        count += taken
        return taken
    }

    /// Moves at most `limit` bytes to `target`, and answers how many.
    mutating func read(_ target: UnsafeMutablePointer<UInt8>, limit: Int) -> Int {
        let given = min(count, limit)
        var i = 0
        while i < given {
            target[i] = start[(first + i) % capacity]
            i += 1
        }
        first = (first + given) % capacity
        count -= given
        return given
    }

    /// Leaves the first `kept` bytes.
    mutating func truncate(to kept: Int) { count = min(count, kept) }
    mutating func removeAll() { count = 0 }
}
