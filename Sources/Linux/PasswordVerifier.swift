import Base
import Broker
import CPlatform
import Runtime

/// Compares passwords in a process of its own, so that the loop never waits for a hash: on a router one takes tens of
/// milliseconds.
struct PasswordVerifier {
    /// The loop's end of a socket for whole messages.
    let descriptor: Int32

    /// An answer: the token, most significant byte first, and 1 for a password that is right.
    static var answerBytes: Int { 5 }

    /// Starts the process, which never returns from here. Nil when the system does not give one.
    init?() {
        var child: Int32 = -1
        var process: Int32 = 0
        let descriptor = swl_start_helper(&child, &process)
        guard descriptor >= 0 else { return nil }
        if child >= 0 {
            PasswordVerifier.serve(child)
            swl_exit(0)
        }
        self.descriptor = descriptor
    }

    /// Sends a request. There is at most one at a time, so the socket always has room for it.
    func ask(_ request: LoginRequest) {
        var space = InlineArray<1280, UInt8>(repeating: 0)
        var span = space.mutableSpan
        span.withUnsafeMutableBufferPointer { buffer in
            var writer = ByteWriter(buffer.baseAddress!, capacity: LoginRequest.maxBytes)
            request.encode(to: &writer)
            precondition(
                Int(swl_send_message(descriptor, writer.start, writer.count)) == writer.count,
                "the password verifier is gone")
        }
    }

    /// The next answer, or nil.
    func answer() -> (token: UInt32, isRight: Bool)? {
        var space: UInt64 = 0
        return withUnsafeMutableBytes(of: &space) { bytes in
            let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            guard Int(swl_receive(descriptor, start, PasswordVerifier.answerBytes)) == PasswordVerifier.answerBytes
            else { return nil }
            var reader = ByteReader(ByteView(start, PasswordVerifier.answerBytes))
            guard let high = reader.int16(), let low = reader.int16(), let verdict = reader.byte() else { return nil }
            return (UInt32(high) << 16 | UInt32(low), verdict == 1)
        }
    }

    /// The new process: answers until the other end is closed.
    private static func serve(_ descriptor: Int32) {
        var space = InlineArray<1280, UInt8>(repeating: 0)
        var span = space.mutableSpan
        span.withUnsafeMutableBufferPointer { buffer in
            let start = buffer.baseAddress!
            while true {
                let count = Int(swl_receive(descriptor, start, LoginRequest.maxBytes))
                guard count > 0, let request = LoginRequest.decode(ByteView(start, count)) else { return }
                let isRight = isRight(request)
                var writer = ByteWriter(start, capacity: answerBytes)
                writer.int16(UInt16(request.token >> 16))
                writer.int16(UInt16(request.token & 0xFFFF))
                writer.byte(isRight ? 1 : 0)
                guard Int(swl_send_message(descriptor, start, answerBytes)) == answerBytes else { return }
            }
        }
    }

    private static func isRight(_ request: LoginRequest) -> Bool {
        var space = InlineArray<192, UInt8>(repeating: 0)
        var span = space.mutableSpan
        return span.withUnsafeMutableBufferPointer { buffer in
            let (salt, wanted, hash) = (buffer.baseAddress!, buffer.baseAddress! + 64, buffer.baseAddress! + 128)
            guard let saltBytes = Base64.decode(request.salt, to: salt, capacity: 64),
                Base64.decode(request.hash, to: wanted, capacity: 64) == PasswordFile.hashBytes
            else { return false }
            PasswordHash.compute(
                request.password, ByteView(salt, saltBytes), request.kind, iterations: request.iterations, to: hash)
            // In constant time, though nobody can see how long it takes here.
            var difference: UInt8 = 0
            var i = 0
            while i < PasswordFile.hashBytes {
                difference |= wanted[i] ^ hash[i]
                i += 1
            }
            return difference == 0
        }
    }
}
