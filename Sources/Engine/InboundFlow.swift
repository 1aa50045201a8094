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
    /// So many of the first ones came by earlier connections.
    private var staleCount: UInt32 = 0

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
        if staleCount > 0, place(of: id, in: pool) < staleCount { staleCount -= 1 }
        ids.remove(id, after: previous, in: pool)
        pool.give(id)
    }

    /// The connection has ended. A peer that has kept its part of the session goes on with what waits now; one that has
    /// not, though it says so, would leave it here for ever.
    public mutating func connectionEnded() { staleCount = ids.count }

    /// Makes room by forgetting the id that has waited longest, if it came by an earlier connection.
    public mutating func forgetStale(in pool: inout Pool<InboundID>) -> Bool {
        guard staleCount > 0, let id = ids.removeFirst(in: pool) else { return false }
        staleCount -= 1
        pool.give(id)
        return true
    }

    /// How many stand in front of it.
    private func place(of wanted: Handle<InboundID>, in pool: borrowing Pool<InboundID>) -> UInt32 {
        var place: UInt32 = 0
        var id = ids.first
        while id != wanted {
            place += 1
            id = pool[id].pointee.next
        }
        return place
    }

    public mutating func removeAll(in pool: inout Pool<InboundID>) {
        while let id = ids.removeFirst(in: pool) { pool.give(id) }
        staleCount = 0
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
