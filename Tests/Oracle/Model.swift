import Base
import Sim
import Wire

/// Names a message for good.
struct Key: Hashable, CustomStringConvertible {
    let publisher: UInt8
    let number: UInt16

    init(_ message: SimMessage) {
        publisher = message.publisher
        number = message.number
    }

    var description: String { "\(publisher):\(number)" }
}

/// What is known of a published message, from the clients' side.
struct MessageModel {
    let message: SimMessage
    /// Counts of events, in which all order is told.
    let firstSent: Int
    /// When it was surely taken.
    var confirmed = Int.max
    let sentAt: Tick
    var timesSent = 0
    var confirmedAt: Tick?
    /// The server may have forgotten that it had it, with the session of its publisher.
    var mayRepeat = false
    /// Clients whose subscription stood when it was sent: what they must get if it stands still when it is confirmed.
    var candidates: [Requirement]
}

struct Requirement {
    let client: Int
    let epoch: Int
    /// Nil while it is absent.
    let connection: Int?
    /// The least QoS that it comes with.
    let qos: UInt8
}

/// A filter of a client's session.
struct SubscriptionModel {
    /// The highest QoS that was ever asked for.
    var maxQoS: UInt8 = 0
    var grantedQoS: UInt8 = 0
    /// All requests are answered and it is known to stand, since then.
    var sureSince: Int?
    /// Requests that are not answered.
    var outstanding = 0
    /// It is known to be gone since then.
    var removed: Int?
}

struct ClientModel {
    /// Counts its sessions.
    var epoch = 0
    /// Counts its connections.
    var connection = 0
    var isConnected = false
    var isClean = true
    /// The server may have, or surely has, a session that goes on.
    var mayHaveSession = false
    var surelyHasSession = false
    /// A CONNECT without an answer may have begun a new session in place of one that had expired.
    var isSessionDoubtful = false
    var absentSince: Tick?
    /// When something was sent that the server has answered. It may have ended the connection at any time after that.
    var aliveAt = Tick.zero
    var pingedAt = Tick.zero
    /// How the last connection ended.
    var ending = Observation.Ending.server
    var hasLeft = false
    var connectSentAt = Tick.zero
    var will: SimMessage?
    var subscriptions: [UInt8: SubscriptionModel] = [:]
    /// What was sent on this connection and is not known to be done.
    var unconfirmed: [Pending] = []
    /// Of this session, without retained ones: which messages came, and how often each came as a new one.
    var arrived: Set<Key> = []
    var newDeliveries: [Key: Int] = [:]
    var required: [Key: UInt8] = [:]
    var lastNumbers: [Stream: UInt16] = [:]

    enum Pending {
        case message(Key)
        case ping
        case request
    }

    /// Messages whose order is promised [MQTT-4.6.0-6].
    struct Stream: Hashable {
        let publisher: UInt8
        let topic: UInt8
        let qos: UInt8
        let publishedQoS: UInt8
        let isWill: Bool
    }

    /// Nothing is sure any more, and everything possible.
    mutating func doubtSession() {
        isSessionDoubtful = false
        epoch += 1
        required = [:]
        arrived = []
        newDeliveries = [:]
        lastNumbers = [:]
        for filter in subscriptions.keys { subscriptions[filter]!.sureSince = nil }
    }

    mutating func beginEpoch() {
        isSessionDoubtful = false
        epoch += 1
        subscriptions = [:]
        arrived = []
        newDeliveries = [:]
        required = [:]
        lastNumbers = [:]
    }
}

/// One change of what is retained for a topic; nil clears it.
struct RetainedChange {
    let key: Key
    let message: SimMessage?
    var isConfirmed = false
}

/// What the standard says in §4.7, as plainly as one can.
enum Naive {
    static func matches(filter: UInt8, topic: UInt8) -> Bool {
        let levels = split(Vocabulary.filter(Int(filter)))
        return matches(levels[...], split(Vocabulary.topic(Int(topic)))[...])
    }

    private static func matches(_ filter: ArraySlice<Substring>, _ topic: ArraySlice<Substring>) -> Bool {
        guard let first = filter.first else { return topic.isEmpty }
        if first == "#" { return true }
        guard let level = topic.first, first == "+" || first == level else { return false }
        return matches(filter.dropFirst(), topic.dropFirst())
            || (topic.count == 1 && filter.count == 2 && filter.last == "#")
    }

    private static func split(_ text: StaticString) -> [Substring] {
        text.description.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// What `Vocabulary.acl` means, written out.
    static func mayWrite(_ client: Int, _ topic: UInt8) -> Bool {
        switch Vocabulary.topic(Int(topic)).description {
        case "a", "a/b", "a/b/c", "a//c", "b", "b/": true
        case "x/c\(client)": true
        default: false
        }
    }

    static func mayRead(_ topic: UInt8) -> Bool {
        switch Vocabulary.topic(Int(topic)).description {
        case "a", "a/b", "a/b/c", "a//c", "/b", "b", "x/c0", "x/c1": true
        default: false
        }
    }
}
