import Base
import Engine
import Wire

/// One connection of ours to a broker, over and over: finds the broker, connects, keeps the connection alive, and keeps
/// the promises of QoS 1 and 2 in both directions from one connection to the next.
///
/// The owner waits for events and then calls, in this order: `advance`, `handle` for events with the link's token,
/// `next` until nil, whatever it has to publish, `flush`. What it does not take by `next` is not read from the network
/// either, while the connection is kept alive all the same.
public struct Link: ~Copyable {
    enum State: UInt8 {
        /// Nothing happens until the owner says so.
        case idle
        /// Until the next attempt.
        case waiting
        case resolving
        case connecting
        case awaitingConnack
        case up
        /// DISCONNECT is to be sent, or was.
        case leaving
    }

    public let token: UInt32
    /// The owner may change them; where and how to connect holds from the next attempt on.
    public var settings: LinkSettings
    let limits: LinkLimits
    var state = State.idle
    var now: Tick
    var machine: ClientConnection
    var backoff: Backoff

    // The attempt to connect.
    /// The endpoint that was tried last, and how many were in this attempt.
    var endpoint: Int
    var triedEndpoints = 0
    /// To its addresses; or, while another one serves, to those of the first.
    var race = Race()
    var failure = LinkEnd.notFound
    /// When the state is given up.
    var stateDue: Tick

    // The connection.
    var descriptor: Int32 = -1
    var interest: UInt32 = 0
    /// The system takes no more bytes for now.
    var isBlocked = false
    /// The system refuses to send: what it still holds for us is the last there is.
    var isBroken = false
    /// The broker has ended it; what came before is still to be taken. Nil while it lives.
    var peerEnd: LinkEnd?
    /// What the owner has not been told yet.
    var untold: LinkEnd?
    var upSince: Tick
    var lastSent: Tick
    var lastHeard: Tick
    /// PINGREQ is to be sent; it is to be answered.
    var isPingWanted = false
    var isPingOwed = false
    /// Messages may be under way to us at any time.
    var hasSubscribed = false
    var hasDisconnected = false

    // The way back to the first endpoint.
    var probeDue: Tick
    /// Between two looks at it.
    var probeMs: UInt32
    /// Its name is looked up.
    var isProbeAsked = false
    /// It is back: the connection is `leaving` for its sake.
    var isYielding = false

    // What has come: `window[taken..<filled]` was not taken yet.
    let window: UnsafeMutablePointer<UInt8>
    let windowBytes: Int
    var taken = 0
    var filled = 0
    /// `next` has answered nil: all whole packets are taken.
    var isDrained = true
    /// The owner has no room for messages. See `refuse`.
    var isRefusing = false
    /// A message that is too long to be taken is going by.
    var skip: Skip?

    // What is to be sent: `output` from `sent` on, then `control`, then messages.
    var output: ByteWriter
    var sent = 0
    /// The turn ended before the system had enough.
    var hasMoreToSend = false
    /// Packets that wait for the end of a message that is being written.
    var control: ByteWriter

    var inbound = InboundFlow()
    var inboundIDs: Pool<InboundID>
    var receipts: Receipts
    var outbox: Outbox
    public internal(set) var counters = LinkCounters()

    /// The window may be `windowBytes` of address space that the system fills only as far as it is used.
    public init(
        _ arena: inout Arena, _ settings: LinkSettings, _ limits: LinkLimits, token: UInt32, now: Tick
    ) {
        self.settings = settings
        self.limits = limits
        self.token = token
        self.now = now
        stateDue = now
        upSince = now
        lastSent = now
        lastHeard = now
        machine = ClientConnection(level: settings.connect.level)
        backoff = Backoff(baseMs: settings.retryMs, capMs: settings.maxRetryMs)
        endpoint = settings.endpointCount - 1
        probeDue = now
        probeMs = settings.primaryProbeMs
        windowBytes = limits.maxPacketBytes + limits.receiveBytes
        window = arena.carve("receive window", key: "max_packet_size", count: windowBytes, of: UInt8.self)
        let sendBytes = limits.sendBytes
        let outputStart = arena.carve("send buffer", key: "receive_buffer_size", count: sendBytes, of: UInt8.self)
        output = ByteWriter(outputStart, capacity: sendBytes)
        let controlStart = arena.carve("replies", key: "receive_buffer_size", count: sendBytes, of: UInt8.self)
        control = ByteWriter(controlStart, capacity: sendBytes)
        inboundIDs = Pool(&arena, "incoming QoS 2", key: "max_incoming_inflight", count: limits.maxIncoming)
        receipts = Receipts(&arena, count: limits.maxIncoming)
        outbox = Outbox(&arena, limits)
    }

    public var isUp: Bool { state == .up }
    /// No attempt is being made, and none will be by itself; and the owner knows.
    public var isIdle: Bool { state == .idle && untold == nil }
    /// The index of the endpoint that serves, or was tried last.
    public var lastEndpoint: Int { max(0, endpoint) }
    /// Everything that was published has arrived, or with QoS 0 was sent.
    public var hasSentAll: Bool { outbox.isEmpty && output.count == sent && control.count == 0 }
    /// Messages that wait or are not acknowledged yet.
    public var queuedCount: Int { outbox.count }
    /// Whether packets may wait in the window that `next` has not given.
    public var hasMore: Bool { !isDrained }

    /// Connects now.
    @inline(never) public mutating func start<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        precondition(state == .idle || state == .waiting)
        if !settings.isRoundRobin { endpoint = settings.endpointCount - 1 }
        triedEndpoints = 0
        failure = .notFound
        if settings.beginsAnywhere, counters.connects == 0 {
            outbox.beginIDs(after: UInt16(truncatingIfNeeded: io.entropy()))
        }
        tryEndpoint(&io)
    }

    /// Connects after a while, which is the longer the more attempts have failed. Answers how many milliseconds.
    @discardableResult
    @inline(never) public mutating func retry<Net: ClientIO & ~Copyable>(_ io: inout Net) -> UInt32 {
        precondition(state == .idle)
        backoff.change(baseMs: settings.retryMs, capMs: settings.maxRetryMs)
        let wait = backoff.failed(random: io.entropy())
        state = .waiting
        stateDue = now.advanced(byMs: wait)
        return wait
    }

    /// How long leaving waits without anything being sent.
    var leaveMs: UInt32 { 5000 }

    /// Ends the connection in order, once all that was published has arrived; without one, at once, and when nothing
    /// can be sent for some seconds. `ended` tells when.
    @inline(never) public mutating func disconnect<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        switch state {
        case .idle: untold = .disconnected
        case .up:
            state = .leaving
            stateDue = now.advanced(byMs: leaveMs)
        case .leaving: isYielding = false
        case .waiting, .resolving, .connecting, .awaitingConnack: end(.disconnected, &io)
        }
    }
}

/// What has gone through a link since it began.
public struct LinkCounters {
    public var connects: UInt32 = 0
    public var messagesReceived: UInt32 = 0
    /// Messages from the broker that were too long, and were passed over.
    public var skipped: UInt32 = 0
    public var messagesSent: UInt32 = 0
    /// Messages that found no room, or waited too long.
    public var droppedFull: UInt32 = 0
    public var droppedExpired: UInt32 = 0
}
