import Base
import Broker
import Engine
import Wire

/// One accepted network connection.
struct Connection {
    let descriptor: Int32
    let peer: Address
    var machine = ServerConnection()
    /// None before CONNECT was accepted and after the end.
    var session: Handle<Session> = .none

    // What came in and is no whole packet yet. Empty while the client is idle.
    var input = Chain()
    /// Bytes of the whole packet that `input` begins; zero while its length has not come.
    var inputTotal = 0

    // What goes out, in front of the session's deliveries: what an earlier write left over, then this turn's replies.
    var output = Chain()
    var outputSent = 0
    /// Where this turn's replies stand in the reply buffer.
    var repliesStart = 0
    var repliesCount = 0

    // Time.
    /// When the last whole packet came, or the connection.
    var lastPacket: Tick
    /// When the packet in `input` was begun.
    var inputSince: Tick = .zero
    /// When the connection last took a byte, while it is blocked.
    var blockedSince: Tick = .zero

    /// The kinds of events the system is asked for.
    var interest = Event.readable
    /// The last write was short.
    var isBlocked = false
    /// Not read for now, because the message store is nearly full.
    var isPaused = false
    var hasPublished = false
    /// Stands in the list of connections to flush.
    var isDirty = false
    /// To be closed when the turn ends.
    var isClosing = false

    init(descriptor: Int32, peer: Address, now: Tick) {
        self.descriptor = descriptor
        self.peer = peer
        lastPacket = now
    }

    /// Replies that cannot be sent stop the reading, so what piles up is bounded by one receive.
    var wantedInterest: UInt32 {
        (isPaused || !output.isEmpty ? 0 : Event.readable) | (isBlocked ? Event.writable : 0)
    }
}

// Deadlines.
extension Connection {
    /// The next time at which this connection may have to be ended, and why; nil for never.
    func deadline(_ timeouts: Timeouts) -> (due: Tick, reason: CloseReason)? {
        var next: (due: Tick, reason: CloseReason)?
        func consider(_ due: Tick?, _ reason: CloseReason) {
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
        if isBlocked { consider(blockedSince.advanced(byMs: timeouts.stallMs), .outputStalled) }
        return next
    }
}

/// Time limits that are the same for all connections.
struct Timeouts {
    let connectMs: UInt32
    let stallMs: UInt32
}
