import Base
import Config
import Engine

extension Broker {
    /// Ends what has waited too long for its client: messages after `offline_message_expiry`, the session after
    /// `persistent_client_expiration`.
    public mutating func expire(now: Tick) {
        while let index = expiries.expire(now: now) {
            guard let handle = sessions.handle(at: index) else { preconditionFailure("a timer without a session") }
            countLife(sessions[handle], now: now)
            if limits.persistentClientExpirationSeconds > 0, sessions[handle].pointee.lifeSeconds == 0,
                sessions[handle].pointee.spool == 0
            {
                end(handle)
                expiredSessions &+= 1
            } else {
                expireMessages(handle, now: now)
                scheduleExpiry(handle, now: now)
            }
        }
    }

    /// Milliseconds until `expire` has something to do; nil for never.
    public func msUntilExpiry(now: Tick) -> UInt32? { expiries.msUntilNext(now: now) }

    /// Well within what `Tick` can compare, so that ages of months are counted down in steps.
    private static var stepMs: UInt32 { 10 * 86_400_000 }

    /// For a session whose client is away.
    mutating func scheduleExpiry(_ handle: Handle<Session>, now: Tick) {
        let session = sessions[handle]
        countLife(session, now: now)
        var waitMs = Broker.stepMs
        var isNeeded = false
        let messageSeconds = messageSeconds(session)
        if limits.persistentClientExpirationSeconds > 0, session.pointee.spool == 0 {
            isNeeded = true
            if session.pointee.lifeSeconds < waitMs / 1000 { waitMs = session.pointee.lifeSeconds * 1000 }
        }
        if messageSeconds > 0, let admitted = oldestAdmission(session) {
            isNeeded = true
            let ageMs = now.msSince(admitted)
            let limitMs = UInt32(messageSeconds) * 1000
            waitMs = min(waitMs, ageMs < limitMs ? limitMs - ageMs : 0)
        }
        if isNeeded { expiries.schedule(handle.index, due: now.advanced(byMs: waitMs)) }
    }

    /// How long a message may wait for the client; zero is for ever.
    private func messageSeconds(_ session: UnsafeMutablePointer<Session>) -> Int {
        session.pointee.spool == 0
            ? limits.offlineMessageExpirySeconds : spools[Int(session.pointee.spool - 1)].limits.expirySeconds
    }

    private func countLife(_ session: UnsafeMutablePointer<Session>, now: Tick) {
        let seconds = now.msSince(session.pointee.lifeCountedAt) / 1000
        session.pointee.lifeSeconds -= min(seconds, session.pointee.lifeSeconds)
        session.pointee.lifeCountedAt = session.pointee.lifeCountedAt.advanced(byMs: seconds * 1000)
    }

    /// When the message came that has waited longest. In a spool where later messages take the place of earlier ones
    /// that need not be the first.
    private func oldestAdmission(_ session: UnsafeMutablePointer<Session>) -> Tick? {
        guard let first = oldestUnsent(session) else { return nil }
        var oldest = store[first].pointee.admitted
        guard session.pointee.spool != 0,
            spools[Int(session.pointee.spool - 1)].limits.policy == .keepLatest
        else { return oldest }
        var delivery = session.pointee.queue.first
        while delivery.isSome {
            let admitted = store[deliveries[delivery].pointee.message].pointee.admitted
            if admitted.isBefore(oldest) { oldest = admitted }
            delivery = deliveries[delivery].pointee.next
        }
        return oldest
    }

    /// The message that has waited longest among those never sent.
    func oldestUnsent(_ session: UnsafeMutablePointer<Session>) -> Handle<Message>? {
        var delivery = session.pointee.queue.first
        while delivery.isSome {
            // An id alone says nothing: a write that was cut short may have given it out ahead.
            if !deliveries[delivery].pointee.flags.isDuplicate { return deliveries[delivery].pointee.message }
            delivery = deliveries[delivery].pointee.next
        }
        return nil
    }

    /// What was sent once stays: its exchange has begun.
    mutating func expireMessages(_ handle: Handle<Session>, now: Tick) {
        let session = sessions[handle]
        let limitMs = UInt32(messageSeconds(session)) * 1000
        guard limitMs > 0 else { return }
        let removed = removeQueued(handle) { broker, delivery in
            !delivery.flags.isDuplicate && now.msSince(broker.store[delivery.message].pointee.admitted) >= limitMs
        }
        guard session.pointee.spool != 0 else {
            drops.expired &+= removed
            return
        }
        let spool = spools + Int(session.pointee.spool - 1)
        spool.pointee.drops.expired &+= removed
        if removed > 0 { spool.pointee.hasGaps = true }
    }

    /// Takes out of the queue what `condition` names, and answers how many that were. No packet of it may be begun.
    @discardableResult
    mutating func removeQueued(
        _ handle: Handle<Session>, where condition: (borrowing Broker, Delivery) -> Bool
    ) -> UInt32 {
        let session = sessions[handle]
        precondition(session.pointee.sentBytes == 0)
        var removed: UInt32 = 0
        var previous = Handle<Delivery>.none
        var delivery = session.pointee.queue.first
        while delivery.isSome {
            let next = deliveries[delivery].pointee.next
            if condition(self, deliveries[delivery].pointee) {
                session.pointee.queue.remove(delivery, after: previous, in: deliveries)
                session.pointee.queuedBytes &-= store[deliveries[delivery].pointee.message].pointee.content.count
                drop(delivery)
                removed += 1
            } else {
                previous = delivery
            }
            delivery = next
        }
        return removed
    }
}
