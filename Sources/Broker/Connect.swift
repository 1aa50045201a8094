import Base
import Config
import Engine
import Wire

extension Broker {
    public enum ConnectOutcome {
        /// `displaced` is the connection that had the session until now, or none; it must be closed
        /// [MQTT-3.1.4-2], and the session is no longer its own.
        case accepted(Handle<Session>, sessionPresent: Bool, displaced: Handle<Link>)
        case refused(CloseReason)
    }

    /// Lets a client in, or says why not. `link` is its connection; `random` makes the id of a client that has none.
    public mutating func connect(_ connect: Connect, link: Handle<Link>, random: (UInt32, UInt32)) -> ConnectOutcome {
        guard allowAnonymous else { return .refused(.notAuthorised) }
        guard connect.clientID.count <= limits.maxClientIDBytes else { return .refused(.badClientID) }
        let asked = Int(connect.keepAlive)
        // Zero, "never", is above any cap; without a cap, 65,535, it is let through.
        guard limits.maxKeepAliveSeconds == 65_535 || (asked > 0 && asked <= limits.maxKeepAliveSeconds) else {
            return .refused(.keepAliveTooLong)
        }
        if connect.clientID.isEmpty { return connectUnnamed(link: link, random: random) }
        return enter(connect.clientID, isClean: connect.cleanSession, link: link)
    }

    /// [MQTT-3.1.3-6] `auto-` and 16 hexadecimal digits.
    private mutating func connectUnnamed(link: Handle<Link>, random: (UInt32, UInt32)) -> ConnectOutcome {
        var space: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return withUnsafeMutableBytes(of: &space) { bytes in
            var line = Line(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), capacity: bytes.count)
            line.text("auto-")
            line.hex(random.0)
            line.hex(random.1)
            return enter(line.view, isClean: true, link: link)
        }
    }

    private mutating func enter(_ clientID: ByteView, isClean: Bool, link: Handle<Link>) -> ConnectOutcome {
        var displaced = Handle<Link>.none
        if let known = sessions.find(clientID) {
            displaced = sessions[known].pointee.link
            // [MQTT-3.1.2-6] A clean session on either side leaves nothing of the old one.
            if !isClean, !sessions[known].pointee.isClean {
                resume(known, link: link)
                return .accepted(known, sessionPresent: true, displaced: displaced)
            }
            end(known)
        }
        // After `end` there is room for what was just given back, so a displaced connection is never forgotten here.
        guard let session = sessions.insert(clientID, link: link, isClean: isClean) else {
            return .refused(.serverFull)
        }
        return .accepted(session, sessionPresent: false, displaced: displaced)
    }

    /// The connection is gone. The session stays if the client wanted it to [MQTT-3.1.2-4].
    public mutating func disconnect(_ handle: Handle<Session>, now: Tick) {
        let session = sessions[handle]
        guard !session.pointee.isClean else {
            end(handle)
            return
        }
        session.pointee.link = .none
        session.pointee.isBlocked = false
        forgetBegun(handle)
        session.pointee.lifeSeconds = UInt32(limits.persistentClientExpirationSeconds)
        session.pointee.lifeCountedAt = now
        scheduleExpiry(handle, now: now)
    }

    /// A packet that was cut off goes out again whole; QoS 0 is not kept for an absent client.
    private mutating func forgetBegun(_ handle: Handle<Session>) {
        let session = sessions[handle]
        if session.pointee.sentBytes > 0 {
            deliveries[session.pointee.queue.first].pointee.flags.isDuplicate = true
            session.pointee.sentBytes = 0
        }
        removeQueued(handle) { deliveries, _, delivery in deliveries[delivery].pointee.flags.qos == .atMostOnce }
    }

    /// What was sent and not acknowledged goes out again, first and in its old order, with the ids it had
    /// [MQTT-4.4.0-1, MQTT-4.6.0-1].
    private mutating func resume(_ handle: Handle<Session>, link: Handle<Link>) {
        let session = sessions[handle]
        expiries.cancel(handle.index)
        session.pointee.link = link
        forgetBegun(handle)
        session.pointee.isBlocked = false
        var again = session.pointee.inFlight
        session.pointee.inFlight = List()
        var delivery = again.first
        while delivery.isSome {
            deliveries[delivery].pointee.flags.isDuplicate = true
            if let message = present(deliveries[delivery].pointee.message) {
                session.pointee.queuedBytes += store[message].pointee.content.count
            }
            delivery = deliveries[delivery].pointee.next
        }
        while let later = session.pointee.queue.removeFirst(in: deliveries) { again.append(later, in: deliveries) }
        session.pointee.queue = again
        if !again.isEmpty { markDirty(handle) }
    }

    /// Ends the session and gives back everything that hangs on it.
    mutating func end(_ handle: Handle<Session>) {
        let session = sessions[handle]
        expiries.cancel(handle.index)
        while session.pointee.firstSubscription.isSome { removeSubscription(session.pointee.firstSubscription) }
        while let delivery = session.pointee.queue.removeFirst(in: deliveries) { drop(delivery) }
        while let delivery = session.pointee.inFlight.removeFirst(in: deliveries) { drop(delivery) }
        session.pointee.inbound.removeAll(in: &inboundIDs)
        if session.pointee.isDirty { removeFromDirty(handle) }
        sessions.remove(handle)
    }

    func present<Record>(_ handle: Handle<Record>) -> Handle<Record>? { handle.isSome ? handle : nil }
}

// Sessions with something to send.
extension Broker {
    mutating func markDirty(_ handle: Handle<Session>) {
        let session = sessions[handle]
        guard !session.pointee.isDirty else { return }
        session.pointee.isDirty = true
        session.pointee.nextDirty = .none
        if lastDirty.isSome {
            sessions[lastDirty].pointee.nextDirty = handle
        } else {
            firstDirty = handle
        }
        lastDirty = handle
    }

    /// The connection of the next session that got something to send, or nil. Each is named once.
    public mutating func takeDirty() -> Handle<Link>? {
        guard firstDirty.isSome else { return nil }
        let session = sessions[firstDirty]
        firstDirty = session.pointee.nextDirty
        if firstDirty.isNone { lastDirty = .none }
        session.pointee.isDirty = false
        return session.pointee.link
    }

    /// Only for a session that ends in the same turn in which it got something.
    private mutating func removeFromDirty(_ handle: Handle<Session>) {
        let next = sessions[handle].pointee.nextDirty
        if firstDirty == handle {
            firstDirty = next
            if lastDirty == handle { lastDirty = .none }
            return
        }
        var before = firstDirty
        while sessions[before].pointee.nextDirty != handle { before = sessions[before].pointee.nextDirty }
        sessions[before].pointee.nextDirty = next
        if lastDirty == handle { lastDirty = before }
    }
}
