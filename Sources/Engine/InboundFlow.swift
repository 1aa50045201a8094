import Base

/// The id of a QoS 2 message that was taken in and not yet released by PUBREL.
public struct InboundID: Linked {
    public var next: Handle<InboundID> = .none
    public let packetID: UInt16
}

/// The receiving side of QoS 2 of one session: a message is passed on once, however often it is sent until PUBREL
/// [MQTT-4.3.3-2].
public struct InboundFlow {
    private var ids = List<InboundID>()

    public init() {}

    public enum Verdict: UInt8 {
        case new
        /// Passed on before; answer PUBREC again and do nothing else.
        case duplicate
        /// The client has more messages under way than it may.
        case full
    }

    /// Ids that wait for PUBREL.
    public var count: Int { Int(ids.count) }

    /// What a PUBLISH of QoS 2 with this id is. At most `limit` ids wait at a time.
    public func verdict(_ packetID: UInt16, limit: Int, in pool: borrowing Pool<InboundID>) -> Verdict {
        if holds(packetID, in: pool) { return .duplicate }
        return count < limit && pool.hasRoom() ? .new : .full
    }

    /// Whether the id waits for PUBREL.
    public func holds(_ packetID: UInt16, in pool: borrowing Pool<InboundID>) -> Bool {
        find(packetID, in: pool) != nil
    }

    /// Notes a PUBLISH whose verdict was `new`, once its message is taken over.
    public mutating func received(_ packetID: UInt16, in pool: inout Pool<InboundID>) {
        guard let id = pool.take(InboundID(packetID: packetID)) else { preconditionFailure("a free record was there") }
        ids.append(id, in: pool)
    }

    /// Notes a PUBREL. An unknown id is no error: PUBCOMP was lost, and is owed again.
    public mutating func released(_ packetID: UInt16, in pool: inout Pool<InboundID>) {
        guard let (id, previous) = find(packetID, in: pool) else { return }
        ids.remove(id, after: previous, in: pool)
        pool.give(id)
    }

    public mutating func removeAll(in pool: inout Pool<InboundID>) {
        while let id = ids.removeFirst(in: pool) { pool.give(id) }
    }

    /// PUBRELs come in the order of the messages [MQTT-4.6.0-4], so the first look finds most.
    private func find(
        _ packetID: UInt16, in pool: borrowing Pool<InboundID>
    ) -> (id: Handle<InboundID>, previous: Handle<InboundID>)? {
        var previous = Handle<InboundID>.none
        var id = ids.first
        while id.isSome {
            if pool[id].pointee.packetID == packetID { return (id, previous) }
            previous = id
            id = pool[id].pointee.next
        }
        return nil
    }
}
