import Base
import Runtime
import Wire

/// A load generator: many clients of one broker in one loop, which check what they get. `run` does everything.
public struct Bench: ~Copyable {
    let workload: Workload
    let target: BenchTarget
    let roster: Roster
    let text: TopicText
    let topics: TopicTable
    let payloads: Payloads
    /// What is to be sent in the measured phase, and delivered.
    let totals: (sent: Int, delivered: Int)

    let clients: UnsafeMutablePointer<BenchClient>
    /// By publisher, and of the keeper: what becomes of each message on its way.
    let flights: UnsafeMutablePointer<UInt8>
    let arrivals: UnsafeMutablePointer<Arrivals>
    /// A bit for each subscriber and retained message.
    let retainedSeen: UnsafeMutablePointer<UInt8>
    let memory: BenchMemory
    let events: UnsafeMutablePointer<Event>
    /// What the system tells of the broker's process.
    let processText: UnsafeMutablePointer<UInt8>

    /// What is sent next, of whoever is served.
    var batch: ByteWriter
    var latencies: Histogram
    var stage = Stage.setUp
    var failure: BenchFailure?
    var result = BenchResult()

    // Setting up.
    var nextToOpen = 0
    /// Those that connect and have no CONNACK yet.
    var opening = 0
    var ready = 0

    // The measured phase.
    var began: UInt64 = 0
    var ended: UInt64 = 0
    /// When something was last sent or received.
    var lastProgress: UInt64 = 0
    var cpuAtBegin: UInt64 = 0
    var figuresAtBegin: ProcessFigures?
    /// With a rate: messages whose time has come.
    var due = 0
    /// Messages of publishers that need no further acknowledgement.
    var settled = 0
    /// Clients that the broker takes nothing from at present.
    var heldUp = 0
    /// QoS 2 messages that subscribers have got and that are not released yet.
    var unreleased = 0
    var calls = 0

    enum Stage: UInt8 {
        case setUp, measured, settling, cleaning
    }

    /// Connects that are under way at a time while setting up, below what listeners' queues hold.
    static var maxOpening: Int { 64 }
    /// SUBSCRIBEs of a client that wait for their answer.
    static var maxAsked: Int { 32 }
    static var maxEvents: Int { 64 }
    /// The token of the first client.
    static var firstToken: Int { 1 }

    /// Carves what the workload takes, whose `totals` are there. `run` is a random number.
    public init(_ arena: inout Arena, _ workload: Workload, _ target: BenchTarget, run: UInt32) {
        guard let totals = workload.totals else { preconditionFailure("checked before") }
        self.workload = workload
        self.target = target
        self.totals = totals
        let roster = Roster(workload)
        self.roster = roster
        text = TopicText(workload)
        clients = arena.carve("clients", key: "clients", count: roster.count, of: BenchClient.self)
        topics = TopicTable(&arena, workload)
        payloads = Payloads(&arena, count: workload.payload, run: run)
        latencies = Histogram(&arena)
        events = arena.carve("events", key: "fixed", count: Bench.maxEvents, of: Event.self)
        flights = arena.carve(
            "messages on their way", key: "window",
            count: (roster.publishers + roster.keepers) * Bench.flightsPerClient(workload), of: UInt8.self)
        let pairs = workload.kind == .stream && workload.publishers > 0 && workload.subscribers > 0
        arrivals = arena.carve("arrivals", key: "topics", count: pairs ? workload.pairs : 0, of: Arrivals.self)
        let bits = workload.kind == .retained ? totals.delivered : 0
        retainedSeen = arena.carve("retained messages seen", key: "retained", count: (bits + 7) / 8, of: UInt8.self)
        processText = arena.carve(
            "process files", key: "fixed", count: ProcessFigures.textBytes, of: UInt8.self)
        memory = BenchMemory(&arena, workload, roster, target)
        batch = memory.batch
        guard !arena.isMeasuring else { return }
        var i = 0
        while i < roster.count {
            (clients + i).initialize(to: BenchClient(roster.role(i)))
            i += 1
        }
    }

    static func flightsPerClient(_ workload: Workload) -> Int { max(workload.window, maxKeeperWindow) }
    static var maxKeeperWindow: Int { 20 }

    /// Descriptors that a workload takes at most.
    public static func connections(_ workload: Workload) -> Int { Roster(workload).count }

    /// Clients that are there during the measured phase, from beginning to end.
    var standing: Int { roster.count - roster.callers }

    @inline(never) mutating func fail(_ cause: BenchFailure.Cause) {
        guard failure == nil else { return }
        failure = BenchFailure(cause: cause, ready: ready, wanted: standing)
    }
}

/// The broker, and how it lets the clients in.
public struct BenchTarget {
    public let address: Address
    public let user: ByteView?
    public let password: ByteView?
    /// Seconds.
    public let keepAlive: UInt16
    /// What client ids begin with: nobody else's do.
    public let run: UInt32

    public init(address: Address, user: ByteView?, password: ByteView?, keepAlive: UInt16, run: UInt32) {
        self.address = address
        self.user = user
        self.password = password
        self.keepAlive = keepAlive
        self.run = run
    }

    func connect(_ clientID: ByteView) -> Connect {
        Connect(
            level: .v311, cleanSession: true, keepAlive: keepAlive, clientID: clientID, will: nil, userName: user,
            password: password)
    }

    /// The longest client id.
    static var clientIDBytes: Int { 23 }

    /// `b`, the run, the letter and the number.
    func writeClientID(_ letter: UInt8, _ number: Int, to target: inout ByteWriter) {
        target.byte(UInt8(ascii: "b"))
        var shift: UInt32 = 32
        while shift > 0 {
            shift -= 4
            let digit = UInt8(truncatingIfNeeded: run >> shift & 15)
            target.byte(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        target.byte(letter)
        TopicText.digits(number, to: &target)
    }
}
