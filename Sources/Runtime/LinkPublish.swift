import Base
import Wire

extension Link {
    /// What became of a message that was given to a link.
    public enum Taken: UInt8 {
        case taken
        /// There is no room; later there may be.
        case full
        /// It will never fit.
        case tooLong
    }

    /// Sends a message, now or when there is a connection. `topic` is a valid topic name.
    // Not inlined: Swift 6.3.1 crashes over the closure when the payload is a constant.
    @inline(never)
    public mutating func publish(_ topic: ByteView, _ payload: ByteView, _ qos: QoS, retain: Bool) -> Taken {
        publish(topic, payloadBytes: payload.count, qos, retain: retain, tag: 0) { $0(payload) }
    }

    /// The same with a payload in pieces, with which `read` calls what it is given, one after the other; `published`
    /// tells the tag.
    @inline(never)
    public mutating func publish(
        _ topic: ByteView, payloadBytes: Int, _ qos: QoS, retain: Bool, tag: UInt16,
        _ read: ((ByteView) -> Void) -> Void
    ) -> Taken {
        if isWritable, qos == .atMostOnce, outbox.queued.isEmpty, control.count == 0 {
            let layout = PublishLayout(
                qos: qos, retain: retain, isDuplicate: false, packetID: 0, topicFieldBytes: topic.count + 2,
                payloadBytes: payloadBytes)
            if topic.count + payloadBytes <= limits.sendBytes / 2, makeRoom(layout.totalBytes) {
                layout.encodeHeader(to: &output)
                output.lengthPrefixed(topic)
                read { output.bytes($0) }
                counters.messagesSent &+= 1
                return .taken
            }
        }
        guard Link.isPossible(topic, payloadBytes, qos), outbox.canHold(topic.count + 2 + payloadBytes) else {
            return .tooLong
        }
        return keep(topic, file: -1, payloadBytes: payloadBytes, qos, retain: retain, tag: tag, read)
    }

    /// The same with the first `bytes` bytes of a file for a payload, which are read when they are sent. The file stays
    /// open and unchanged until the link has sent all.
    public mutating func publish(
        _ topic: ByteView, file: Int32, bytes: Int, _ qos: QoS, retain: Bool
    ) -> Taken {
        guard Link.isPossible(topic, bytes, qos), outbox.canHold(topic.count + 2) else { return .tooLong }
        return keep(topic, file: file, payloadBytes: bytes, qos, retain: retain, tag: 0) { _ in }
    }

    private mutating func keep(
        _ topic: ByteView, file: Int32, payloadBytes: Int, _ qos: QoS, retain: Bool, tag: UInt16,
        _ read: ((ByteView) -> Void) -> Void
    ) -> Taken {
        while true {
            if outbox.append(
                topic, file: file, payloadBytes: payloadBytes, qos, retain: retain, tag: tag, now: now, read)
            {
                return .taken
            }
            guard settings.dropsOldest, outbox.dropOldest() else { return .full }
            counters.droppedFull &+= 1
        }
    }

    /// Whether the remaining length can say how long it is.
    private static func isPossible(_ topic: ByteView, _ payloadBytes: Int, _ qos: QoS) -> Bool {
        payloadBytes <= Int(VarInt.maxValue) - topic.count - (qos == .atMostOnce ? 2 : 4)
    }

    /// Asks for the messages of a filter, which is valid: the packet id, or nil when there is no connection or no room.
    @inline(never) public mutating func subscribe(_ filter: ByteView, _ qos: QoS) -> UInt16? {
        guard state == .up, makeControlRoom(Subscribe.byteCount(filterBytes: filter.count)),
            let id = outbox.takeRequestID()
        else { return nil }
        hasSubscribed = true
        Subscribe.encode(Subscribe.Request(filter: filter, qos: qos), packetID: id, to: &control)
        return id
    }

    /// As `subscribe`, the other way.
    @inline(never) public mutating func unsubscribe(_ filter: ByteView) -> UInt16? {
        guard state == .up, makeControlRoom(Unsubscribe.byteCount(filterBytes: filter.count)),
            let id = outbox.takeRequestID()
        else { return nil }
        Unsubscribe.encode(filter, packetID: id, to: &control)
        return id
    }

    /// Whether a packet of our own may follow what is in the output.
    private var isWritable: Bool { state == .up && outbox.writing.isNone && outbox.toRepeat.isNone }

    private mutating func makeControlRoom(_ bytes: Int) -> Bool {
        if control.room < bytes { moveControl() }
        return control.room >= bytes
    }

    /// Whether the output has room for so many bytes behind what is not sent yet.
    mutating func makeRoom(_ bytes: Int) -> Bool {
        if output.room < bytes, sent > 0 {
            output.keep(from: sent)
            sent = 0
        }
        return output.room >= bytes
    }

    /// Puts what has waited for the end of a message behind it.
    mutating func moveControl() {
        guard control.count > 0, outbox.writing.isNone else { return }
        let count = min(control.count, makeRoom(control.count) ? control.count : output.room)
        // Packets may be cut here: the rest follows before anything else.
        output.bytes(control.written.slice(0, count))
        control.keep(from: count)
    }
}
