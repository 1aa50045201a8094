import Base
import Broker
import Sim
import Wire

/// What arrives, and what must have arrived in the end.
extension Oracle {
    mutating func delivered(_ client: Int, _ seen: Observation) {
        let message = seen.message!
        if seen.isRetained, client == scenario.clientCount { seenRetained[message.topic] = message }
        guard !message.isClearing else { return }
        guard let model = messages[Key(message)], model.message == message else {
            find(client, "a message that nobody sent")
            return
        }
        if !mayWrite(Int(message.publisher), message.topic) { find(client, "delivered though it may not be written") }
        if !mayRead(message.topic) { find(client, "delivered though it may not be read") }
        let possible = clients[client].subscriptions.filter { filter, subscription in
            Naive.matches(filter: filter, topic: message.topic) && subscription.removed ?? Int.max >= model.firstSent
        }
        if possible.isEmpty { find(client, "delivered without a subscription") }
        let mostQoS = min(message.qos.rawValue, possible.values.map(\.maxQoS).max() ?? 0)
        if seen.qos.rawValue > mostQoS { find(client, "delivered with too high a QoS") }
        // What was sent before stays, since its exchange has begun.
        if !seen.flag { checkExpired(client, model) }
        // A client may know the id from a session that the server has forgotten, and take it for a repetition.
        if !seen.isRetained { clients[client].arrived.insert(Key(message)) }
        guard seen.code == 0 else { return }
        if seen.isRetained {
            if !message.isRetained { find(client, "RETAIN on what was not retained [MQTT-3.3.1-9]") }
            return
        }
        checkRepetition(client, seen, model)
    }

    mutating func checkRepetition(_ client: Int, _ seen: Observation, _ model: MessageModel) {
        let key = Key(model.message)
        let isFirst = clients[client].newDeliveries[key] == nil
        // A repetition of QoS 1 says so.
        let isRepetition = seen.qos == .atLeastOnce && seen.flag
        if !isRepetition || isFirst { clients[client].newDeliveries[key, default: 0] += 1 }
        let most = model.message.qos == .exactlyOnce && !model.mayRepeat ? 1 : model.timesSent
        if clients[client].newDeliveries[key]! > most { find(client, "delivered twice: \(key)") }
        // What the publisher sent again comes late where the first copy was lost, or came before the subscription.
        guard isFirst, model.timesSent == 1 else { return }
        let stream = ClientModel.Stream(
            publisher: key.publisher, topic: model.message.topic, qos: seen.qos.rawValue,
            publishedQoS: model.message.qos.rawValue,
            isWill: model.message.isWill)
        if let last = clients[client].lastNumbers[stream], last > key.number {
            find(client, "out of order: \(key.publisher):\(key.number) after \(last)")
        }
        clients[client].lastNumbers[stream] = key.number
    }

    /// What waited for an absent client longer than it may.
    mutating func checkExpired(_ client: Int, _ model: MessageModel) {
        let expiryMs = UInt32(limits.offlineMessageExpirySeconds) * 1000
        guard expiryMs > 0, scenario.isFaultless, !model.message.isRetained, !model.message.isWill,
            let confirmed = model.confirmedAt, let absent = clients[client].absentSince, absent.isBefore(confirmed),
            clients[client].ending != .halfOpen
        else { return }
        if clients[client].connectSentAt.msSince(confirmed) > expiryMs + expiryMs / 4 + 2000 {
            find(client, "delivered after its time")
        }
    }

    /// All is at rest: what is required and has not come was dropped, and the broker has said so.
    mutating func checkDelivered(_ now: Tick) {
        for (_, model) in messages where model.message.isWill && model.confirmedAt != nil { require(model) }
        // A message that found no room in the store is one drop, however many were to get it. Of QoS 1 and 2 it was
        // not acknowledged, and so is not required; only wills are acknowledged by nobody.
        var missing: Set<Key> = []
        for client in clients.indices {
            for key in clients[client].required.keys where !clients[client].arrived.contains(key) {
                missing.insert(key)
                let age = now.msSince(messages[key]!.sentAt)
                let mayHaveExpired = drops.expired > 0 && age >= UInt32(limits.offlineMessageExpirySeconds) * 1000
                let message = messages[key]!.message
                let mayHaveFoundNoRoom = drops.storeFull > 0 && (message.qos == .atMostOnce || message.isWill)
                if !mayHaveExpired, drops.queueFull == 0, !mayHaveFoundNoRoom {
                    find(client, "lost \(key.publisher):\(key.number)")
                }
            }
        }
        if missing.count > Int(drops.expired) + Int(drops.queueFull) + Int(drops.storeFull) {
            find(0, "more lost than was dropped")
        }
    }

    mutating func checkRetained() {
        let checker = scenario.clientCount
        guard clients[checker].subscriptions[UInt8(Vocabulary.allTopics)]?.sureSince != nil, drops.retainedFull == 0,
            drops.storeFull == 0, drops.queueFull == 0
        else { return }
        for topic in UInt8(0)..<UInt8(Vocabulary.topicCount) {
            let changes = retained[topic] ?? []
            let last = changes.lastIndex(where: \.isConfirmed)
            var candidates = changes[(last ?? 0)...].map(\.message)
            if last == nil { candidates.append(nil) }
            let seen = seenRetained[topic]
            let expected = mayRead(topic) ? candidates : [nil]
            if !expected.contains(seen) {
                find(checker, "retained: \(Vocabulary.topic(Int(topic))) has \(seen.map { "\($0.number)" } ?? "none")")
            }
        }
    }
}
