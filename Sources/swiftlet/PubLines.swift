import Base
import Linux
import Runtime

/// Standard input as lines, read as they are wanted.
struct PubLines: ~Copyable {
    private var input: LineInput
    /// It is a pipe or a terminal, which may have nothing yet.
    private let mayWait: Bool
    private var isReady: Bool
    private var isWatched = false
    private var isClosed = false
    /// `next` has said so.
    private(set) var hasEnded = false

    /// Lines are sent when there are so many bytes of them.
    static var flushBytes: Int { 32_768 }
    static var token: UInt32 { 2 }

    init(_ input: consuming LineInput, mayWait: Bool) {
        self.input = input
        self.mayWait = mayWait
        isReady = !mayWait
    }

    /// Whether `next` has more without waiting, or the end, which it has not told yet.
    var canGoOn: Bool { !hasEnded && (isReady || input.hasLine) }

    /// The next line, the same until it is dropped, but not at the same place after `handle`.
    mutating func next() -> LineInput.Next {
        while true {
            let next = input.next()
            switch next {
            case .needMore:
                guard isReady else { return next }
                input.read()
                isReady = !mayWait
            case .end:
                hasEnded = true
                return next
            case .line, .tooLong:
                return next
            }
        }
    }

    mutating func drop() { input.drop() }

    /// Before waiting: whether more lines are wanted.
    mutating func watch<Net: IO & ~Copyable>(_ isWanted: Bool, _ io: inout Net) {
        let wanted = isWanted && !canGoOn && !hasEnded
        guard mayWait, !isClosed, wanted != isWatched else { return }
        isWatched = wanted
        io.rewatch(LineInput.descriptor, interest: wanted ? Event.readable : 0, token: PubLines.token)
    }

    mutating func handle<Net: IO & ~Copyable>(_ event: Event, _ io: inout Net) {
        guard event.token == PubLines.token, !isClosed else { return }
        isReady = true
        guard event.flags & Event.failed != 0 else { return }
        // The system would tell again and again that nobody writes any more, so what is left is read now.
        input.readRest()
        io.close(LineInput.descriptor)
        isClosed = true
    }
}
