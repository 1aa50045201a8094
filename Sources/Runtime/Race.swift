import Base

/// The attempts to connect to the addresses of one broker. A new one begins when one has failed, or has not come to
/// anything for a while, and the earlier ones go on: the first that connects wins (RFC 8305 §5).
struct Race {
    struct Runner {
        var address = Address.any
        /// Below zero while it is not on its way.
        var descriptor: Int32 = -1
        /// When it is given up.
        var due = Tick.zero
        /// It has failed.
        var isSpent = false
    }

    enum Outcome {
        case running
        /// There is a connection, and the others are closed.
        case won(Int32)
        /// No address is left; why the last one failed.
        case lost(LinkEnd)
    }

    /// How one address is tried.
    struct Rules {
        /// Of a unix socket; empty for TCP.
        var path = ByteView.empty
        var socket = SocketOptions()
        var token: UInt32 = 0
        var timeoutMs: UInt32 = 0
    }

    static var capacity: Int { 8 }

    private var rules = Rules()
    private var runners = InlineArray<8, Runner>(repeating: Runner())
    private var count = 0
    /// The one that has won, or begun last.
    private var latest = 0
    private var failure = LinkEnd.notFound
    /// When the next one begins.
    private var nextDue = Tick.zero
    /// On their way.
    private(set) var running = 0
    /// An event of this turn may be that of a descriptor which is closed by now.
    var hasClosed = false

    /// How long the next address waits for the one before.
    private static var headStartMs: UInt32 { 250 }

    /// Forgets the addresses of the race before, none of which is on its way.
    mutating func prepare(_ rules: Rules) {
        precondition(running == 0)
        self.rules = rules
        count = 0
        failure = .notFound
    }

    mutating func add(_ address: Address) {
        guard count < Race.capacity else { return }
        runners[count] = Runner(address: address)
        count += 1
    }

    /// The two families take turns, in the order that there is otherwise, so that one that leads nowhere costs little
    /// (RFC 8305 §4).
    mutating func interleave() {
        var i = 1
        while i < count {
            let isV4 = runners[i - 1].address.isV4
            var other = i
            while other < count, runners[other].address.isV4 == isV4 { other += 1 }
            guard other < count else { return }
            while other > i {
                runners.swapAt(other, other - 1)
                other -= 1
            }
            i += 1
        }
    }

    /// Whether there is an address that can be tried yet.
    private var next: Int? {
        var i = 0
        while i < count {
            if !runners[i].isSpent, runners[i].descriptor < 0 { return i }
            i += 1
        }
        return nil
    }

    /// What is due by `now`: gives up, and begins with the next.
    mutating func advance<Net: ClientIO & ~Copyable>(_ now: Tick, _ io: inout Net) -> Outcome {
        var i = 0
        while i < count {
            if runners[i].descriptor >= 0, !now.isBefore(runners[i].due) { lose(i, .timedOut, now, &io) }
            i += 1
        }
        return goOn(now, &io)
    }

    /// The system may know what has become of one of them.
    mutating func look<Net: ClientIO & ~Copyable>(_ now: Tick, _ io: inout Net) -> Outcome {
        var i = 0
        while i < count {
            if runners[i].descriptor >= 0 {
                switch io.connected(runners[i].descriptor) {
                case .again: break
                case .done: return .won(win(i, &io))
                case let result: lose(i, Race.end(result), now, &io)
                }
            }
            i += 1
        }
        return goOn(now, &io)
    }

    /// The connection that was won is no good: the others have another chance.
    mutating func reject(_ reason: LinkEnd, _ now: Tick) {
        runners[latest].isSpent = true
        failure = reason
        nextDue = now
    }

    /// None of them is of interest any more.
    mutating func close<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        var i = 0
        while running > 0 {
            if runners[i].descriptor >= 0 { close(i, &io) }
            i += 1
        }
    }

    /// When `advance` has something to do.
    var due: Tick? {
        var due = next == nil ? nil : nextDue
        var i = 0
        while i < count {
            if runners[i].descriptor >= 0 {
                if let earlier = due, !runners[i].due.isBefore(earlier) {} else { due = runners[i].due }
            }
            i += 1
        }
        return due
    }

    /// Begins with the next address if it is time, and with the one after when the system knows at once that it fails.
    private mutating func goOn<Net: ClientIO & ~Copyable>(_ now: Tick, _ io: inout Net) -> Outcome {
        while running == 0 || !now.isBefore(nextDue), let i = next {
            latest = i
            let result = rules.path.isEmpty
                ? io.connect(runners[i].address, rules.socket) : io.connectLocal(rules.path)
            guard case .done(let new) = result else {
                lose(i, Race.end(result), now, &io)
                continue
            }
            let descriptor = Int32(new)
            runners[i].descriptor = descriptor
            running += 1
            guard case .done = io.watch(descriptor, interest: Event.writable, token: rules.token) else {
                lose(i, .lost, now, &io)
                continue
            }
            runners[i].due = now.advanced(byMs: rules.timeoutMs)
            nextDue = now.advanced(byMs: Race.headStartMs)
        }
        return running == 0 ? .lost(failure) : .running
    }

    private mutating func win<Net: ClientIO & ~Copyable>(_ i: Int, _ io: inout Net) -> Int32 {
        let descriptor = runners[i].descriptor
        runners[i].descriptor = -1
        running -= 1
        hasClosed = true
        latest = i
        close(&io)
        return descriptor
    }

    private mutating func lose<Net: ClientIO & ~Copyable>(
        _ i: Int, _ reason: LinkEnd, _ now: Tick, _ io: inout Net
    ) {
        if runners[i].descriptor >= 0 { close(i, &io) }
        runners[i].isSpent = true
        failure = reason
        nextDue = now
    }

    private mutating func close<Net: ClientIO & ~Copyable>(_ i: Int, _ io: inout Net) {
        io.close(runners[i].descriptor)
        runners[i].descriptor = -1
        running -= 1
        hasClosed = true
    }

    private static func end(_ result: IOResult) -> LinkEnd {
        if case .failed(let error) = result { return .unreachable(error) }
        return .lost
    }
}
