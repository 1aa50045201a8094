import Base
import Config
import Engine
import Wire

extension Broker {
    public enum ConnectOutcome {
        /// `displaced` is the connection that had the session until now, or none; it must be closed
        /// [MQTT-3.1.4-2], and the session is no longer its own.
        case accepted(Handle<Session>, sessionPresent: Bool, displaced: Handle<SessionLink>)
        case refused(CloseReason)
    }

    /// Lets a client in whose admission was granted, or says why not. `link` is its connection; `random` makes the id
    /// of a client that has none.
    public mutating func connect(
        _ connect: Connect, accessIndex: Int, link: Handle<SessionLink>, random: (UInt32, UInt32), now: Tick
    ) -> ConnectOutcome {
        guard allowZeroLengthClientID || !connect.clientID.isEmpty else { return .refused(.badClientID) }
        guard connect.clientID.count <= limits.maxClientIDBytes else { return .refused(.badClientID) }
        let asked = Int(connect.keepAlive)
        // Zero, "never", is above any limit.
        guard limits.maxKeepAliveSeconds == 0 || (asked > 0 && asked <= limits.maxKeepAliveSeconds) else {
            return .refused(.keepAliveTooLong)
        }
        let nameToKeep = accessList.isOn ? connect.userName ?? .empty : .empty
        // One client must not take the room for all clients' names.
        guard nameToKeep.count <= limits.maxClientIDBytes else { return .refused(.badUserNameOrPassword) }
        guard let userName = sessions.storeUserName(nameToKeep) else { return .refused(.serverFull) }
        var will = Will()
        if let asked = connect.will {
            let reason: CloseReason = !isWithinLimits(payload: asked.payload)
                ? .packetTooLarge : isWithinLimits(topic: asked.topic) ? .serverFull : .badTopicName
            guard reason == .serverFull,
                let message = store.admit(topic: asked.topic, payload: asked.payload, now: now)
            else {
                sessions.freeUserName(userName)
                return .refused(reason)
            }
            will = Will(message: message, qos: asked.qos, retain: asked.retain)
        }
        let outcome = connect.clientID.isEmpty
            ? enterUnnamed(link: link, random: random)
            : enter(connect.clientID, isClean: connect.cleanSession, link: link)
        switch outcome {
        case .accepted(let session, _, _):
            sessions[session].pointee.will = will
            sessions[session].pointee.accessIndex = UInt8(accessIndex)
            sessions[session].pointee.isBridge = connect.isBridge
            sessions.setUserName(session, userName)
            removeForbidden(session)
        case .refused:
            if will.message.isSome { store.release(will.message) }
            sessions.freeUserName(userName)
        }
        return outcome
    }

