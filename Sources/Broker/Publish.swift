import Base
import Config
import Engine
import Wire

extension Broker {
    public enum PublishOutcome: UInt8 {
        /// Taken over, or on purpose not: acknowledge as the QoS demands [MQTT-3.3.4-1].
        case done
        /// Too many QoS 2 messages of this client wait for PUBREL.
        case receiveWindowExceeded
        /// A QoS 1 or 2 message found no room. Without acknowledgement the client sends it again when it comes back.
        case storeFull
    }

    /// Routes a message from a client to all whose subscriptions match.
    public mutating func publish(_ publisher: Handle<Session>, _ publish: Publish, now: Tick) -> PublishOutcome {
        traffic.messagesReceived.add(1)
        traffic.bytesReceived.add(publish.payload.count)
        if publish.qos == .exactlyOnce {
            // A repetition is found out before anything is done; the id is noted only after all went well.
            switch sessions[publisher].pointee.inbound.verdict(
                publish.packetID, limit: inboundIDsPerClient, in: inboundIDs)
            {
            case .new: break
            case .duplicate: return .done
            case .full: return .receiveWindowExceeded
            }
        }
        // [MQTT-3.3.5-2] Acknowledged and not passed on: 3.1.1 cannot say no. Below $SYS the broker alone speaks.
        guard mayPublish(publisher, publish.topic) else {
            drops.forbidden &+= 1
            noteReceived(publisher, publish)
            return .done
        }
        guard accept(publish, from: publisher, now: now) || publish.qos == .atMostOnce else { return .storeFull }
        noteReceived(publisher, publish)
        return .done
    }

    /// Whether the message was taken over before and waits for PUBREL, so that it only needs its answer again.
    public func hasReceived(_ publisher: Handle<Session>, _ publish: Publish) -> Bool {
        publish.qos == .exactlyOnce && sessions[publisher].pointee.inbound.holds(publish.packetID, in: inboundIDs)
    }

    /// A message of QoS 0 came after one that found no room, and must not overtake it.
    public mutating func noteDropped() { drops.storeFull &+= 1 }

    private mutating func noteReceived(_ publisher: Handle<Session>, _ publish: Publish) {
        guard publish.qos == .exactlyOnce else { return }
        sessions[publisher].pointee.inbound.received(publish.packetID, in: &inboundIDs)
    }

    /// One client alone cannot use up what all share.
    private var inboundIDsPerClient: Int { max(1, limits.maxIncomingInflight / 4) }

    /// PUBREL: the id may be used for a new message [MQTT-4.3.3-2]. PUBCOMP is owed in any case.
    public mutating func release(_ publisher: Handle<Session>, packetID: UInt16) {
        sessions[publisher].pointee.inbound.released(packetID, in: &inboundIDs)
    }

    /// Stores the message if anybody wants it, and hands it to them; false when the store has no room for it.
    private mutating func accept(_ publish: Publish, from publisher: Handle<Session>, now: Tick) -> Bool {
        guard isWithinLimits(topic: publish.topic) else {
            drops.topicTooLong &+= 1
            return true
        }
        guard isWithinLimits(payload: publish.payload) else {
            drops.payloadTooLong &+= 1
            return true
        }
        // [MQTT-3.3.1-10, MQTT-3.3.1-11]
        let isKept = publish.retain && !publish.payload.isEmpty
        if publish.retain, !isKept { removeRetained(publish.topic) }
        let firstHit = findReceivers(publish.topic)
        guard firstHit.isSome || isKept else { return true }
        // A message of QoS 1 or 2 goes to all its receivers or is not taken over.
        let bytes = 2 + publish.topic.count + publish.payload.count
        guard hasRoom(forBytes: bytes, receivers: publish.qos == .atMostOnce ? 0 : hitCount),
            let message = store.admit(topic: publish.topic, payload: publish.payload, now: now)
        else {
            drops.storeFull &+= 1
            return false
        }
        if isKept { setRetained(publish.topic, message, qos: publish.qos) }
        deliver(
            message, publish.topic, qos: publish.qos, retain: publish.retain, isBurst: false, from: publisher,
            to: firstHit)
        store.release(message)
        if isLow { isPressed = true }
        return true
    }

    /// As a client's PUBLISH, for a message that is in the store already. The caller's reference goes with it.
    mutating func publishStored(_ message: Handle<Message>, qos: QoS, retain: Bool, isBurst: Bool = false) {
        let topic = store.copyTopic(message, to: topicScratch)
        if retain {
            if store[message].pointee.payloadBytes == 0 {
                removeRetained(topic)
            } else {
                setRetained(topic, message, qos: qos)
            }
        }
        deliver(message, topic, qos: qos, retain: retain, isBurst: isBurst, from: .none, to: findReceivers(topic))
        store.release(message)
    }

    /// Queues the message for each session of a chain that `findReceivers` made.
    private mutating func deliver(
        _ message: Handle<Message>, _ topic: ByteView, qos: QoS, retain: Bool, isBurst: Bool,
        from publisher: Handle<Session>, to firstHit: Handle<Session>
    ) {
        var receiver = firstHit
        while receiver.isSome {
            let session = sessions[receiver]
            let isEcho = session.pointee.isBridge && receiver == publisher
            if !isEcho, isAllowed(.read, receiver, topic) {
                // [MQTT-3.3.1-9] To subscriptions that stood before, RETAIN is 0; a bridge has to know.
                let flags = Delivery.Flags(
                    qos: qos.capped(at: session.pointee.hitQoS), isRetained: retain && session.pointee.isBridge)
                enqueue(receiver, message, flags, isBurst: isBurst)
            }
            receiver = session.pointee.nextHit
        }
    }

