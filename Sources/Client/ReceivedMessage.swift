import Base
import Wire

/// A message that came, as it is shown to somebody.
public struct ReceivedMessage {
    public var topic: ByteView
    public var payload: ByteView
    public var qos: QoS
    public var retain: Bool
    /// Zero when `qos` is 0.
    public var packetID: UInt16
    /// When it came. Counts only where the format asks for it.
    public var time: LocalTime

    public init(
        topic: ByteView, payload: ByteView, qos: QoS, retain: Bool, packetID: UInt16, time: LocalTime = .unknown
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.packetID = packetID
        self.time = time
    }
}
