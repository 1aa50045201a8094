import Base
import Engine
import Wire

/// A message of ours on its way to the broker.
struct Outgoing: Linked {
    var next: Handle<Outgoing> = .none
    /// The topic with its length, and the payload unless that stands in a file.
    let content: Stored
    let topicFieldBytes: UInt32
    /// The file with the payload; below zero when there is none.
    let file: Int32
    let payloadBytes: UInt32
    let qos: QoS
    let retain: Bool
    var state = DeliveryState.queued
    /// It is not sent for the first time [MQTT-3.3.1-1].
    var isRepeated = false
    var packetID: UInt16 = 0
    /// What the owner calls it.
    let tag: UInt16
    let queuedAt: Tick
}

/// Messages that wait to be sent, and those that were sent and are not acknowledged yet.
struct Outbox: ~Copyable {
    var records: Pool<Outgoing>
    var store: Slabs
    /// Not sent yet.
    var queued = List<Outgoing>()
    /// QoS 1 and 2, sent, in the order of their packet ids.
    var inFlight = List<Outgoing>()
    /// The next of those in flight that a new connection must repeat; none when all are.
    var toRepeat = Handle<Outgoing>.none
    /// The one that is being written: the first that is queued, or one in flight.
    var writing = Handle<Outgoing>.none
    var writer = MessageWriter()
    private var ids = OutboundFlow()
    /// Packet ids of SUBSCRIBE and UNSUBSCRIBE that are not answered: how many, and one that is not after the oldest.
    private var openRequests = 0
    private var oldestRequest: UInt16 = 0

    /// Few pieces for a long message, little waste for a short one.
    private static var slabBytes: Int { 120 }

    init(_ arena: inout Arena, _ limits: LinkLimits) {
        records = Pool(&arena, "outgoing messages", key: "max_queued_messages", count: limits.maxQueued)
        store = Slabs(
            &arena, "outgoing slabs", key: "max_queued_bytes",
            count: (limits.queueBytes + Outbox.slabBytes - 1) / Outbox.slabBytes, bytes: Outbox.slabBytes)
    }

    var count: Int { records.inUse }
    var isEmpty: Bool { records.inUse == 0 }

    /// Whether a message of this length could be kept if nothing else were.
    func canHold(_ bytes: Int) -> Bool { bytes <= store.capacity * store.bytesPerSlab }

    /// Puts a message behind all others, or answers false when there is no room.
    /// `read` calls what it is given with the payload, unless that stands in the file, one piece after the other.
    mutating func append(
        _ topic: ByteView, file: Int32, payloadBytes: Int, _ qos: QoS, retain: Bool, tag: UInt16, now: Tick,
        _ read: ((ByteView) -> Void) -> Void
    ) -> Bool {
        guard records.hasRoom() else { return false }
        var chain = Chain()
        var isIn = appendTopic(topic, to: &chain)
        if isIn, file < 0 {
            read { isIn = isIn && store.append($0, to: &chain) }
        }
        guard isIn else {
            store.free(&chain)
            return false
        }
        guard let record = records.take(
            Outgoing(
                content: store.seal(chain), topicFieldBytes: UInt32(topic.count + 2), file: file,
                payloadBytes: UInt32(payloadBytes), qos: qos, retain: retain, tag: tag, queuedAt: now))
        else { preconditionFailure("a free record was there") }
        queued.append(record, in: records)
        return true
    }

    private mutating func appendTopic(_ topic: ByteView, to chain: inout Chain) -> Bool {
        var length = (UInt8(topic.count >> 8), UInt8(topic.count & 0xFF))
        let isIn = withUnsafeBytes(of: &length) {
            store.append(ByteView($0.baseAddress!.assumingMemoryBound(to: UInt8.self), 2), to: &chain)
        }
        return isIn && store.append(topic, to: &chain)
    }

    /// The message that has waited longest and is not being written.
    private var oldest: Handle<Outgoing> {
        let first = queued.first
        return first.isSome && first == writing ? records[first].pointee.next : first
    }

    /// Drops the message that has waited longest, unless all are under way.
    mutating func dropOldest() -> Bool {
        let dropped = oldest
        guard dropped.isSome else { return false }
        queued.remove(dropped, in: records)
        give(dropped)
        return true
    }

    private mutating func give(_ record: Handle<Outgoing>) {
        store.free(records[record].pointee.content)
        records.give(record)
    }

    /// The first packet id is the one after this. None was taken yet.
    mutating func beginIDs(after id: UInt16) { ids = OutboundFlow(lastID: id) }

