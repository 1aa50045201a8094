import Base
import Engine
import Wire

extension Broker {
    public enum AcknowledgeOutcome: UInt8 {
        case done
        /// Answer PUBREL with the same id.
        case release
        /// An acknowledgement that does not fit the message's QoS.
        case violation
    }

    /// PUBACK, PUBREC or PUBCOMP from a client. An unknown id is left alone, except that PUBREC is answered, so that
    /// the peer comes to its end.
    public mutating func acknowledge(
        _ handle: Handle<Session>, _ type: PacketType, packetID: UInt16
    ) -> AcknowledgeOutcome {
        let session = sessions[handle]
        guard let (found, previous) = inFlight(session, packetID) else { return type == .pubrec ? .release : .done }
        let delivery = deliveries[found]
        switch delivery.pointee.state.received(type) {
        case .complete:
            session.pointee.inFlight.remove(found, after: previous, in: deliveries)
            drop(found)
            // The window has moved on.
            if !session.pointee.queue.isEmpty, !session.pointee.isBlocked { markDirty(handle) }
            return .done
        case .release:
            // From here on the receiver owns the message; only the id is still in play.
            if delivery.pointee.message.isSome {
                store.release(delivery.pointee.message)
                delivery.pointee.message = .none
            }
            return .release
        case .violation:
            return .violation
        }
    }

    /// Acknowledgements come mostly in order, so the first look finds most; `max_inflight_messages` bounds the rest.
    func inFlight(
        _ session: UnsafeMutablePointer<Session>, _ packetID: UInt16
    ) -> (found: Handle<Delivery>, previous: Handle<Delivery>)? {
        var previous = Handle<Delivery>.none
        var handle = session.pointee.inFlight.first
        while handle.isSome {
            if deliveries[handle].pointee.packetID == packetID { return (handle, previous) }
            previous = handle
            handle = deliveries[handle].pointee.next
        }
        return nil
    }

    /// Gives back a delivery that stands in no list any more, and its share of the message.
    mutating func drop(_ handle: Handle<Delivery>) {
        let message = deliveries[handle].pointee.message
        if message.isSome { store.release(message) }
        deliveries.give(handle)
    }
}
