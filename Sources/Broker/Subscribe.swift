import Base
import Config
import Wire

extension Broker {
    /// Subscribes a client to one filter and answers the granted QoS, or nil when a limit forbids it
    /// [MQTT-3.8.4-5]. `filter` is valid.
    public mutating func subscribe(_ handle: Handle<Session>, _ request: Subscribe.Request) -> QoS? {
        guard isWithinLimits(topic: request.filter) else { return nil }
        // A filter without wildcards is one topic. What a wildcard reaches is decided message by message.
        guard TopicName.check(request.filter) != nil || isAllowed(.read, handle, request.filter) else { return nil }
        let session = sessions[handle]
        // [MQTT-3.8.4-3] The same filter again replaces the subscription, and retained messages are sent again.
        if let node = tree.find(request.filter), let old = subscription(of: handle, at: node)?.found {
            subscriptions[old].pointee.qos = request.qos
            sendRetained(handle, request.filter, qos: request.qos)
            return request.qos
        }
        guard Int(session.pointee.subscriptionCount) < limits.maxSubscriptionsPerClient, subscriptions.hasRoom(),
            let node = tree.insert(request.filter)
        else { return nil }
        let first = tree[node].pointee.firstSubscription
        guard let new = subscriptions.take(
            Subscription(
                session: handle, node: node, nextOfNode: first, nextOfSession: session.pointee.firstSubscription,
                qos: request.qos))
        else { preconditionFailure("a free record was there") }
        if first.isSome { subscriptions[first].pointee.previousOfNode = new }
        tree[node].pointee.firstSubscription = new
        session.pointee.firstSubscription = new
        session.pointee.subscriptionCount += 1
        sendRetained(handle, request.filter, qos: request.qos)
        return request.qos
    }

    /// Ends the subscription to exactly this filter, if there is one [MQTT-3.10.4-1]. What is already queued or under
    /// way is still delivered [MQTT-3.10.4-3].
    public mutating func unsubscribe(_ handle: Handle<Session>, _ filter: ByteView) {
        guard let node = tree.find(filter), let (found, _) = subscription(of: handle, at: node) else { return }
        removeSubscription(found)
    }

    func isWithinLimits(topic: ByteView) -> Bool {
        topic.count <= limits.maxTopicBytes && TopicLevels.count(topic) <= limits.maxTopicLevels
    }

    func isWithinLimits(payload: ByteView) -> Bool {
        limits.maxPayloadBytes == 0 || payload.count <= limits.maxPayloadBytes
    }

    /// The client's subscription at `node`, and the one before it in the client's list.
    private func subscription(
        of session: Handle<Session>, at node: Handle<TopicNode>
    ) -> (found: Handle<Subscription>, previous: Handle<Subscription>)? {
        var previous = Handle<Subscription>.none
        var handle = sessions[session].pointee.firstSubscription
        while handle.isSome {
            if subscriptions[handle].pointee.node == node { return (handle, previous) }
            previous = handle
            handle = subscriptions[handle].pointee.nextOfSession
        }
        return nil
    }

    mutating func removeSubscription(_ handle: Handle<Subscription>) {
        let subscription = subscriptions[handle].pointee
        guard let (_, previous) = self.subscription(of: subscription.session, at: subscription.node) else {
            preconditionFailure("a subscription outside its session's list")
        }
        let session = sessions[subscription.session]
        if previous.isSome {
            subscriptions[previous].pointee.nextOfSession = subscription.nextOfSession
        } else {
            session.pointee.firstSubscription = subscription.nextOfSession
        }
        session.pointee.subscriptionCount -= 1
        if subscription.previousOfNode.isSome {
            subscriptions[subscription.previousOfNode].pointee.nextOfNode = subscription.nextOfNode
        } else {
            tree[subscription.node].pointee.firstSubscription = subscription.nextOfNode
        }
        if subscription.nextOfNode.isSome {
            subscriptions[subscription.nextOfNode].pointee.previousOfNode = subscription.previousOfNode
        }
        subscriptions.give(handle)
        tree.prune(subscription.node)
    }
}
