import Base
import Config
import Engine
import Wire

/// How much may wait for a bridge's remote broker, and how long.
public struct SpoolLimits {
    public var maxMessages: Int
    /// Of topics and payloads.
    public var maxBytes: Int
    /// Zero is for ever.
    public var expirySeconds: Int
    public var policy: QueuePolicy
    /// Whether QoS 0 messages wait for a remote that is out of reach, too.
    public var keepsQoS0: Bool

    public init(_ bridge: BridgeSettings) {
        maxMessages = bridge.spoolMessages
        maxBytes = bridge.spoolBytes
        expirySeconds = bridge.spoolExpirySeconds
        policy = bridge.spoolPolicy
        keepsQoS0 = bridge.spoolsQoS0
    }

    /// Slabs that so many messages with so many bytes take at most: the last one of each need not be full.
    static func slabs(messages: Int, bytes: Int) -> Int { messages + bytes / MessageStore.slabBytes }
}

/// Messages that a bridge did not bring to its remote broker, by cause, since the start.
public struct SpoolDrops: Equatable {
    /// The spool had reached `spool_messages` or `spool_size`.
    public var full: UInt32 = 0
    /// Waited longer than `spool_expiry`.
    public var expired: UInt32 = 0
    /// A later message of the same topic took its place.
    public var replaced: UInt32 = 0
    /// QoS 0, while the remote was out of reach.
    public var offline: UInt32 = 0
    /// Longer than the remote may be sent, or its topic there is.
    public var tooLong: UInt32 = 0
    /// Waited in a session that ended with the connection.
    public var cleaned: UInt32 = 0

    public init() {}
    public var total: UInt32 { full &+ expired &+ replaced &+ offline &+ tooLong &+ cleaned }
}

/// A bridge's place in the broker, of which it is a client by calls instead of packets: its session is like that of any
/// client, and the session's queue is the spool.
///
/// While the remote is out of reach the session is that of an absent client. What has waited until the remote is back
/// is the backlog. It is sent in its order, and in turns with what comes meanwhile, unless that is of a topic of which
/// something stands in the backlog: then it stands behind it, so that the order of each topic is kept [MQTT-4.6.0-5].
struct Spool {
    var session = Handle<Session>.none
    var limits: SpoolLimits
    var drops = SpoolDrops()
    /// Of the backlog.
    var topics: TopicIndex
    /// What came after the remote was back and does not stand behind the backlog.
    var live = List<Delivery>()
    /// Some of the backlog is left.
    var isDraining = false
    /// What is sent next is live.
    var isLiveNext = false
    /// Something was dropped, so that what is retained at the remote may not be what is retained here.
    var hasGaps = false

    init(_ arena: inout Arena, _ limits: SpoolLimits) {
        self.limits = limits
        topics = TopicIndex(&arena, count: limits.maxMessages)
    }
}

// What comes in.
extension Broker {
    /// Puts a message into a spool, or drops and counts it. `isBurst` as for `enqueue`.
    mutating func spool(_ handle: Handle<Session>, _ message: Handle<Message>, _ flags: Delivery.Flags, isBurst: Bool) {
        let session = sessions[handle]
        let spool = spools + Int(session.pointee.spool - 1)
        let isAway = session.pointee.link.isNone
        if isAway, flags.qos == .atMostOnce, !spool.pointee.limits.keepsQoS0 {
            spool.pointee.drops.offline &+= 1
            spool.pointee.hasGaps = true
            return
        }
        let hash = isAway || spool.pointee.isDraining ? topicHash(of: message) : 0
        if isAway, spool.pointee.limits.policy == .keepLatest, replaceWaiting(spool, hash, message, flags) { return }
        // What is retained is in the backlog already when a remote without memory comes again and again.
        if isBurst, spool.pointee.isDraining, isWaiting(spool, hash, message) { return }
        let bytes = store[message].pointee.content.count
        let mayExceed = isBurst && mayBurst && session.pointee.queuedBytes < Broker.maxBurstBytes
        guard mayExceed || hasRoom(spool, for: bytes) || makeRoom(spool, for: bytes),
            let delivery = deliveries.take(Delivery(message: message, flags: flags))
        else {
            spool.pointee.drops.full &+= 1
            spool.pointee.hasGaps = true
            return
        }
        store.retain(message)
        session.pointee.queuedBytes &+= bytes
        if spool.pointee.isDraining, !spool.pointee.topics.contains(hash) {
            spool.pointee.live.append(delivery, in: deliveries)
        } else {
            session.pointee.queue.append(delivery, in: deliveries)
        }
        guard isAway else {
            markDirty(handle)
            return
        }
        if !spool.pointee.topics.insert(hash, delivery) { indexTopics(spool) }
        if oldestUnsent(session) == message { scheduleExpiry(handle, now: store[message].pointee.admitted) }
    }

