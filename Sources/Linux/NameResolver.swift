import Base
import CPlatform
import Runtime

/// Looks up names in a process of its own, so that the loop never waits for a name server that does not answer.
public struct NameResolver {
    /// The loop's end of a socket for whole messages.
    let descriptor: Int32
    /// The number of the question that is asked, since earlier ones may still be answered.
    private var asked: UInt16 = 0
    private var token: UInt32 = 0
    private var answer = InlineArray<132, UInt8>(repeating: 0)
    private var answerCount = 0

    /// As many as a link tries.
    private static var maxAddresses: Int { 8 }
    /// A question: its number, and the name. An answer: the number, a byte that is not zero when nobody could be asked,
    /// one that is not used, and the addresses.
    private static var headBytes: Int { 4 }
    private static var maxNameBytes: Int { 255 }

    /// With a process that somebody else has started, or a thread: `serve` runs there, with the descriptor that it is
    /// given. For programs of many threads, which must not go on in a copy of their process.
    public init?(startingServer start: (Int32) -> Void) {
        var other: Int32 = -1
        let descriptor = swl_open_pair(&other)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        start(other)
    }

    /// Starts the process, which never returns from here. Nil when the system does not give one.
    init?() {
        var child: Int32 = -1
        let descriptor = swl_start_helper(&child)
        guard descriptor >= 0 else { return nil }
        if child >= 0 {
            NameResolver.serve(child)
            swl_exit(0)
        }
        self.descriptor = descriptor
    }

    /// A name that is too long is one that does not exist.
    mutating func ask(_ name: ByteView, token: UInt32) {
        asked &+= 1
        self.token = token
        var space = InlineArray<264, UInt8>(repeating: 0)
        var span = space.mutableSpan
        let number = asked
        span.withUnsafeMutableBufferPointer { buffer in
            var writer = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
            writer.int16(number)
            writer.int16(0)
            writer.bytes(name.count > NameResolver.maxNameBytes ? .empty : name)
            // At most a few wait there: the link asks again only long after.
            _ = swl_send_message(descriptor, writer.start, writer.count)
        }
    }

    /// Reads an answer; the token of the question, or nil when it was given up meanwhile.
    mutating func read() -> UInt32? {
        var span = answer.mutableSpan
        let count = span.withUnsafeMutableBufferPointer {
            Int(swl_receive(descriptor, $0.baseAddress!, $0.count))
        }
        precondition(count >= NameResolver.headBytes, "the name resolver is gone")
        answerCount = count
        return UInt16(answer[0]) << 8 | UInt16(answer[1]) == asked ? token : nil
    }

    /// What was answered last.
    mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution {
        if answer[2] != 0 { return .unavailable }
        let count = min(capacity, (answerCount - NameResolver.headBytes) / 16)
        guard count > 0 else { return .notFound }
        var span = answer.mutableSpan
        span.withUnsafeMutableBufferPointer {
            var i = 0
            while i < count {
                addresses[i] = Address(bytes: $0.baseAddress! + NameResolver.headBytes + 16 * i, port: 0)
                i += 1
            }
        }
        return .addresses(count)
    }

    /// The new process: answers until the other end is closed.
    public static func serve(_ descriptor: Int32) {
        defer { _ = swl_close(descriptor) }
        var space = InlineArray<400, UInt8>(repeating: 0)
        var span = space.mutableSpan
        span.withUnsafeMutableBufferPointer { buffer in
            let question = buffer.baseAddress!
            let answer = question + 264
            while true {
                let count = Int(swl_receive(descriptor, question, headBytes + maxNameBytes))
                guard count >= headBytes else { return }
                question[count] = 0
                let name = UnsafeRawPointer(question + headBytes).assumingMemoryBound(to: CChar.self)
                let found = count == headBytes ? 0 : swl_look_up(name, answer + headBytes, Int32(maxAddresses))
                answer[0] = question[0]
                answer[1] = question[1]
                answer[2] = found < 0 ? 1 : 0
                answer[3] = 0
                let bytes = headBytes + 16 * max(0, Int(found))
                guard Int(swl_send_message(descriptor, answer, bytes)) == bytes else { return }
            }
        }
    }
}
