import Base
import Broker
import Sim
import Wire

/// What is known of a broker that the bridge connects to.
struct RemoteModel {
    /// Counts its sessions.
    var epoch = 0
    /// Messages that the broker here has taken responsibility for and that are to go there.
    var required: Set<Key> = []
    /// Topics for which a message came that clears what is retained.
    var cleared: Set<UInt8> = []
    var arrived: Set<Key> = []
    /// Of them, what had not arrived before this step.
    var justArrived: Set<Key> = []
    /// How often each came as a new one: to any session, and to this one.
    var news: [Key: Int] = [:]
    var newsOfSession: [Key: Int] = [:]
    var lastNumbers: [ClientModel.Stream: UInt16] = [:]
    /// What is retained there, by topic here.
    var retained: [UInt8: SimMessage] = [:]
    var drops = SpoolDrops()
    var use: (messages: Int, bytes: Int, underWay: Int) = (0, 0, 0)
    var isUp = false
    /// What waited when the remote was lost; nil while it is there.
    var waitedAtEnd: Int?
    /// Of `drops.full`, when it was last looked at.
    var fullBefore: UInt32 = 0
}

/// A bridge, seen from both of its sides.
extension Oracle {
    mutating func seeRemote(_ remote: Int, _ seen: Observation) {
        let client = Int(seen.client)
        switch seen.kind {
        case .publishing:
            // What it only sends back is no message of its own.
            guard Int(seen.message!.publisher) == client else { return }
            publishing(client, seen)
        case .acknowledged:
            guard Int(seen.message!.publisher) == client else { return }
            acknowledged(client, Key(seen.message!), seen.at)
        case .delivered: arrived(remote, seen)
        case .connected:
            clients[client].unconfirmed = []
            if !seen.flag { beginRemoteSession(remote) }
        case .ended where seen.flag:
            clients[client].unconfirmed = []
        case .restarted where seen.flag: beginRemoteSession(remote)
        case .violated: find(client, "\(Observation.Violation(rawValue: seen.code)!)")
        default: break
        }
    }

    mutating func beginRemoteSession(_ remote: Int) {
        remotes[remote].epoch += 1
        remotes[remote].newsOfSession = [:]
    }

    /// The line that brings a message there, if any.
    func outLine(_ remote: Int, _ message: SimMessage) -> BridgeScenario.Line? {
        guard let place = scenario.bridge.remoteName(remote, Int(message.topic)), place.line.sendsOut,
            Int(message.publisher) != SimRemote.firstNumber + remote,
            mayWrite(Int(message.publisher), message.topic)
        else { return nil }
        return place.line
    }

    /// Whether it goes there with QoS 1 or 2.
    func isPromised(_ remote: Int, _ message: SimMessage) -> Bool {
        guard let line = outLine(remote, message) else { return false }
        return min(line.qos, message.qos.rawValue) > 0
    }

    /// The broker here has taken the message.
    mutating func requireRemotely(_ remote: Int, _ message: SimMessage) {
        guard isPromised(remote, message) else { return }
        remotes[remote].required.insert(Key(message))
    }

    mutating func arrived(_ remote: Int, _ seen: Observation) {
        let client = Int(seen.client)
        let message = seen.message!
        guard !message.isClearing else {
            let topic = (0..<Vocabulary.topicCount).first {
                scenario.bridge.remoteName(remote, $0)?.name.code == seen.filter
            }
            guard let topic else {
                find(client, "cleared by a wrong name")
                return
            }
            remotes[remote].cleared.insert(UInt8(topic))
            if seen.isRetained { remotes[remote].retained[UInt8(topic)] = nil }
            return
        }
        if seen.isRetained { remotes[remote].retained[message.topic] = message }
        guard let model = messages[Key(message)], model.message == message else {
            find(client, "a message that nobody sent")
            return
        }
        if Int(message.publisher) == client { find(client, "an echo: \(message.number)") }
        guard let line = outLine(remote, message) else {
            find(client, "nothing sends this out: \(message.publisher):\(message.number)")
            return
        }
        if scenario.bridge.remoteName(remote, Int(message.topic))!.name.code != seen.filter {
            find(client, "by a wrong name")
        }
        if seen.qos.rawValue != min(line.qos, message.qos.rawValue) {
            find(client, "with another QoS: \(Key(message))")
        }
        if seen.isRetained, !message.isRetained { find(client, "RETAIN on what was not retained") }
        let key = Key(message)
        let isFirst = remotes[remote].arrived.insert(key).inserted
        if isFirst { remotes[remote].justArrived.insert(key) }
        guard seen.code == 0 else { return }
        // What is retained is sent again whenever the remote may not have it.
        guard !message.isRetained else { return }
        if !(seen.qos == .atLeastOnce && seen.flag) || isFirst {
            remotes[remote].news[key, default: 0] += 1
            remotes[remote].newsOfSession[key, default: 0] += 1
        }
        let isOnce = message.qos == .exactlyOnce && !model.mayRepeat
        let most = isOnce ? 1 : model.timesSent
        if seen.qos == .exactlyOnce, remotes[remote].newsOfSession[key]! > most { find(client, "QoS 2 twice: \(key)") }
        if !seen.flag, remotes[remote].news[key]! > most { find(client, "twice without DUP: \(key)") }
        guard isFirst, model.timesSent == 1 else { return }
        let stream = ClientModel.Stream(
            publisher: key.publisher, topic: message.topic, qos: seen.qos.rawValue,
            publishedQoS: message.qos.rawValue, isWill: message.isWill)
        if let last = remotes[remote].lastNumbers[stream], last > key.number {
            find(client, "out of order: \(key.publisher):\(key.number) after \(last)")
        }
        remotes[remote].lastNumbers[stream] = key.number
    }