    /// A packet id for a SUBSCRIBE or UNSUBSCRIBE; nil when all are in use.
    mutating func takeRequestID() -> UInt16? {
        guard let id = takeID() else { return nil }
        if openRequests == 0 { oldestRequest = id }
        openRequests += 1
        return id
    }

    /// Answers come in the order of the requests, so no unanswered one is older.
    mutating func requestAnswered(_ packetID: UInt16) {
        openRequests = max(0, openRequests - 1)
        oldestRequest = openRequests == 0 ? 0 : packetID
    }

    private mutating func takeID() -> UInt16? {
        let oldest = inFlight.first.isSome ? records[inFlight.first].pointee.packetID : 0
        // Looked at with a copy, so that an id that cannot be taken is not passed over.
        var ids = ids
        guard let id = ids.takeID(oldest: oldest), id != oldestRequest else { return nil }
        self.ids = ids
        return id
    }

    /// Chooses the message to be written next, of those that may be on their way; nil when there is none.
    mutating func beginWriting(maxInflight: Int) -> Bool {
        precondition(writing.isNone)
        if toRepeat.isSome {
            writing = toRepeat
            toRepeat = records[toRepeat].pointee.next
            records[writing].pointee.isRepeated = true
        } else {
            let first = queued.first
            guard first.isSome else { return false }
            if records[first].pointee.qos != .atMostOnce {
                guard Int(inFlight.count) < maxInflight, let id = takeID() else { return false }
                _ = queued.removeFirst(in: records)
                records[first].pointee.packetID = id
                inFlight.append(first, in: records)
            }
            writing = first
        }
        let message = records[writing]
        writer = MessageWriter(message.pointee)
        if message.pointee.qos != .atMostOnce, message.pointee.state == .queued {
            message.pointee.state = .sent(message.pointee.qos)
        }
        return true
    }

    /// The message that was being written is written.
    mutating func finishWriting() {
        if records[writing].pointee.qos == .atMostOnce {
            precondition(queued.first == writing)
            _ = queued.removeFirst(in: records)
            give(writing)
        }
        writing = .none
    }

    /// The message that was being written is given up.
    mutating func dropWriting() {
        if records[writing].pointee.qos == .atMostOnce {
            finishWriting()
        } else {
            inFlight.remove(writing, in: records)
            give(writing)
            writing = .none
        }
    }

    /// Forgets all messages, sent or not. There is no connection.
    mutating func removeAll() {
        while let record = queued.removeFirst(in: records) { give(record) }
        while let record = inFlight.removeFirst(in: records) { give(record) }
        toRepeat = .none
    }

    /// Forgets what was not sent yet of QoS 0; answers how many. There is no connection.
    mutating func removeQoS0() -> UInt32 {
        var removed: UInt32 = 0
        var previous = Handle<Outgoing>.none
        var here = queued.first
        while here.isSome {
            let next = records[here].pointee.next
            if records[here].pointee.qos == .atMostOnce {
                queued.remove(here, after: previous, in: records)
                give(here)
                removed += 1
            } else {
                previous = here
            }
            here = next
        }
        return removed
    }

    /// The connection has ended: what is in flight is to be sent again, in the same order [MQTT-4.4.0-1].
    mutating func connectionEnded() {
        writing = .none
        toRepeat = inFlight.first
        openRequests = 0
        oldestRequest = 0
    }

    /// What an acknowledgement means; nil for a message that is not in flight. `complete` ends its exchange.
    mutating func acknowledged(_ type: PacketType, _ packetID: UInt16, tag: inout UInt16) -> DeliveryState.Step? {
        var previous = Handle<Outgoing>.none
        var here = inFlight.first
        while here.isSome, records[here].pointee.packetID != packetID {
            previous = here
            here = records[here].pointee.next
        }
        guard here.isSome else { return nil }
        guard here != writing else { return .violation }
        let step = records[here].pointee.state.received(type)
        if step == .complete {
            tag = records[here].pointee.tag
            if here == toRepeat { toRepeat = records[here].pointee.next }
            inFlight.remove(here, after: previous, in: records)
            give(here)
        }
        return step
    }

    /// Drops what has waited longer than `spanMs`; answers how many.
    mutating func expire(_ spanMs: UInt32, now: Tick) -> UInt32 {
        var count: UInt32 = 0
        while oldest.isSome, now.msSince(records[oldest].pointee.queuedAt) >= spanMs, dropOldest() { count += 1 }
        return count
    }

    /// When the first message will have waited so long; nil when none waits.
    func expiryDue(_ spanMs: UInt32) -> Tick? {
        oldest.isSome ? records[oldest].pointee.queuedAt.advanced(byMs: spanMs) : nil
    }
}
