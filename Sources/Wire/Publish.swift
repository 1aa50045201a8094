import Base

/// PUBLISH [MQTT 3.1.1 §3.3].
public struct Publish {
    public let topic: ByteView
    public let payload: ByteView
    public let qos: QoS
    public let retain: Bool
    public let isDuplicate: Bool
    /// Not zero when `qos` is above 0; zero otherwise.
    public let packetID: UInt16

    public init(topic: ByteView, payload: ByteView, qos: QoS, retain: Bool, isDuplicate: Bool, packetID: UInt16) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.isDuplicate = isDuplicate
        self.packetID = packetID
    }

    public static func decode(_ frame: Frame) -> Decoded<Publish> {
        // [MQTT-3.3.1-4]
        guard let qos = QoS(rawValue: frame.flags >> 1 & 3) else { return .bad(.badQoS) }
        let isDuplicate = frame.flags & 0x08 != 0
        // [MQTT-3.3.1-2]
        guard qos != .atMostOnce || !isDuplicate else { return .bad(.badFlags) }
        var reader = ByteReader(frame.body)
        guard let topic = reader.lengthPrefixed() else { return .bad(.malformed) }
        if let reason = TopicName.check(topic) { return .bad(reason) }
        var packetID: UInt16 = 0
        if qos != .atMostOnce {
            guard let id = reader.int16() else { return .bad(.malformed) }
            // [MQTT-2.3.1-1]
            guard id != 0 else { return .bad(.badPacketID) }
            packetID = id
        }
        return .packet(
            Publish(
                topic: topic, payload: reader.rest, qos: qos, retain: frame.flags & 1 != 0, isDuplicate: isDuplicate,
                packetID: packetID))
    }
}
