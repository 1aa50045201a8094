import Base
import Config
import Wire

/// The latest message of a topic that asked to be kept.
extension Broker {
    /// Retained messages held now, and the bytes of the store they take (whole slabs), without those below `$SYS`.
    public struct RetainedCount: Equatable {
        public internal(set) var messages = 0
        public internal(set) var bytes = 0
        public init() {}

        mutating func add(_ bytes: Int) {
            messages += 1
            self.bytes += bytes
        }

        mutating func remove(_ bytes: Int) {
            messages -= 1
            self.bytes -= bytes
        }
    }

    /// Keeps `message` for its topic in place of the one before [MQTT-3.3.1-5, MQTT-3.3.1-7]. Without room for it none
    /// is kept: an old value in place of a new one would be a lie.
    mutating func setRetained(_ topic: ByteView, _ message: Handle<Message>, qos: QoS) {
        let known = tree.find(topic)
        let old = if let known { tree[known].pointee.retained } else { Handle<Message>.none }
        let isSystem = Broker.isUncounted(topic)
        // As it will be: without the one before, whose place it may take.
        var count = retained
        if !isSystem {
            if old.isSome { count.remove(store.bytesTaken(by: old)) }
            count.add(store.bytesTaken(by: message))
        }
        guard isSystem || (limits.retainsMessages && count.messages <= limits.maxRetainedMessages
            && count.bytes <= limits.maxRetainedBytes),
            let node = known ?? tree.insert(topic)
        else {
            removeRetained(topic)
            drops.retainedFull &+= 1
            return
        }
        store.retain(message)
        store[message].pointee.retainedQoS = qos
        tree.setRetained(node, message)
        if old.isSome { store.release(old) }
        retained = count
    }

    mutating func removeRetained(_ topic: ByteView) {
        guard let node = tree.find(topic), tree[node].pointee.retained.isSome else { return }
        let message = tree[node].pointee.retained
        tree.setRetained(node, .none)
        if !Broker.isUncounted(topic) { retained.remove(store.bytesTaken(by: message)) }
        store.release(message)
        tree.prune(node)
    }

    private static func isUncounted(_ topic: ByteView) -> Bool { isSystem(topic) && !isBridgeState(topic) }

    /// Queues the retained messages of all topics that a new subscription matches [MQTT-3.3.1-6, MQTT-3.3.1-8].
    mutating func sendRetained(_ handle: Handle<Session>, _ filter: ByteView, qos: QoS) {
        var walk = FilterWalk(filter, in: tree)
        while let node = walk.next(in: tree) {
            let message = tree[node].pointee.retained
            guard message.isSome, isAllowed(.read, handle, store.copyTopic(message, to: topicScratch)) else { continue }
            let flags = Delivery.Flags(qos: store[message].pointee.retainedQoS.capped(at: qos), isRetained: true)
            enqueue(handle, message, flags, isBurst: true)
        }
    }
}
