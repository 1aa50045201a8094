import Base
import Wire

extension Broker {
    /// The broker's own topics are at most so long and so deep, whatever clients are allowed.
    static var systemTopicBytes: Int { 256 }
    static var systemTopicLevels: Int { 8 }

    /// A topic that the broker alone publishes to.
    static func isSystem(_ topic: ByteView) -> Bool { TopicName.isReserved(topic) && topic.starts(with: "$SYS/") }

    /// Publishes a value of the broker's own as a retained message under any topic, without a client.
    public mutating func publishOwn(_ topic: ByteView, _ value: ByteView, now: Tick) {
        if Broker.isSystem(topic) {
            publishSystem(topic, value, now: now)
        } else if let message = store.admit(topic: topic, payload: value, now: now) {
            publishStored(message, qos: .atLeastOnce, retain: true)
        }
    }

    /// Publishes a value of the broker's own as a retained message, if it is not what is retained already. Without room
    /// for it nothing happens: what clients have to say goes first.
    public mutating func publishSystem(_ topic: ByteView, _ value: ByteView, now: Tick) {
        precondition(topic.count <= Broker.systemTopicBytes)
        if let node = tree.find(topic), tree[node].pointee.retained.isSome,
            store.payload(of: tree[node].pointee.retained, equals: value)
        {
            return
        }
        guard !isLow, let message = store.admit(topic: topic, payload: value, now: now) else { return }
        publishStored(message, qos: .atMostOnce, retain: true, isBurst: true)
    }
}
