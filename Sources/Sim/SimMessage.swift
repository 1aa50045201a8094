import Base
import Wire

/// What a message of a simulation is, which its payload tells: whoever receives it knows what was sent, by whom, and
/// whether it came whole.
public struct SimMessage: Equatable {
    /// The number of the client that published it, counted from zero.
    public var publisher: UInt8
    /// Counts the messages of one publisher from 1 on, over all topics.
    public var number: UInt16
    /// An index of `Vocabulary.topic`.
    public var topic: UInt8
    public var qos: QoS
    public var isRetained: Bool
    public var isWill: Bool
    /// Bytes of the payload: zero, or at least `headBytes`.
    public var length: Int

    public static var headBytes: Int { 8 }
    /// An empty payload tells nothing; who has published it is unknown.
    public static var nobody: UInt8 { 0xFF }

    /// What clears the retained message of a topic.
    public static func clearing(_ topic: UInt8, qos: QoS, publisher: UInt8 = nobody, number: UInt16 = 0) -> SimMessage {
        SimMessage(
            publisher: publisher, number: number, topic: topic, qos: qos, isRetained: true, isWill: false, length: 0)
    }

    public var isClearing: Bool { length == 0 }

    private var check: UInt8 {
        let sum = UInt32(publisher) &* 31 &+ UInt32(number) &* 17 &+ UInt32(topic) &* 7 &+ UInt32(qos.rawValue)
        return UInt8(truncatingIfNeeded: sum)
    }

    private func filling(at index: Int) -> UInt8 { UInt8(truncatingIfNeeded: index &+ Int(number)) }

    public static func == (a: SimMessage, b: SimMessage) -> Bool {
        a.publisher == b.publisher && a.number == b.number && a.topic == b.topic && a.qos == b.qos
            && a.isRetained == b.isRetained && a.isWill == b.isWill && a.length == b.length
    }
}

// The payload: a head that names the message, and a filling that depends on it.
extension SimMessage {
    func writePayload(_ writer: inout ByteWriter) {
        guard length > 0 else { return }
        writer.byte(publisher)
        writer.int16(number)
        writer.byte(topic)
        writer.byte(qos.rawValue | (isRetained ? 4 : 0) | (isWill ? 8 : 0))
        writer.int16(UInt16(length))
        writer.byte(check)
        var i = SimMessage.headBytes
        while i < length {
            writer.byte(filling(at: i))
            i += 1
        }
    }

    /// Nil when the payload, or the first part of it that came, is not what was sent.
    init?(payload: ByteView, isWhole: Bool = true) {
        var reader = ByteReader(payload)
        guard let publisher = reader.byte(), let number = reader.int16(), let topic = reader.byte(),
            let flags = reader.byte(), let qos = QoS(rawValue: flags & 3), let length = reader.int16(),
            isWhole ? Int(length) == payload.count : Int(length) >= payload.count, let check = reader.byte()
        else { return nil }
        self.init(
            publisher: publisher, number: number, topic: topic, qos: qos, isRetained: flags & 4 != 0,
            isWill: flags & 8 != 0, length: Int(length))
        guard check == self.check else { return nil }
        var i = SimMessage.headBytes
        while i < payload.count {
            if payload[i] != filling(at: i) { return nil }
            i += 1
        }
    }
}