    /// [MQTT-3.1.3-6] `auto-` and 16 hexadecimal digits.
    private mutating func enterUnnamed(link: Handle<SessionLink>, random: (UInt32, UInt32)) -> ConnectOutcome {
        var space: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return withUnsafeMutableBytes(of: &space) { bytes in
            var line = Line(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), capacity: bytes.count)
            line.text("auto-")
            line.hex(random.0)
            line.hex(random.1)
            return enter(line.view, isClean: true, link: link)
        }
    }

    private mutating func enter(_ clientID: ByteView, isClean: Bool, link: Handle<SessionLink>) -> ConnectOutcome {
        var displaced = Handle<SessionLink>.none
        if let known = sessions.find(clientID) {
            // A bridge of our own has the name.
            guard sessions[known].pointee.spool == 0 else { return .refused(.badClientID) }
            // The old connection, if there still is one, ends without DISCONNECT.
            publishWill(known)
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

    /// What was queued for a client that may no longer read it, or for another one with the same client id, is not
    /// delivered.
    private mutating func removeForbidden(_ handle: Handle<Session>) {
        guard accessList.isOn else { return }
        removeQueued(handle) { broker, delivery in
            // One that was received already, and waits for its release, tells nothing any more.
            guard delivery.message.isSome else { return false }
            let topic = broker.store.copyTopic(delivery.message, to: broker.topicScratch)
            return !broker.isAllowed(.read, handle, topic)
        }
    }

    /// The connection is gone. The session stays if the client wanted it to [MQTT-3.1.2-4].
    /// `isOrderly` says that DISCONNECT came, and the will is void [MQTT-3.14.4-3].
    public mutating func disconnect(_ handle: Handle<Session>, isOrderly: Bool, now: Tick) {
        let session = sessions[handle]
        if isOrderly { dropWill(session) } else { publishWill(handle) }
        guard !session.pointee.isClean else {
            end(handle)
            return
        }
        session.pointee.link = .none
        session.pointee.isBlocked = false
        forgetBegun(handle)
        awayCount += 1
        // "For ever" is some 136 years, should a reload bring a limit.
        let lifeSeconds = UInt32(limits.persistentClientExpirationSeconds)
        session.pointee.lifeSeconds = lifeSeconds > 0 ? lifeSeconds : UInt32.max
        session.pointee.lifeCountedAt = now
        scheduleExpiry(handle, now: now)
    }

    /// A packet that was cut off goes out again whole; QoS 0 is not kept for an absent client.
    private mutating func forgetBegun(_ handle: Handle<Session>) {
        let session = sessions[handle]
        if session.pointee.sentBytes > 0 {
            let begun = deliveries[session.pointee.queue.first]
            // [MQTT-3.3.1-2]
            if begun.pointee.flags.qos != .atMostOnce { begun.pointee.flags.isDuplicate = true }
            session.pointee.sentBytes = 0
        }
        if limits.queuesQoS0 { return }
        removeQueued(handle) { _, delivery in delivery.flags.qos == .atMostOnce }
    }

    /// [MQTT-3.1.2-8, MQTT-3.1.2-10, MQTT-3.1.2-16, MQTT-3.1.2-17]
    private mutating func publishWill(_ handle: Handle<Session>) {
        let will = sessions[handle].pointee.will
        sessions[handle].pointee.will = Will()
        guard will.message.isSome else { return }
        let topic = store.copyTopic(will.message, to: topicScratch)
        if mayPublish(handle, topic) {
            publishStored(will.message, qos: will.qos, retain: will.retain)
        } else {
            drops.forbidden &+= 1
            store.release(will.message)
        }
    }

    private mutating func dropWill(_ session: UnsafeMutablePointer<Session>) {
        if session.pointee.will.message.isSome { store.release(session.pointee.will.message) }
        session.pointee.will = Will()
    }

    /// What was sent and not acknowledged goes out again, first and in its old order, with the ids it had
    /// [MQTT-4.4.0-1, MQTT-4.6.0-1].
    private mutating func resume(_ handle: Handle<Session>, link: Handle<SessionLink>) {
        let session = sessions[handle]
        expiries.cancel(handle.index)
        if session.pointee.link.isNone { awayCount -= 1 }
        session.pointee.link = link
        forgetBegun(handle)
        session.pointee.isBlocked = false
        var again = session.pointee.inFlight
        session.pointee.inFlight = List()
        var delivery = again.first
        while delivery.isSome {
            deliveries[delivery].pointee.flags.isDuplicate = true
            if let message = present(deliveries[delivery].pointee.message) {
                session.pointee.queuedBytes &+= store[message].pointee.content.count
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
        precondition(session.pointee.will.message.isNone, "a will that is neither published nor void")
        expiries.cancel(handle.index)
        if session.pointee.link.isNone { awayCount -= 1 }
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

    /// Whether `takeDirty` has one to name.
    public var hasDirty: Bool { firstDirty.isSome }

    /// The connection of the next session that got something to send, or nil. Each is named once.
    public mutating func takeDirty() -> Handle<SessionLink>? {
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
