import Base
import Engine
import Wire

extension Link {
    /// The owner has no room for the message of QoS 1 or 2 that `next` has just given. From here on none is given any
    /// more, so that none overtakes it, while acknowledgements still are: they may be what makes room. The owner ends
    /// the connection soon; the broker sends the message again with the next one.
    public mutating func refuse(_ publish: Publish, ticket: UInt32) {
        receipts.takeBack(ticket)
        if publish.qos == .exactlyOnce { inbound.released(publish.packetID, in: &inboundIDs) }
        isRefusing = true
    }

    /// Ends the connection, or the attempt to have one, at once and without a word.
    @inline(never) public mutating func cut<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        if state != .idle { end(.disconnected, &io) }
    }

    /// Forgets all messages that are to be sent, those under way, too. There is no connection.
    @inline(never) public mutating func forgetMessages() { outbox.removeAll() }

    /// Forgets the messages of QoS 0 that were not sent; answers how many. There is no connection.
    @inline(never) public mutating func forgetQoS0() -> UInt32 { outbox.removeQoS0() }
}
