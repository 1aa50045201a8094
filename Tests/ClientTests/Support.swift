import Base
import Client

/// Keeps what is written.
struct Kept: TextSink {
    var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func write(_ view: ByteView) { bytes += UnsafeBufferPointer(start: view.start, count: view.count) }
}

extension Array where Element == UInt8 {
    /// The bytes, for as long as `body` runs.
    func withView<R>(_ body: (ByteView) throws -> R) rethrows -> R {
        try withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return try body(.empty) }
            return try body(ByteView(start, buffer.count))
        }
    }
}

extension String {
    func withBytes<R>(_ body: (ByteView) throws -> R) rethrows -> R { try Array(utf8).withView(body) }
}

/// What `body` writes to a line.
func withLine(_ body: (inout Line) -> Void) -> String {
    let start = UnsafeMutablePointer<UInt8>.allocate(capacity: 512)
    defer { start.deallocate() }
    var line = Line(start, capacity: 512)
    body(&line)
    return String(decoding: UnsafeBufferPointer(start: line.view.start, count: line.view.count), as: UTF8.self)
}
