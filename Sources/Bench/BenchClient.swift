/// One client of a load generator.
struct BenchClient {
    var descriptor: Int32 = -1
    let role: Role
    var state = State.absent
    /// The kinds of events that are watched.
    var interest: UInt32 = 0
    /// With a rate: messages that are due could not be sent, because of the broker.
    var isHeldUp = false
    /// Bytes of a packet that is not all there yet.
    var carried = 0
    /// Bytes that could not be sent yet, and where they begin.
    var unsent = 0
    var unsentStart = 0
    /// Subscriptions that were asked for, and that were granted.
    var asked = 0
    var granted = 0
    /// Messages that were given to the connection, and those of them, from the first on, that are acknowledged.
    var sent = 0
    var settled = 0
    /// When it began to connect, or to subscribe: where latencies count from that are not of messages.
    var began: UInt64 = 0
    /// The number of the connect, which its client id has.
    var call = 0

    enum Role: UInt8 {
        case publisher, subscriber
        /// Has unrelated subscriptions, and sets and removes what is retained.
        case keeper
        /// Connects only to disconnect.
        case caller
        /// Has one subscription that never matches.
        case session
        case idle
    }

    enum State: UInt8 {
        case absent
        case connecting
        case awaitingConnack
        /// Accepted; what it has to do before the measured phase is not done yet.
        case preparing
        case ready
        /// The broker has ended the connection.
        case gone
    }

    init(_ role: Role) { self.role = role }

    var isOpen: Bool {
        switch state {
        case .connecting, .awaitingConnack, .preparing, .ready: true
        case .absent, .gone: false
        }
    }
}

/// Who has which number among all clients. Those that carry messages come first.
struct Roster {
    let publishers: Int
    let subscribers: Int
    let keepers: Int
    let callers: Int
    let sessions: Int
    let idle: Int

    init(_ workload: Workload) {
        publishers = workload.publishers
        subscribers = workload.subscribers
        let isKept = workload.unrelatedFilters > 0 || workload.unrelatedRetained > 0 || workload.retained > 0
        keepers = isKept ? 1 : 0
        callers = min(workload.connects, workload.concurrency)
        sessions = workload.sessions
        idle = workload.idle
    }

    var keeper: Int { publishers + subscribers }
    var firstCaller: Int { keeper + keepers }
    /// Those that may have much to send or to get.
    var workers: Int { firstCaller + callers }
    var firstIdle: Int { workers + sessions }
    var count: Int { firstIdle + idle }

    func role(_ index: Int) -> BenchClient.Role {
        if index < publishers { return .publisher }
        if index < keeper { return .subscriber }
        if index < firstCaller { return .keeper }
        if index < workers { return .caller }
        return index < firstIdle ? .session : .idle
    }
}
