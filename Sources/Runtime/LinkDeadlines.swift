import Base
import Wire

extension Link {
    /// Called once a turn, before the events: what is due by `now`.
    @inline(never) public mutating func advance<Net: ClientIO & ~Copyable>(_ now: Tick, _ io: inout Net) {
        self.now = now
        race.hasClosed = false
        if settings.queueExpiryMs > 0 {
            counters.droppedExpired &+= outbox.expire(settings.queueExpiryMs, now: now)
        }
        switch state {
        case .idle:
            break
        case .waiting:
            if !now.isBefore(stateDue) { start(&io) }
        case .resolving:
            guard !now.isBefore(stateDue) else { break }
            failure = .notResolved
            tryEndpoint(&io)
        case .connecting:
            proceed(race.advance(now, &io), &io)
        case .awaitingConnack:
            if !now.isBefore(stateDue) { giveUp(.timedOut, &io) }
        case .leaving:
            if !now.isBefore(stateDue) { left(&io) }
        case .up:
            keepAlive(&io)
            if state == .up { probe(&io) }
        }
    }

    /// Milliseconds until `advance` or `next` has something to do; nil when only an event can change anything.
    @inline(never) public func msUntilDue(_ now: Tick) -> UInt32? {
        if untold != nil || hasMoreToSend { return 0 }
        var due: Tick?
        func consider(_ tick: Tick?) {
            guard let tick else { return }
            if let earlier = due, !tick.isBefore(earlier) { return }
            due = tick
        }
        switch state {
        case .idle: break
        case .connecting: consider(race.due)
        case .waiting, .resolving, .awaitingConnack, .leaving: consider(stateDue)
        case .up:
            consider(keepAliveDue)
            consider(nextProbe)
        }
        if settings.queueExpiryMs > 0 { consider(outbox.expiryDue(settings.queueExpiryMs)) }
        guard let due else { return nil }
        return due.isBefore(now) ? 0 : due.msSince(now)
    }

    private var keepAliveMs: UInt32 { UInt32(settings.connect.keepAlive) * 1000 }
    /// How long the broker may take to answer PINGREQ.
    private var pongMs: UInt32 { min(keepAliveMs, 20_000) }

    private var keepAliveDue: Tick? {
        guard keepAliveMs > 0 else { return nil }
        if isPingOwed, isDrained {
            // As long as something is sent PINGREQ may be waiting in a slow network behind that, but not for ever: what
            // needs no answer can be sent into a dead one for a long time.
            let answer = (lastSent.isBefore(lastHeard) ? lastHeard : lastSent).advanced(byMs: pongMs)
            let last = lastHeard.advanced(byMs: 2 * keepAliveMs + pongMs)
            return answer.isBefore(last) ? answer : last
        }
        return (lastSent.isBefore(lastHeard) ? lastSent : lastHeard).advanced(byMs: keepAliveMs)
    }

    /// PINGREQ when nothing was sent for so long that the broker might give us up [MQTT-3.1.2-23], or when it was not
    /// heard of for as long.
    private mutating func keepAlive<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        // What the owner does not take may hold the answer; for the broker's sake there must be further ones.
        if !isDrained { lastHeard = now }
        guard let due = keepAliveDue, !now.isBefore(due) else { return }
        if isPingOwed, isDrained {
            end(.silent, &io)
        } else {
            isPingWanted = true
            isPingOwed = true
            lastSent = now
        }
    }
}
