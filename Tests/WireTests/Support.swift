import Base
import Glibc
import TestSupport
import Testing
import Wire

/// Memory with a forbidden page behind it: a view of it ends where reading on would crash.
final class GuardedBuffer {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private static let pageBytes = 4096

    init(capacity: Int = 4096) {
        self.capacity = (capacity + GuardedBuffer.pageBytes - 1) / GuardedBuffer.pageBytes * GuardedBuffer.pageBytes
        base = mmap(
            nil, self.capacity + GuardedBuffer.pageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        mprotect(base + self.capacity, GuardedBuffer.pageBytes, PROT_NONE)
    }

    deinit { munmap(base, capacity + GuardedBuffer.pageBytes) }

    /// Valid until the next call.
    func view(_ bytes: some Collection<UInt8>) -> ByteView {
        let start = (base + capacity - bytes.count).assumingMemoryBound(to: UInt8.self)
        var i = 0
        for byte in bytes {
            start[i] = byte
            i += 1
        }
        return ByteView(start, bytes.count)
    }
}

func withView<R>(_ bytes: some Collection<UInt8>, _ body: (ByteView) throws -> R) rethrows -> R {
    let buffer = GuardedBuffer(capacity: bytes.count)
    return try withExtendedLifetime(buffer) { try body(buffer.view(bytes)) }
}

/// The bytes that `encode` writes.
func encoded(_ encode: (inout ByteWriter) -> Void) -> [UInt8] {
    var space = [UInt8](repeating: 0, count: 64)
    return space.withUnsafeMutableBufferPointer { buffer in
        var writer = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
        encode(&writer)
        return writer.written.array
    }
}

extension Decoded {
    /// Why there is no packet; nil when there is one.
    var reason: CloseReason? {
        switch self {
        case .packet: nil
        case .bad(let reason): reason
        }
    }

    var packet: Packet? {
        switch self {
        case .packet(let packet): packet
        case .bad: nil
        }
    }
}

/// For loops too long to `#expect` in each round.
func fail(_ what: Comment, at location: SourceLocation = #_sourceLocation) {
    Issue.record(what, sourceLocation: location)
}

// Test arguments go from one thread to another. Plain numbers may; only the sources have no need to say so.
extension CloseReason: @unchecked Sendable {}
extension PacketType: @unchecked Sendable {}
extension QoS: @unchecked Sendable {}
