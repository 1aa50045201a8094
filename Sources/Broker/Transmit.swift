import Base
import Config
import Engine
import Wire

extension Broker {
    /// Bytes of the first packet in the queue that are still to be sent, when some of it went out already; zero
    /// otherwise. They must go before anything else.
    public func begunBytes(_ handle: Handle<Session>) -> Int {
        let session = sessions[handle]
        guard session.pointee.sentBytes > 0 else { return 0 }
        return packetBytes(session.pointee.queue.first) - Int(session.pointee.sentBytes)
    }

    /// The parts of a queue, between which other packets may be sent.
    public enum QueuePart: UInt8 {
        /// The packet of which an earlier write took the first bytes.
        case begunPacket
        /// All packets behind that.
        case rest
    }

    /// Adds to `gather` what one part of the client's queue has to send, as far as `gather` has room and the in-flight
    /// window lets it. Nothing changes until `sent` says how much of it went out.
    public mutating func fill(_ handle: Handle<Session>, _ gather: inout Gather, _ part: QueuePart) {
        let session = sessions[handle]
        var window = limits.maxInflightMessages - Int(session.pointee.inFlight.count)
        var begunBytes = Int(session.pointee.sentBytes)
        var next = session.pointee.queue.first
        while next.isSome {
            let delivery = deliveries[next]
            if delivery.pointee.flags.qos != .atMostOnce {
                guard window > 0, giveID(delivery, session) else { return }
                window -= 1
            }
            if part == .begunPacket || begunBytes == 0 {
                guard add(delivery, skipping: begunBytes, to: &gather), part == .rest else { return }
            }
            begunBytes = 0
            next = delivery.pointee.next
        }
    }

    /// `count` bytes of what `fill` offered went out.
    public mutating func sent(_ handle: Handle<Session>, _ count: Int) {
        let session = sessions[handle]
        var left = count + Int(session.pointee.sentBytes)
        session.pointee.sentBytes = 0
        while left > 0 {
            let first = session.pointee.queue.first
            let total = packetBytes(first)
            guard left >= total else {
                session.pointee.sentBytes = UInt32(left)
                return
            }
            left -= total
            _ = session.pointee.queue.removeFirst(in: deliveries)
            finishSending(first, session)
        }
    }

    /// Whether something waits that could be sent now.
    public func hasOutput(_ handle: Handle<Session>) -> Bool {
        let session = sessions[handle]
        let first = session.pointee.queue.first
        guard first.isSome else { return false }
        return deliveries[first].pointee.flags.qos == .atMostOnce || session.pointee.sentBytes > 0
            || Int(session.pointee.inFlight.count) < limits.maxInflightMessages
    }

    /// The connection does, or does not, take bytes at present. Messages for a blocked client only queue up.
    public func setBlocked(_ handle: Handle<Session>, _ isBlocked: Bool) {
        sessions[handle].pointee.isBlocked = isBlocked
    }

    /// A packet that was sent whole leaves the queue: at QoS 0 for good, otherwise to wait for its acknowledgement.
    private mutating func finishSending(_ handle: Handle<Delivery>, _ session: UnsafeMutablePointer<Session>) {
        let delivery = deliveries[handle]
        if delivery.pointee.message.isSome {
            let message = store[delivery.pointee.message]
            session.pointee.queuedBytes &-= message.pointee.content.count
            traffic.messagesSent.add(1)
            traffic.bytesSent.add(message.pointee.payloadBytes)
        }
        if delivery.pointee.flags.qos == .atMostOnce {
            drop(handle)
            return
        }
        if delivery.pointee.state != .awaitingPubcomp { delivery.pointee.state = .sent(delivery.pointee.flags.qos) }
        session.pointee.inFlight.append(handle, in: deliveries)
    }

    /// A message keeps its id when it is sent again [MQTT-2.3.1-3].
    private func giveID(_ delivery: UnsafeMutablePointer<Delivery>, _ session: UnsafeMutablePointer<Session>) -> Bool {
        guard delivery.pointee.packetID == 0 else { return true }
        // Sent messages first; after a reconnect they stand at the front of the queue again.
        let oldest = session.pointee.inFlight.isEmpty ? session.pointee.queue.first : session.pointee.inFlight.first
        guard let id = session.pointee.outbound.takeID(oldest: deliveries[oldest].pointee.packetID) else {
            return false
        }
        delivery.pointee.packetID = id
        return true
    }

    private func layout(_ delivery: UnsafeMutablePointer<Delivery>) -> PublishLayout {
        let message = store[delivery.pointee.message]
        return PublishLayout(
            qos: delivery.pointee.flags.qos, retain: delivery.pointee.flags.isRetained,
            isDuplicate: delivery.pointee.flags.isDuplicate, packetID: delivery.pointee.packetID,
            topicFieldBytes: Int(message.pointee.topicFieldBytes),
            payloadBytes: message.pointee.payloadBytes)
    }

    private func packetBytes(_ handle: Handle<Delivery>) -> Int {
        let delivery = deliveries[handle]
        guard delivery.pointee.message.isSome else { return Acknowledgement.byteCount }
        return layout(delivery).totalBytes
    }

    /// Adds the packet from byte `skipping` on. False when `gather` is full, which may be in the middle of the packet.
    private mutating func add(
        _ delivery: UnsafeMutablePointer<Delivery>, skipping: Int, to gather: inout Gather
    ) -> Bool {
        var piece = Piece(skipping: skipping)
        guard delivery.pointee.message.isSome else {
            return piece.add(to: &gather, capacity: Acknowledgement.byteCount) {
                Acknowledgement.encode(.pubrel, packetID: delivery.pointee.packetID, to: &$0)
            }
        }
        let layout = layout(delivery)
        guard piece.add(to: &gather, capacity: PublishLayout.maxHeaderBytes, { layout.encodeHeader(to: &$0) })
        else { return false }
        var reader = ChainReader(store[delivery.pointee.message].pointee.content)
        if layout.hasPacketID {
            guard piece.add(layout.topicFieldBytes, of: &reader, in: store, to: &gather),
                piece.add(to: &gather, capacity: 2, { $0.int16(layout.packetID) })
            else { return false }
        }
        return piece.add(reader.remaining, of: &reader, in: store, to: &gather)
    }

    /// Adds parts of a packet to a write, leaving out the bytes that an earlier write took.
    private struct Piece {
        var skipping: Int

        mutating func add(
            to gather: inout Gather, capacity: Int, _ encode: (inout ByteWriter) -> Void
        ) -> Bool {
            precondition(capacity <= 8)
            var space: UInt64 = 0
            return withUnsafeMutableBytes(of: &space) { bytes in
                var writer = ByteWriter(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), capacity: capacity)
                encode(&writer)
                return add(writer.written, to: &gather)
            }
        }

        mutating func add(
            _ count: Int, of reader: inout ChainReader, in store: borrowing MessageStore, to gather: inout Gather
        ) -> Bool {
            var left = count
            if skipping > 0 {
                let skipped = min(skipping, count)
                store.skip(skipped, of: &reader)
                skipping -= skipped
                left -= skipped
            }
            while left > 0, let run = store.next(&reader, limit: left) {
                guard gather.add(run) else { return false }
                left -= run.count
            }
            return true
        }

        private mutating func add(_ view: ByteView, to gather: inout Gather) -> Bool {
            let skipped = min(skipping, view.count)
            skipping -= skipped
            return gather.add(view.dropFirst(skipped))
        }
    }
}
