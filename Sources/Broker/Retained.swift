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
    }

    /// Keeps `message` for its topic in place of the one before [MQTT-3.3.1-5, MQTT-3.3.1-7]. Without room for it none
    /// is kept: an old value in place of a new one would be a lie.
    mutating func setRetained(_ topic: ByteView, _ message: Handle<Message>, qos: QoS) {
        removeRetained(topic)
        let bytes = store.bytesTaken(by: message)
        let isSystem = Broker.isSystem(topic) && !Broker.isBridgeState(topic)
        guard isSystem || (limits.retainsMessages && retained.messages < limits.maxRetainedMessages
            && retained.bytes + bytes <= limits.maxRetainedBytes),
            let node = tree.insert(topic)
        else {
            drops.retainedFull &+= 1
            return
        }
        store.retain(message)
        store[message].pointee.retainedQoS = qos
        tree[node].pointee.retained = message
        if isSystem { return }
        retained.messages += 1
        retained.bytes += bytes
    }

    mutating func removeRetained(_ topic: ByteView) {
        guard let node = tree.find(topic), tree[node].pointee.retained.isSome else { return }
        let message = tree[node].pointee.retained
        tree[node].pointee.retained = .none
        if !Broker.isSystem(topic) || Broker.isBridgeState(topic) {
            retained.messages -= 1
            retained.bytes -= store.bytesTaken(by: message)
        }
        store.release(message)
        tree.prune(node)
    }

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
