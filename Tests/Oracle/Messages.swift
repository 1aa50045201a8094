import Base
import Sim
import Wire

/// What is sent, and by whom it must be received.
extension Oracle {
    mutating func change(_ client: Int, _ filter: UInt8, _ body: (inout SubscriptionModel) -> Void) {
        body(&clients[client].subscriptions[filter, default: SubscriptionModel(removed: event)])
    }

    mutating func answered(_ client: Int, _ seen: Observation) {
        confirm(client, seen.at) { if case .request = $0 { true } else { false } }
        let now = event
        change(client, seen.filter) {
            $0.outstanding -= 1
            guard $0.outstanding == 0 else { return }
            switch seen.kind {
            case .subscribed:
                $0.sureSince = now
                $0.grantedQoS = seen.qos.rawValue
            case .unsubscribed: $0.removed = now
            default: break
            }
        }
        let granted = clients[client].subscriptions.values.filter { $0.sureSince != nil && $0.removed == nil }.count
        if granted > limits.maxSubscriptionsPerClient { find(client, "more subscriptions than one client may have") }
    }

    /// Clients that must get a message sent now, if nothing changes.
    func candidates(_ message: SimMessage) -> [Requirement] {
        clients.indices.compactMap { client in
            let granted = surelyGranted(client, message, before: event)
            guard let granted, mayRead(message.topic) else { return nil }
            return Requirement(
                client: client, epoch: clients[client].epoch,
                connection: clients[client].isConnected ? clients[client].connection : nil,
                qos: min(granted, message.qos.rawValue))
        }
    }

    /// The highest QoS of the subscriptions that match and are known to stand since before `before`.
    func surelyGranted(_ client: Int, _ message: SimMessage, before: Int) -> UInt8? {
        clients[client].subscriptions.filter { filter, subscription in
            guard let since = subscription.sureSince else { return false }
            return since < before && Naive.matches(filter: filter, topic: message.topic)
        }.values.map(\.grantedQoS).max()
    }

    func mayWrite(_ client: Int, _ topic: UInt8) -> Bool {
        // A bridge without a local user name may do everything.
        !scenario.usesACL || client >= SimRemote.firstNumber || Naive.mayWrite(client, topic)
    }
    func mayRead(_ topic: UInt8) -> Bool { !scenario.usesACL || Naive.mayRead(topic) }

    mutating func publishing(_ client: Int, _ seen: Observation) {
        let message = seen.message!
        let key = Key(message)
        clients[client].unconfirmed.append(.message(key))
        if messages[key] == nil {
            messages[key] = MessageModel(
                message: message, firstSent: event, sentAt: seen.at,
                candidates: mayWrite(client, message.topic) ? candidates(message) : [])
        }
        messages[key]!.timesSent += 1
        if message.isRetained, mayWrite(client, message.topic) {
            retained[message.topic, default: []].append(
                RetainedChange(key: key, message: message.isClearing ? nil : message))
        }
    }

    mutating func acknowledged(_ client: Int, _ key: Key, _ at: Tick) {
        let sentAt = messages[key]!.sentAt
        if clients[client].aliveAt.isBefore(sentAt) { clients[client].aliveAt = sentAt }
        confirm(client, at) { if case .message(key) = $0 { true } else { false } }
        confirmMessage(key, at)
    }

    /// The server has dealt with the first pending thing that `isMeant`, and so with all before it; but messages of
    /// QoS 1 and 2 are its own only when it says so itself.
    mutating func confirm(_ client: Int, _ at: Tick, _ isMeant: (ClientModel.Pending) -> Bool) {
        guard let end = clients[client].unconfirmed.firstIndex(where: isMeant) else { return }
        let done = clients[client].unconfirmed[..<end]
        clients[client].unconfirmed.removeFirst(end + 1)
        for case .message(let key) in done where messages[key]!.message.qos == .atMostOnce { confirmMessage(key, at) }
    }

    mutating func confirmMessage(_ key: Key, _ at: Tick) {
        let model = messages[key]!
        if model.confirmedAt == nil {
            messages[key]!.confirmedAt = at
            messages[key]!.confirmed = event
            require(model)
        }
        let topic = model.message.topic
        // Of QoS 2 the server takes one copy and nobody knows which, of QoS 1 the last one, too.
        let isSame = { (change: RetainedChange) in change.key == key }
        let place = model.message.qos == .exactlyOnce
            ? retained[topic]?.firstIndex(where: isSame) : retained[topic]?.lastIndex(where: isSame)
        if let place { retained[topic]![place].isConfirmed = true }
    }

    /// The message is the server's now: whoever's subscription stood all the time must get it.
    mutating func require(_ model: MessageModel) {
        guard !model.message.isClearing else { return }
        for i in remotes.indices { requireRemotely(i, model.message) }
        for candidate in model.candidates where clients[candidate.client].epoch == candidate.epoch {
            let client = candidate.client
            guard let granted = surelyGranted(client, model.message, before: model.firstSent) else { continue }
            let qos = min(granted, candidate.qos)
            // QoS 0 is for those who are there, and so is everything for a clean session.
            let hasStayed = clients[client].isConnected && candidate.connection == clients[client].connection
            guard qos > 0 ? hasStayed || !clients[client].isClean : hasStayed && !model.message.isWill else { continue }
            clients[client].required[Key(model.message)] = qos
        }
    }
}
