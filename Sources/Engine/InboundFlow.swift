import Base

/// The id of a QoS 2 message that was taken in and not yet released by PUBREL.
public struct InboundID {
    /// The one that came after it; behind the newest stands the oldest.
    fileprivate var next: Handle<InboundID> = .none
    public let packetID: UInt16

    fileprivate init(packetID: UInt16) { self.packetID = packetID }
}

/// The receiving side of QoS 2 of one session: a message is passed on once, however often it is sent until PUBREL
/// [MQTT-4.3.3-2].
///
/// Every session has one and few use it, so it is a ring, of which the newest id leads to the oldest.
public struct InboundFlow {
    private var newest = Handle<InboundID>.none
    /// No more than there are packet ids.
    private var idCount: UInt16 = 0
    /// So many of the oldest ones came by earlier connections.
    private var staleCount: UInt16 = 0

    public init() {}

    public enum Verdict: UInt8 {
        case new
        /// Passed on before; answer PUBREC again and do nothing else.
        case duplicate
        /// The client has more messages under way than it may.
        case full
    }

    /// Ids that wait for PUBREL.
    public var count: Int { Int(idCount) }

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
        let last = newest.isSome ? newest : id
        pool[id].pointee.next = pool[last].pointee.next
        pool[last].pointee.next = id
        newest = id
        idCount += 1
    }

    /// Notes a PUBREL. An unknown id is no error: PUBCOMP was lost, and is owed again.
    public mutating func released(_ packetID: UInt16, in pool: inout Pool<InboundID>) {
        guard let (id, previous) = find(packetID, in: pool) else { return }
        if staleCount > 0, place(of: id, in: pool) < staleCount { staleCount -= 1 }
        remove(id, after: previous, in: &pool)
    }

    /// The connection has ended. A peer that has kept its part of the session goes on with what waits now; one that has
    /// not, though it says so, would leave it here for ever.
    public mutating func connectionEnded() { staleCount = idCount }

    /// Makes room by forgetting the id that has waited longest, if it came by an earlier connection.
    public mutating func forgetStale(in pool: inout Pool<InboundID>) -> Bool {
        guard staleCount > 0 else { return false }
        staleCount -= 1
        remove(pool[newest].pointee.next, after: newest, in: &pool)
        return true
    }

    /// How many stand in front of it.
    private func place(of wanted: Handle<InboundID>, in pool: borrowing Pool<InboundID>) -> UInt16 {
        var place: UInt16 = 0
        var id = pool[newest].pointee.next
        while id != wanted {
            place += 1
            id = pool[id].pointee.next
        }
        return place
    }

    public mutating func removeAll(in pool: inout Pool<InboundID>) {
        while newest.isSome { remove(pool[newest].pointee.next, after: newest, in: &pool) }
        staleCount = 0
    }

    /// PUBRELs come in the order of the messages [MQTT-4.6.0-4], so the first look finds most.
    private func find(
        _ packetID: UInt16, in pool: borrowing Pool<InboundID>
    ) -> (id: Handle<InboundID>, previous: Handle<InboundID>)? {
        guard newest.isSome else { return nil }
        var previous = newest
        repeat {
            let id = pool[previous].pointee.next
            if pool[id].pointee.packetID == packetID { return (id, previous) }
            previous = id
        } while previous != newest
        return nil
    }

    /// Takes an id out and gives its record back; `previous` is the one that came before it, or the newest.
    private mutating func remove(
        _ id: Handle<InboundID>, after previous: Handle<InboundID>, in pool: inout Pool<InboundID>
    ) {
        pool[previous].pointee.next = pool[id].pointee.next
        if newest == id { newest = previous == id ? .none : previous }
        idCount -= 1
        pool.give(id)
    }
}
