import Base
import Engine
import Wire

/// Stands for the network connection a session is served by, which only the layer above knows.
public enum SessionLink {}

/// What the broker keeps for one client [MQTT 3.1.1 §3.1.2.4]: subscriptions, messages under way, and the ids it
/// waits for. Outlives the connection when the client asked for that. Its user name stands in the table of sessions.
public struct Session {
    let clientID: Stored
    /// The table's hash of the client id.
    let idHash: UInt32
    /// The next session in the same bucket of the table.
    var nextInBucket: Handle<Session>
    /// None while the client is away.
    var link: Handle<SessionLink>
    /// Which access rules hold for the client.
    var accessIndex: UInt8 = 0
    /// Of a bridge of our own: the number of its spool, from 1 on. Zero for all clients on the network.
    var spool: UInt8 = 0
    /// The ids of messages to the client.
    var outbound = OutboundFlow()

    // Subscriptions.
    var firstSubscription: Handle<Subscription> = .none
    var subscriptionCount: UInt32 = 0

    // Messages to the client: those not sent yet, in order, and those sent and not yet acknowledged, in order.
    var queue = List<Delivery>()
    var inFlight = List<Delivery>()
    /// Message bytes (topic and payload) that `queue` stands for. Wraps around rather than ends the broker.
    var queuedBytes: UInt32 = 0
    /// Bytes of the queue's first packet that are already sent.
    var sentBytes: UInt32 = 0

    // Messages from the client.
    private var willMessage: Handle<Message> = .none
    var inbound = InboundFlow()

    // For the walk that finds a message's receivers.
    var walk: UInt32 = 0
    var nextHit: Handle<Session> = .none
    var hitQoS = QoS.atMostOnce

    private var flags: UInt8 = 0
    /// In the list of sessions with something to send.
    var nextDirty: Handle<Session> = .none

    // While the client is away.
    /// Seconds until the session ends, as of `lifeCountedAt`.
    var lifeSeconds: UInt32 = 0
    var lifeCountedAt: Tick = .zero

    init(clientID: Stored, idHash: UInt32, nextInBucket: Handle<Session>, link: Handle<SessionLink>, isClean: Bool) {
        self.clientID = clientID
        self.idHash = idHash
        self.nextInBucket = nextInBucket
        self.link = link
        self.isClean = isClean
    }
}

// What is kept in bits.
extension Session {
    /// The session ends with the connection.
    var isClean: Bool {
        get { flags & 1 << 0 != 0 }
        set { set(1 << 0, newValue) }
    }

    /// The client is a broker, and said so: it gets nothing back of what it publishes, and RETAIN as it was published.
    var isBridge: Bool {
        get { flags & 1 << 1 != 0 }
        set { set(1 << 1, newValue) }
    }

    /// No access rules hold for it.
    var isTrusted: Bool {
        get { flags & 1 << 2 != 0 }
        set { set(1 << 2, newValue) }
    }

    /// The connection takes no more bytes for now.
    var isBlocked: Bool {
        get { flags & 1 << 3 != 0 }
        set { set(1 << 3, newValue) }
    }

    /// Stands in the list of sessions with something to send.
    var isDirty: Bool {
        get { flags & 1 << 4 != 0 }
        set { set(1 << 4, newValue) }
    }

    /// Published when the connection ends without DISCONNECT; none if the client left no will, or when it is done
    /// [MQTT-3.1.2-8, MQTT-3.1.2-10].
    var will: Will {
        get { Will(message: willMessage, qos: QoS(rawValue: flags >> 6) ?? .atMostOnce, retain: flags & 1 << 5 != 0) }
        set {
            willMessage = newValue.message
            set(1 << 5, newValue.retain)
            flags = flags & 0x3F | newValue.qos.rawValue << 6
        }
    }

    private mutating func set(_ flag: UInt8, _ isSet: Bool) { flags = isSet ? flags | flag : flags & ~flag }
}

/// The message a client leaves behind.
struct Will {
    var message: Handle<Message> = .none
    var qos = QoS.atMostOnce
    var retain = false
}

/// One message on its way to one client.
struct Delivery: Linked {
    var next: Handle<Delivery> = .none
    /// None once a QoS 2 message was received by the peer: only its id is still needed.
    var message: Handle<Message>
    /// Zero until it is sent for the first time, and always at QoS 0.
    var packetID: UInt16 = 0
    var state = DeliveryState.queued
    var flags: Flags

    /// QoS in the lowest two bits, whether this is a repetition, and whether it is sent because of a new subscription.
    struct Flags {
        private var bits: UInt8
        init(qos: QoS, isRetained: Bool) { bits = qos.rawValue | (isRetained ? 8 : 0) }
        var isRetained: Bool { bits & 8 != 0 }
        var qos: QoS {
            get { QoS(rawValue: bits & 3) ?? .atMostOnce }
            set { bits = bits & ~3 | newValue.rawValue }
        }
        var isDuplicate: Bool {
            get { bits & 4 != 0 }
            set { bits = newValue ? bits | 4 : bits & ~4 }
        }
    }
}

/// One client's interest in one filter.
public struct Subscription {
    var session: Handle<Session>
    var node: Handle<TopicNode>
    /// Neighbours among the subscriptions of the same filter.
    var nextOfNode: Handle<Subscription> = .none
    var previousOfNode: Handle<Subscription> = .none
    var nextOfSession: Handle<Subscription> = .none
    var qos: QoS
}