    /// All is at rest: what is required and has not come was dropped, and the bridge has said so.
    mutating func checkRemote(_ remote: Int) {
        let model = remotes[remote]
        let client = SimRemote.firstNumber + remote
        let connection = scenario.bridge[remote]
        let missing = model.required.subtracting(model.arrived)
        let waiting = model.use.messages
        // What was dropped for being offline was of QoS 0.
        let accounted = Int(model.drops.total - model.drops.offline) + waiting
        if missing.count > accounted {
            find(client, "lost \(missing.map(\.description).sorted()), of which \(accounted) are told")
        }
        if connection.policy != .latest, model.drops.replaced > 0 { find(client, "replaced by another policy") }
        if connection.expirySeconds == 0, model.drops.expired > 0 { find(client, "expired though nothing does") }
        if !connection.isLocallyClean, model.drops.cleaned > 0 { find(client, "a session that is kept was cleaned") }
        if model.drops.tooLong > 0 { find(client, "too long, though nothing is") }
        checkLast(remote)
        if model.drops.total == 0, waiting == 0, drops.storeFull == 0 { checkRetained(remote) }
    }

    /// The last value of each topic is kept, and no other, of what comes while the remote is away.
    mutating func checkReplaced(_ remote: Int) {
        guard !remotes[remote].isUp, scenario.bridge[remote].policy == .latest else {
            remotes[remote].waitedAtEnd = nil
            return
        }
        let waiting = remotes[remote].use.messages
        let most = (remotes[remote].waitedAtEnd ?? waiting) + Vocabulary.topicCount
        if remotes[remote].waitedAtEnd == nil { remotes[remote].waitedAtEnd = waiting }
        if waiting > most { find(SimRemote.firstNumber + remote, "more than one value of a topic is kept") }
    }

    /// Nothing is dropped before the spool had reached a limit, for all that anybody can tell.
    mutating func checkFull(_ remote: Int) {
        let model = remotes[remote]
        let connection = scenario.bridge[remote]
        guard model.drops.full != model.fullBefore else { return }
        remotes[remote].fullBefore = model.drops.full
        // Retained messages are sent again, and what is told of the connection.
        var (count, bytes) = (Vocabulary.topicCount + 10, (Vocabulary.topicCount + 10) * 1540)
        for (key, message) in messages where outLine(remote, message.message) != nil {
            if model.arrived.contains(key), !model.justArrived.contains(key) { continue }
            count += max(1, message.timesSent)
            bytes += max(1, message.timesSent) * (message.message.length + 40)
        }
        if count < connection.spoolMessages, bytes < connection.spoolBytes {
            let client = SimRemote.firstNumber + remote
            find(client, "dropped with at most \(count) messages of \(bytes) bytes in the spool")
        }
    }

    /// What is retained here and was sent with a promise is retained there.
    mutating func checkRetained(_ remote: Int) {
        for topic in UInt8(0)..<UInt8(Vocabulary.topicCount) {
            guard let place = scenario.bridge.remoteName(remote, Int(topic)), place.line.sendsOut, place.line.qos > 0,
                let changes = retained[topic], let last = changes.lastIndex(where: \.isConfirmed),
                changes.allSatisfy({ messages[$0.key]!.message.qos != .atMostOnce })
            else { continue }
            let there = remotes[remote].retained[topic]
            if !changes[last...].contains(where: { $0.message == there }) {
                find(
                    SimRemote.firstNumber + remote,
                    "retained: topic \(topic) has \(there.map { "\($0.number)" } ?? "none") there")
            }
        }
    }

    /// Where a new message makes room for itself, the last one comes, or one that may have been the last.
    mutating func checkLast(_ remote: Int) {
        let model = remotes[remote]
        let connection = scenario.bridge[remote]
        guard connection.policy != .newest, !connection.spoolsQoS0, model.use.messages == 0,
            model.drops.expired + model.drops.cleaned == 0
        else { return }
        func isLastThere(_ isMeant: (SimMessage) -> Bool) -> Bool {
            func sent(_ keys: Set<Key>) -> [MessageModel] { keys.map { messages[$0]! }.filter { isMeant($0.message) } }
            guard let last = sent(model.required).map(\.firstSent).max() else { return true }
            return sent(model.arrived).contains {
                (isPromised(remote, $0.message) ? $0.confirmed : $0.firstSent) >= last
            }
        }
        let client = SimRemote.firstNumber + remote
        if connection.policy == .oldest, !isLastThere({ _ in true }) { find(client, "the newest was dropped") }
        guard connection.policy == .latest, model.drops.full == 0 else { return }
        for topic in UInt8(0)..<UInt8(Vocabulary.topicCount) where !model.cleared.contains(topic) {
            if !isLastThere({ $0.topic == topic }) { find(client, "the last of topic \(topic) did not come") }
        }
    }
}
