import Base

/// The bytes of one input, taken from the front. Behind the end there are zeros and empty lines.
struct Input {
    private(set) var rest: ByteView

    init(_ start: UnsafePointer<UInt8>, _ count: Int) { rest = ByteView(start, count) }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 {
        guard !rest.isEmpty else { return 0 }
        defer { rest = rest.dropFirst(1) }
        return rest[0]
    }

    /// So many bytes, or all that are left.
    mutating func bytes(_ count: Int) -> ByteView {
        let taken = rest.slice(0, min(count, rest.count))
        rest = rest.dropFirst(taken.count)
        return taken
    }

    /// The bytes up to the next line feed, which is passed over.
    mutating func line() -> ByteView {
        let line = bytes(rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count)
        _ = byte()
        return line
    }
}

/// Calls `body` with a copy that has nothing behind it: the address sanitizer sees a read beyond its end.
func withCopy<R>(_ view: ByteView, _ body: (ByteView) -> R) -> R {
    let start = UnsafeMutablePointer<UInt8>.allocate(capacity: view.count)
    defer { start.deallocate() }
    view.copy(to: start)
    return body(ByteView(start, view.count))
}

/// Calls `body` with a writer that has room for `count` bytes and nothing behind it.
func withWriter<R>(_ count: Int, _ body: (inout ByteWriter) -> R) -> R {
    let start = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
    defer { start.deallocate() }
    var writer = ByteWriter(start, capacity: count)
    return body(&writer)
}

func withView<R>(_ bytes: [UInt8], _ body: (ByteView) -> R) -> R {
    bytes.withUnsafeBufferPointer { $0.isEmpty ? body(.empty) : body(ByteView($0.baseAddress!, $0.count)) }
}

extension ByteView {
    var array: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }
}

extension String {
    var array: [UInt8] { Array(utf8) }
}
