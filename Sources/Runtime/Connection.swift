import Base
import Broker
import Config
import Engine
import Wire

/// One accepted network connection. There is one record for each that may come, and most are idle: so no field is wider
/// than what it counts, and what is true or false is a bit.
struct Connection: Linked {
    /// Among those whose passwords wait to be compared, those to flush, or those to reclaim: at most one of these.
    var next: Handle<Connection> = .none
    let descriptor: Int32
    let peer: Address
    /// Which listener it came by.
    let listener: UInt8
    var login = LoginState.none
    var machine = ServerConnection()
    /// None before CONNECT was accepted and after the end.
    var session: Handle<Session> = .none

    // What came in and is no whole packet yet. Empty while the client is idle.
    var input = Chain()
    /// Bytes of the whole packet that `input` begins; zero while its length has not come.
    var inputTotal: UInt32 = 0

    // What goes out, in front of the session's deliveries: what an earlier write left over, then this turn's replies.
    var output = Chain()
    var outputSent: UInt32 = 0
    /// Where this turn's replies stand in the reply buffer.
    var repliesStart: UInt32 = 0
    var repliesCount: UInt32 = 0

    // Time.
    /// When the last whole packet came, or the connection.
    var lastPacket: Tick
    /// When the packet in `input` was begun.
    var inputSince: Tick = .zero
    /// When the peer was last known to take bytes, while the connection is blocked, and how many the system held then.
    var blockedSince: Tick = .zero
    var unsentBytes: UInt32 = 0

    // For `max_message_rate`: messages in the second that began then.
    var rateSecond: Tick
    var messagesThisSecond: UInt32 = 0

    /// A message of this client found no room, and why that ends the connection. No later one is taken, so that none
    /// overtakes it; whatever else the client has to say is, for its acknowledgements are what makes room.
    var refusedSince: Tick = .zero
    var refusal: CloseReason?
    private var interestBits = UInt8(Event.readable)
    private var flags: UInt8 = 0

    init(descriptor: Int32, peer: Address, listener: UInt8, now: Tick) {
        self.descriptor = descriptor
        self.peer = peer
        self.listener = listener
        rateSecond = now
        lastPacket = now
    }

    /// Replies that cannot be sent stop the reading, so what piles up is bounded by one receive.
    var wantedInterest: UInt32 {
        let mayRead = !isPaused && !isThrottled && !isWaitingForLogin && output.isEmpty
        return (mayRead ? Event.readable : 0) | (isBlocked ? Event.writable : 0)
    }

    /// How long a client whose message was refused may still acknowledge others.
    private static var refusalMs: UInt32 { 1000 }

    var isWaitingForLogin: Bool { login == .waiting || login == .asked }
}

// What is kept in bits.
extension Connection {
    /// The kinds of events the system is asked for: `Event.readable`, `Event.writable`.
    var interest: UInt32 {
        get { UInt32(interestBits) }
        set { interestBits = UInt8(truncatingIfNeeded: newValue) }
    }

    /// Not read until the second is over.
    var isThrottled: Bool {
        get { flags & 1 << 0 != 0 }
        set { set(1 << 0, newValue) }
    }

    /// The system says that the peer is gone. Nobody is left to be slowed down.
    var isBroken: Bool {
        get { flags & 1 << 1 != 0 }
        set { set(1 << 1, newValue) }
    }

    /// The last write was short.
    var isBlocked: Bool {
        get { flags & 1 << 2 != 0 }
        set { set(1 << 2, newValue) }
    }

    /// Not read for now, because the message store is nearly full.
    var isPaused: Bool {
        get { flags & 1 << 3 != 0 }
        set { set(1 << 3, newValue) }
    }

    var hasPublished: Bool {
        get { flags & 1 << 4 != 0 }
        set { set(1 << 4, newValue) }
    }

    /// The last write ended within a packet: the next bytes must be the rest of it.
    var isMidPacket: Bool {
        get { flags & 1 << 5 != 0 }
        set { set(1 << 5, newValue) }
    }

    /// Stands in the list of connections to flush. One that is closing stays marked until it is reclaimed.
    var isDirty: Bool {
        get { flags & 1 << 6 != 0 }
        set { set(1 << 6, newValue) }
    }

    /// To be closed when the turn ends.
    var isClosing: Bool {
        get { flags & 1 << 7 != 0 }
        set { set(1 << 7, newValue) }
    }

    private mutating func set(_ flag: UInt8, _ isSet: Bool) { flags = isSet ? flags | flag : flags & ~flag }
}

// Deadlines.
extension Connection {
    /// The next time at which this connection may have to be ended, and why; nil for never. Without a reason it is time
    /// to read again.
    func deadline(_ timeouts: Timeouts) -> (due: Tick, reason: CloseReason?)? {
        var next: (due: Tick, reason: CloseReason?)?
        func consider(_ due: Tick?, _ reason: CloseReason?) {
            guard let due else { return }
            if let known = next, known.due.isBefore(due) { return }
            next = (due, reason)
        }
        if machine.state == .awaitingConnect {
            consider(lastPacket.advanced(byMs: timeouts.connectMs), .connectTimeout)
        } else if wantedInterest & Event.readable == 0 {
            // While nothing is read, silence is ours.
        } else if !input.isEmpty {
            // A packet that trickles in is no sign of life, and a long one must not be cut off by a short keep-alive.
            consider(inputSince.advanced(byMs: timeouts.stallMs), .packetTimeout)
        } else {
            consider(machine.keepAlive.deadline(after: lastPacket), .keepAliveExpired)
        }
        if let refusal { consider(refusedSince.advanced(byMs: Connection.refusalMs), refusal) }
        if isThrottled { consider(rateSecond.advanced(byMs: 1000), nil) }
        if isBlocked { consider(blockedSince.advanced(byMs: timeouts.stallMs), .outputStalled) }
        return next
    }
}

/// Time limits that are the same for all connections.
struct Timeouts {
    let connectMs: UInt32
    let stallMs: UInt32

    init(_ limits: Limits) {
        connectMs = UInt32(limits.connectTimeoutSeconds) * 1000
        stallMs = UInt32(limits.stallTimeoutSeconds) * 1000
    }
}
