import Base
import Client

/// Keeps what is written.
struct Kept: TextSink {
    var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func write(_ view: ByteView) { bytes += UnsafeBufferPointer(start: view.start, count: view.count) }
}
