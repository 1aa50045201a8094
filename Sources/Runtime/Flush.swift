import Base
import Broker
import Engine
import Wire

extension Server where Net: ~Copyable {
    /// Sends what all connections have to send, and empties the reply buffer.
    mutating func flushAll() {
        while let link = memory.broker.takeDirty() {
            // A session whose client left in this turn keeps what it has.
            if let index = bridgeIndex(link.raw) {
                memory.bridges[index].isDirty = true
            } else if link.isSome {
                markDirty(Handle<Connection>(raw: link.raw))
            }
        }
        while let handle = memory.dirty.removeFirst(in: memory.connections) {
            let connection = memory.connections[handle]
            if connection.pointee.isClosing {
                flushLast(handle)
                memory.ended.append(handle, in: memory.connections)
            } else {
                connection.pointee.isDirty = false
                flush(handle)
            }
        }
        forwardAll()
        memory.replies.removeAll()
    }

    /// Writes until nothing is left or the system takes no more. A queue does not grow meanwhile, so this ends.
    private mutating func flush(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        if connection.pointee.isBlocked {
            keepReplies(handle)
            updateInterest(handle)
            return
        }
        while true {
            let offer = gather(handle)
            guard !memory.gather.isEmpty else { break }
            switch io.send(connection.pointee.descriptor, memory.gather.runs, memory.gather.runCount) {
            case .done(let count):
                consume(handle, count, offer)
                if count < memory.gather.byteCount {
                    block(handle)
                    return
                }
            case .again:
                block(handle)
                return
            case .closed, .exhausted, .absent, .failed:
                connection.pointee.repliesCount = 0
                close(handle, .networkError)
                return
            }
        }
        updateInterest(handle)
    }

    /// How many bytes of each kind a write offers, in the order in which they stand in it.
    private struct Offer {
        var begunPacket = 0
        var output = 0
        var replies = 0
    }

    /// Collects one write: the packet that was cut off, what an earlier write left of the replies, this turn's
    /// replies, and then as many of the session's messages as fit.
    private mutating func gather(_ handle: Handle<Connection>) -> Offer {
        let connection = memory.connections[handle]
        let session = connection.pointee.session
        var offer = Offer()
        memory.gather.removeAll()
        if session.isSome {
            let begun = memory.broker.begunBytes(session)
            if begun > 0 { memory.broker.fill(session, &memory.gather, .begunPacket) }
            offer.begunPacket = memory.gather.byteCount
            guard offer.begunPacket == begun else { return offer }
        }
        let sent = Int(connection.pointee.outputSent)
        let left = Int(connection.pointee.output.count) - sent
        if left > 0 {
            var reader = ChainReader(connection.pointee.output)
            reader.skip(sent, in: memory.packets)
            while let run = reader.next(in: memory.packets), memory.gather.add(run) { offer.output += run.count }
            guard offer.output == left else { return offer }
        }
        let replies = repliesView(connection)
        guard memory.gather.add(replies) else { return offer }
        offer.replies = replies.count
        if session.isSome { memory.broker.fill(session, &memory.gather, .rest) }
        return offer
    }

    /// `count` bytes of what `gather` collected were taken.
    private mutating func consume(_ handle: Handle<Connection>, _ count: Int, _ offer: Offer) {
        let connection = memory.connections[handle]
        var left = count
        counters.bytesSent.add(count)
        func take(_ offered: Int) -> Int {
            let part = min(left, offered)
            left -= part
            return part
        }
        let begun = take(offer.begunPacket)
        if begun > 0 { memory.broker.sent(connection.pointee.session, begun) }
        connection.pointee.outputSent += UInt32(take(offer.output))
        if connection.pointee.outputSent == connection.pointee.output.count {
            memory.packets.free(&connection.pointee.output)
            connection.pointee.outputSent = 0
        }
        let replied = UInt32(take(offer.replies))
        connection.pointee.repliesStart += replied
        connection.pointee.repliesCount -= replied
        if left > 0 { memory.broker.sent(connection.pointee.session, left) }
        let session = connection.pointee.session
        connection.pointee.isMidPacket = session.isSome && memory.broker.begunBytes(session) > 0
        if count > 0 { connection.pointee.blockedSince = now }
    }

    /// The system takes no more: wait until it does.
    private mutating func block(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        keepReplies(handle)
        guard !connection.pointee.isClosing else { return }
        connection.pointee.isBlocked = true
        connection.pointee.unsentBytes = UInt32(io.unsent(connection.pointee.descriptor))
        if connection.pointee.interest & Event.writable == 0 { connection.pointee.blockedSince = now }
        if connection.pointee.session.isSome { memory.broker.setBlocked(connection.pointee.session, true) }
        updateInterest(handle)
        updateDeadline(handle)
    }

    /// The reply buffer is for this turn only; what is not sent moves to the packet slabs.
    private mutating func keepReplies(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        let replies = repliesView(connection)
        connection.pointee.repliesCount = 0
        if !memory.packets.append(replies, to: &connection.pointee.output) { close(handle, .outputStalled) }
    }

    /// A connection that is being closed gets its last words, if the system takes them at once.
    private mutating func flushLast(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        guard connection.pointee.output.isEmpty, connection.pointee.repliesCount > 0, !connection.pointee.isMidPacket
        else { return }
        memory.gather.removeAll()
        _ = memory.gather.add(repliesView(connection))
        _ = io.send(connection.pointee.descriptor, memory.gather.runs, memory.gather.runCount)
        connection.pointee.repliesCount = 0
    }

    private func repliesView(_ connection: UnsafeMutablePointer<Connection>) -> ByteView {
        ByteView(memory.replies.start + Int(connection.pointee.repliesStart), Int(connection.pointee.repliesCount))
    }
}
