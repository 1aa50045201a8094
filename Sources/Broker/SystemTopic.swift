import Base
import Wire

extension Broker {
    /// The broker's own topics are at most so long and so deep, whatever clients are allowed.
    static var systemTopicBytes: Int { 256 }
    static var systemTopicLevels: Int { 8 }

    /// A topic that the broker alone publishes to.
    static func isSystem(_ topic: ByteView) -> Bool { TopicName.isReserved(topic) && topic.starts(with: "$SYS/") }

    private static var stateStart: StaticString { "$SYS/broker/connection/" }
    private static var stateEnd: StaticString { "/state" }

    /// Where a bridge, ours or another one, tells whether its connection stands.
    static func isBridgeState(_ topic: ByteView) -> Bool {
        let (start, end) = (ByteView(stateStart), ByteView(stateEnd))
        return topic.count > start.count + end.count && topic.starts(with: stateStart)
            && topic.dropFirst(topic.count - end.count).equals(end)
    }

    /// Below `$SYS` the broker alone speaks, but that each client may tell the state of its own connection, as the
    /// bridges of mosquitto do; elsewhere the access rules decide.
    func mayPublish(_ publisher: Handle<Session>, _ topic: ByteView) -> Bool {
        guard Broker.isSystem(topic) else { return isAllowed(.write, publisher, topic) }
        guard Broker.isBridgeState(topic) else { return false }
        let start = ByteView(Broker.stateStart).count
        let name = topic.slice(start, topic.count - ByteView(Broker.stateEnd).count)
        return sessions.clientID(of: publisher, equals: name) && isAllowed(.write, publisher, topic)
    }

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
