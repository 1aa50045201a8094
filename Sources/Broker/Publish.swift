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
        /// A QoS 1 or 2 message found no room. Closing without acknowledgement makes the client send it again later
        /// [MQTT-4.8.0-2].
        case storeFull
    }

    /// Routes a message from a client to all whose subscriptions match.
    public mutating func publish(_ publisher: Handle<Session>, _ publish: Publish, now: Tick) -> PublishOutcome {
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
        guard route(publish, now: now) || publish.qos == .atMostOnce else { return .storeFull }
        if publish.qos == .exactlyOnce {
            sessions[publisher].pointee.inbound.received(publish.packetID, in: &inboundIDs)
        }
        return .done
    }

    /// One client alone cannot use up what all share.
    private var inboundIDsPerClient: Int { max(1, limits.maxIncomingInflight / 4) }

    /// PUBREL: the id may be used for a new message [MQTT-4.3.3-2]. PUBCOMP is owed in any case.
    public mutating func release(_ publisher: Handle<Session>, packetID: UInt16) {
        sessions[publisher].pointee.inbound.released(packetID, in: &inboundIDs)
    }

    /// Queues the message for every receiver; false when the store has no room for it.
    private mutating func route(_ publish: Publish, now: Tick) -> Bool {
        guard isWithinLimits(topic: publish.topic) else {
            drops.topicTooLong &+= 1
            return true
        }
        let firstHit = findReceivers(publish.topic)
        guard firstHit.isSome else { return true }
        guard let message = store.admit(topic: publish.topic, payload: publish.payload, now: now) else {
            drops.storeFull &+= 1
            return false
        }
        var receiver = firstHit
        while receiver.isSome {
            let session = sessions[receiver]
            enqueue(receiver, message, qos: publish.qos.capped(at: session.pointee.hitQoS))
            receiver = session.pointee.nextHit
        }
        store.release(message)
        if isLow { isPressed = true }
        return true
    }

    /// Chains up the sessions with a matching subscription, each once, with the highest QoS that a match grants
    /// [MQTT-3.3.5-1], and answers the first.
    private mutating func findReceivers(_ topic: ByteView) -> Handle<Session> {
        walk &+= 1
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

    /// Puts the message at the end of one client's queue, or drops and counts it.
    private mutating func enqueue(_ handle: Handle<Session>, _ message: Handle<Message>, qos: QoS) {
        let session = sessions[handle]
        let isAway = session.pointee.link.isNone
        // [MQTT-3.1.2-5] asks for QoS 1 and 2 only.
        if isAway, qos == .atMostOnce { return }
        let bytes = store[message].pointee.content.count
        guard hasQueueRoom(session, for: bytes) else {
            drops.queueFull &+= 1
            return
        }
        guard let delivery = deliveries.take(Delivery(message: message, flags: Delivery.Flags(qos: qos))) else {
            drops.storeFull &+= 1
            return
        }
        store.retain(message)
        session.pointee.queue.append(delivery, in: deliveries)
        session.pointee.queuedBytes += bytes
        if isAway {
            if oldestUnsent(session) == message { scheduleExpiry(handle, now: store[message].pointee.admitted) }
        } else if !session.pointee.isBlocked {
            markDirty(handle)
            if isNearLimit(session) { isPressed = true }
        }
    }

    private func hasQueueRoom(_ session: UnsafeMutablePointer<Session>, for bytes: UInt32) -> Bool {
        let (count, held) = (Int(session.pointee.queue.count), Int(session.pointee.queuedBytes))
        return (limits.maxQueuedMessages == 0 || count < limits.maxQueuedMessages)
            && (limits.maxQueuedBytes == 0 || count == 0 || held + Int(bytes) <= limits.maxQueuedBytes)
    }

    /// More than half of what this client's queue may hold.
    private func isNearLimit(_ session: UnsafeMutablePointer<Session>) -> Bool {
        (limits.maxQueuedMessages > 0 && Int(session.pointee.queue.count) * 2 > limits.maxQueuedMessages)
            || (limits.maxQueuedBytes > 0 && Int(session.pointee.queuedBytes) * 2 > limits.maxQueuedBytes)
    }
}