    private func topicHash(of message: Handle<Message>) -> UInt32 {
        hash.hash(store.copyTopic(message, to: topicScratch))
    }

    /// Builds the index anew from what waits.
    func indexTopics(_ spool: UnsafeMutablePointer<Spool>) {
        spool.pointee.topics.removeAll()
        var delivery = sessions[spool.pointee.session].pointee.queue.first
        while delivery.isSome {
            let hash = topicHash(of: deliveries[delivery].pointee.message)
            guard spool.pointee.topics.insert(hash, delivery) else { return }
            delivery = deliveries[delivery].pointee.next
        }
    }

    /// Puts the message in the place of one of the same topic that waits; false when there is none, or not any more.
    private mutating func replaceWaiting(
        _ spool: UnsafeMutablePointer<Spool>, _ hash: UInt32, _ message: Handle<Message>, _ flags: Delivery.Flags
    ) -> Bool {
        let topic = store.copyTopic(message, to: topicScratch)
        guard let old = deliveries.find(spool.pointee.topics.find(hash)), old.pointee.state == .queued,
            old.pointee.message.isSome, store.topic(of: old.pointee.message, equals: topic)
        else { return false }
        let session = sessions[spool.pointee.session]
        let bytes = session.pointee.queuedBytes &- store[old.pointee.message].pointee.content.count
            + store[message].pointee.content.count
        guard Int(bytes) <= spool.pointee.limits.maxBytes else {
            // The new one makes room for itself, behind all others.
            let replaced = old.pointee.message
            spool.pointee.drops.replaced &+= removeQueued(spool.pointee.session) { $1.message == replaced }
            return false
        }
        session.pointee.queuedBytes = bytes
        store.retain(message)
        store.release(old.pointee.message)
        old.pointee.message = message
        old.pointee.flags = flags
        spool.pointee.drops.replaced &+= 1
        return true
    }

    /// Whether the very message is the latest of its topic in the backlog.
    private func isWaiting(
        _ spool: UnsafeMutablePointer<Spool>, _ hash: UInt32, _ message: Handle<Message>
    ) -> Bool {
        guard let latest = deliveries.find(spool.pointee.topics.find(hash)) else { return false }
        return latest.pointee.state == .queued && latest.pointee.message == message
    }

    private func hasRoom(_ spool: UnsafeMutablePointer<Spool>, for bytes: UInt32) -> Bool {
        let (count, held) = waiting(spool)
        return count < spool.pointee.limits.maxMessages && held + Int(bytes) <= spool.pointee.limits.maxBytes
    }

    /// Whether one more message would be within `spool_messages`.
    func hasRoom(inSpool session: UnsafeMutablePointer<Session>) -> Bool {
        let spool = spools + Int(session.pointee.spool - 1)
        return waiting(spool).messages < spool.pointee.limits.maxMessages
    }

    func waiting(_ spool: UnsafeMutablePointer<Spool>) -> (messages: Int, bytes: Int) {
        // One that is not open yet has nothing.
        guard spool.pointee.session.isSome else { return (0, 0) }
        let session = sessions[spool.pointee.session]
        return (
            Int(session.pointee.queue.count) + Int(spool.pointee.live.count),
            Int(min(session.pointee.queuedBytes, 0x7FFF_FFFF))
        )
    }

    /// Drops what has waited longest, unless the policy is to drop the new one, until the message fits.
    private mutating func makeRoom(_ spool: UnsafeMutablePointer<Spool>, for bytes: UInt32) -> Bool {
        guard spool.pointee.limits.policy != .dropNewest else { return false }
        while !hasRoom(spool, for: bytes) {
            guard let oldest = removeFirst(spool, live: sessions[spool.pointee.session].pointee.queue.isEmpty) else {
                return false
            }
            drop(oldest)
            spool.pointee.drops.full &+= 1
            spool.pointee.hasGaps = true
        }
        return true
    }

    /// Takes the first message out of one of the two lanes.
    mutating func removeFirst(_ spool: UnsafeMutablePointer<Spool>, live: Bool) -> Handle<Delivery>? {
        let session = sessions[spool.pointee.session]
        let first = live
            ? spool.pointee.live.removeFirst(in: deliveries) : session.pointee.queue.removeFirst(in: deliveries)
        guard let first else { return nil }
        session.pointee.queuedBytes &-= store[deliveries[first].pointee.message].pointee.content.count
        return first
    }
}
