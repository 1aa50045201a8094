import Base

/// The bytes of an outgoing PUBLISH. The topic (with its length) and the payload are shared by all subscribers and
/// stand in the message store as one run; what differs from one subscriber to the next is written here.
public struct PublishLayout {
    public let qos: QoS
    public let retain: Bool
    public let isDuplicate: Bool
    /// Not zero when `qos` is above 0.
    public let packetID: UInt16
    /// The topic's length field and the topic.
    public let topicFieldBytes: Int
    public let payloadBytes: Int

    public init(
        qos: QoS, retain: Bool, isDuplicate: Bool, packetID: UInt16, topicFieldBytes: Int, payloadBytes: Int
    ) {
        self.qos = qos
        self.retain = retain
        self.isDuplicate = isDuplicate
        self.packetID = packetID
        self.topicFieldBytes = topicFieldBytes
        self.payloadBytes = payloadBytes
    }

    /// The largest fixed header: one byte and four of length.
    public static var maxHeaderBytes: Int { 5 }

    public var hasPacketID: Bool { qos != .atMostOnce }
    private var remaining: Int { topicFieldBytes + (hasPacketID ? 2 : 0) + payloadBytes }
    public var headerBytes: Int { 1 + VarInt.byteCount(UInt32(remaining)) }
    public var totalBytes: Int { headerBytes + remaining }

    /// The fixed header, in front of the topic field. A packet id, if any, comes right behind that field.
    public func encodeHeader(to writer: inout ByteWriter) {
        var first = PacketType.publish.rawValue << 4 | qos.rawValue << 1
        if isDuplicate { first |= 0x08 }
        if retain { first |= 0x01 }
        writer.byte(first)
        VarInt.encode(UInt32(remaining), to: &writer)
    }
}
