import Base
import CPlatform
import Runtime

/// Looks up names in processes of their own, so that the loop never waits for a name server that does not answer. Each
/// token that asks gets its own process, so that nobody waits for another one's question either.
public struct NameResolver {
    private struct Helper {
        /// The loop's end of a socket for whole messages; below zero when there is no process.
        var descriptor: Int32 = -1
        var process: Int32 = 0
        /// Whose questions it answers; zero while it is nobody's.
        var token: UInt32 = 0
        /// The number of the question that is asked, since earlier ones may still be answered.
        var asked: UInt16 = 0
        /// It is not answered yet.
        var isOwed = false
        /// It could not be asked.
        var isFailed = false
    }

    private var helpers = InlineArray<8, Helper>(repeating: Helper())
    let count: Int
    /// Whether a process that has gone can be replaced.
    private let startsProcesses: Bool
    /// Memory that a process which starts later has no use for.
    var spared: UnsafeMutableRawPointer?
    var sparedBytes = 0
    /// What was answered last, and by whom.
    private var answer = InlineArray<132, UInt8>(repeating: 0)
    private var answerCount = 0
    private var answerer = 0

    /// As many as a link tries.
    private static var maxAddresses: Int { 8 }
    /// A question: its number, and the name. An answer: the number, a byte that is not zero when nobody could be asked,
    /// one that is not used, and the addresses.
    private static var headBytes: Int { 4 }
    private static var maxNameBytes: Int { 255 }

    /// With a process that somebody else has started, or a thread: `serve` runs there, with the descriptor that it is
    /// given. For programs of many threads, which must not go on in a copy of their process.
    public init?(startingServer start: (Int32) -> Void) {
        count = 1
        startsProcesses = false
        var other: Int32 = -1
        let descriptor = swl_open_pair(&other)
        guard descriptor >= 0 else { return nil }
        helpers[0].descriptor = descriptor
        start(other)
    }

    /// Starts so many processes, at most eight, which never return from here. Nil when the system does not give them.
    init?(processes: Int) {
        count = processes
        startsProcesses = true
        var i = 0
        while i < processes {
            guard start(i) >= 0 else { return nil }
            i += 1
        }
    }

    func descriptor(_ index: Int) -> Int32 { helpers[index].descriptor }

    /// The descriptor of a new process, below zero when there is none.
    private mutating func start(_ index: Int) -> Int32 {
        var child: Int32 = -1
        var process: Int32 = 0
        if helpers[index].process > 0 { swl_end_helper(helpers[index].process) }
        let descriptor = swl_start_helper(&child, &process)
        if child >= 0 {
            // Whatever this process still held the other one would have to copy when it writes there.
            if let spared { swl_unmap(spared, sparedBytes) }
            NameResolver.serve(child)
            swl_exit(0)
        }
        helpers[index].descriptor = descriptor
        helpers[index].process = process
        return descriptor
    }

    /// The helper of a token: the one that it had before, or one that nobody has. If its process has gone there is
    /// another one, whose descriptor is new; below zero when the system does not give it.
    mutating func prepare(_ token: UInt32) -> (index: Int, newDescriptor: Int32?) {
        var index = 0
        while index < count, helpers[index].token != token { index += 1 }
        if index == count {
            index = 0
            while index < count, helpers[index].token != 0 { index += 1 }
            precondition(index < count, "more names than helpers")
            helpers[index].token = token
        }
        guard helpers[index].descriptor < 0, startsProcesses else { return (index, nil) }
        return (index, start(index))
    }

    /// A name that is too long is one that does not exist.
    mutating func ask(_ index: Int, _ name: ByteView) {
        helpers[index].asked &+= 1
        helpers[index].isOwed = true
        var space = InlineArray<264, UInt8>(repeating: 0)
        var span = space.mutableSpan
        let helper = helpers[index]
        let sent = span.withUnsafeMutableBufferPointer { buffer in
            var writer = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
            writer.int16(helper.asked)
            writer.int16(0)
            writer.bytes(name.count > NameResolver.maxNameBytes ? .empty : name)
            return helper.descriptor >= 0
                && Int(swl_send_message(helper.descriptor, writer.start, writer.count)) == writer.count
        }
        if !sent { helpers[index].isFailed = true }
    }

    /// Answers a question that could not be asked; whose it is.
    mutating func readFailure() -> UInt32? {
        var i = 0
        while i < count {
            if helpers[i].isFailed { return noteUnavailable(i) }
            i += 1
        }
        return nil
    }

    /// Reads an answer; the token of the question, or nil when it was given up meanwhile. With the end of a process
    /// its question has its answer, too.
    mutating func read(_ index: Int) -> UInt32? {
        answerer = index
        var span = answer.mutableSpan
        let descriptor = helpers[index].descriptor
        let count = span.withUnsafeMutableBufferPointer {
            Int(swl_receive(descriptor, $0.baseAddress!, $0.count))
        }
        if count == SWL_AGAIN { return nil }
        guard count >= NameResolver.headBytes else {
            drop(index)
            return helpers[index].isOwed ? noteUnavailable(index) : nil
        }
        answerCount = count
        guard isCurrent else { return nil }
        helpers[index].isOwed = false
        return helpers[index].token
    }

    /// Does without this process, which ends then, if it has not already.
    mutating func drop(_ index: Int) {
        _ = swl_close(helpers[index].descriptor)
        helpers[index].descriptor = -1
    }

    private mutating func noteUnavailable(_ index: Int) -> UInt32 {
        helpers[index].isOwed = false
        helpers[index].isFailed = false
        answerer = index
        answer[0] = UInt8(helpers[index].asked >> 8)
        answer[1] = UInt8(helpers[index].asked & 0xFF)
        answer[2] = 1
        return helpers[index].token
    }

    /// Whether the answer is that to the last question.
    private var isCurrent: Bool { UInt16(answer[0]) << 8 | UInt16(answer[1]) == helpers[answerer].asked }

    /// What was answered last.
    mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution {
        guard isCurrent else { return .pending }
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

    /// Gives the descriptors back.
    func end() {
        var i = 0
        while i < count {
            if helpers[i].descriptor >= 0 { _ = swl_close(helpers[i].descriptor) }
            i += 1
        }
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