    /// Chains up the sessions with a matching subscription, each once, with the highest QoS that a match grants
    /// [MQTT-3.3.5-1], and answers the first.
    private mutating func findReceivers(_ topic: ByteView) -> Handle<Session> {
        walk &+= 1
        hitCount = 0
        spoolHits = 0
        var firstHit = Handle<Session>.none
        var lastHit = Handle<Session>.none
        var match = TopicMatch(topic, in: tree)
        while let node = match.next(in: tree) {
            var handle = tree[node].pointee.firstSubscription
            while handle.isSome {
                let subscription = subscriptions[handle]
                let session = sessions[subscription.pointee.session]
                if session.pointee.walk != walk {
                    session.pointee.walk = walk
                    hitCount += 1
                    if session.pointee.spool != 0, hasRoom(inSpool: session) { spoolHits += 1 }
                    session.pointee.hitQoS = subscription.pointee.qos
                    session.pointee.nextHit = .none
                    if lastHit.isSome {
                        sessions[lastHit].pointee.nextHit = subscription.pointee.session
                    } else {
                        firstHit = subscription.pointee.session
                    }
                    lastHit = subscription.pointee.session
                } else if session.pointee.hitQoS.rawValue < subscription.pointee.qos.rawValue {
                    session.pointee.hitQoS = subscription.pointee.qos
                }
                handle = subscription.pointee.nextOfNode
            }
        }
        return firstHit
    }

    /// Puts the message at the end of one client's queue, or drops and counts it. `isBurst` is for the retained
    /// messages of a new subscription and for the broker's own topics, which come all at once: those may go beyond the
    /// queue's limits, as long as half of the deliveries are left to others.
    mutating func enqueue(
        _ handle: Handle<Session>, _ message: Handle<Message>, _ flags: Delivery.Flags, isBurst: Bool
    ) {
        let qos = flags.qos
        let session = sessions[handle]
        if session.pointee.spool != 0 {
            spool(handle, message, flags, isBurst: isBurst)
            return
        }
        let isAway = session.pointee.link.isNone
        // [MQTT-3.1.2-5] asks for QoS 1 and 2 only.
        if isAway, qos == .atMostOnce, !limits.queuesQoS0 { return }
        let bytes = store[message].pointee.content.count
        let mayExceed = isBurst && mayBurst && session.pointee.queuedBytes < Broker.maxBurstBytes
        guard mayExceed || hasQueueRoom(session, for: bytes) || makeQueueRoom(handle, for: bytes, qos: qos) else {
            drops.queueFull &+= 1
            return
        }
        guard hasFreeDelivery, let delivery = deliveries.take(Delivery(message: message, flags: flags)) else {
            drops.storeFull &+= 1
            return
        }
        store.retain(message)
        session.pointee.queue.append(delivery, in: deliveries)
        session.pointee.queuedBytes &+= bytes
        if isAway {
            if oldestUnsent(session) == message { scheduleExpiry(handle, now: store[message].pointee.admitted) }
        } else if !session.pointee.isBlocked {
            markDirty(handle)
            if isNearLimit(session) { isPressed = true }
        }
    }

    /// Beside what is kept free for spools.
    private var hasFreeDelivery: Bool { spoolCount == 0 || deliveries.free > spoolReserve.records }

    /// Of one client's queue: it may stand for the same message many times, and the sum has 32 bits.
    static var maxBurstBytes: UInt32 { 256 << 20 }

    /// Half of the deliveries that are the house's are left.
    var mayBurst: Bool {
        deliveries.free - spoolReserve.records > (deliveries.capacity - spoolRecords) / 2
    }

    private func hasQueueRoom(_ session: UnsafeMutablePointer<Session>, for bytes: UInt32) -> Bool {
        let (count, held) = (Int(session.pointee.queue.count), Int64(session.pointee.queuedBytes))
        return (limits.maxQueuedMessages == 0 || count < limits.maxQueuedMessages)
            && (limits.maxQueuedBytes == 0 || count == 0 || held + Int64(bytes) <= Int64(limits.maxQueuedBytes))
    }

    /// Drops what has waited longest, where that is the policy, until the message fits.
    private mutating func makeQueueRoom(_ handle: Handle<Session>, for bytes: UInt32, qos: QoS) -> Bool {
        guard limits.queuePolicy == .dropOldest, qos != .atMostOnce else { return false }
        let session = sessions[handle]
        // A packet that is begun, and what was sent before, stay: their exchanges are under way.
        var previous = Handle<Delivery>.none
        var oldest = session.pointee.queue.first
        var isBegun = session.pointee.sentBytes > 0
        while oldest.isSome, isBegun || deliveries[oldest].pointee.flags.isDuplicate {
            isBegun = false
            previous = oldest
            oldest = deliveries[oldest].pointee.next
        }
        while oldest.isSome, !hasQueueRoom(session, for: bytes) {
            let next = deliveries[oldest].pointee.next
            session.pointee.queue.remove(oldest, after: previous, in: deliveries)
            session.pointee.queuedBytes &-= store[deliveries[oldest].pointee.message].pointee.content.count
            drop(oldest)
            drops.queueFull &+= 1
            oldest = next
        }
        return hasQueueRoom(session, for: bytes)
    }

    /// More than half of what this client's queue may hold.
    private func isNearLimit(_ session: UnsafeMutablePointer<Session>) -> Bool {
        (limits.maxQueuedMessages > 0 && Int(session.pointee.queue.count) * 2 > limits.maxQueuedMessages)
            || (limits.maxQueuedBytes > 0 && Int64(session.pointee.queuedBytes) * 2 > Int64(limits.maxQueuedBytes))
    }
}
