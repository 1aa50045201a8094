import Base
import Wire

/// A message that is longer than may be taken, while it goes by. Only its packet id is of interest: a broker that keeps
/// the session sends what is not acknowledged again, and for its sake nothing that is behind it would ever come.
struct Skip {
    let qos: QoS
    let isDuplicate: Bool
    private var packetID: UInt16 = 0
    /// Bytes of the topic, in front of the packet id, that are still to come; and of the payload.
    private var topicBytes: Int
    private var payloadBytes: Int

    enum Beginning {
        case skip(Skip, byteCount: Int)
        case needMore
        case bad
    }

    /// What stands at the front of `bytes`, up to the length of the topic.
    static func begin(_ bytes: ByteView) -> Beginning {
        guard case .value(let remaining, let lengthBytes) = VarInt.decode(bytes.dropFirst(1)),
            let qos = QoS(rawValue: bytes[0] >> 1 & 3), qos != .atMostOnce || bytes[0] & 8 == 0
        else { return .bad }
        let header = 1 + lengthBytes
        guard bytes.count >= header + 2 else { return .needMore }
        let topicBytes = Int(bytes[header]) << 8 | Int(bytes[header + 1])
        let payloadBytes = Int(remaining) - 2 - topicBytes - (qos == .atMostOnce ? 0 : 2)
        guard payloadBytes >= 0 else { return .bad }
        let skip = Skip(
            qos: qos, isDuplicate: bytes[0] & 8 != 0, topicBytes: topicBytes, payloadBytes: payloadBytes)
        return .skip(skip, byteCount: header + 2)
    }

    private init(qos: QoS, isDuplicate: Bool, topicBytes: Int, payloadBytes: Int) {
        self.qos = qos
        self.isDuplicate = isDuplicate
        self.topicBytes = topicBytes
        self.payloadBytes = payloadBytes
    }

    /// All of it has gone by.
    var isOver: Bool { topicBytes == 0 && payloadBytes == 0 && !needsID }

    private var needsID: Bool { qos != .atMostOnce && packetID == 0 }

    /// Passes over what has come of it; answers how many bytes those are. Nil for a packet id of zero.
    mutating func pass(_ bytes: ByteView) -> Int? {
        var count = min(topicBytes, bytes.count)
        topicBytes -= count
        if topicBytes == 0, needsID {
            guard bytes.count >= count + 2 else { return count }
            packetID = UInt16(bytes[count]) << 8 | UInt16(bytes[count + 1])
            guard packetID != 0 else { return nil }
            count += 2
        }
        let rest = topicBytes == 0 ? min(payloadBytes, bytes.count - count) : 0
        payloadBytes -= rest
        return count + rest
    }

    /// What is to be acknowledged.
    var publish: Publish {
        Publish(
            topic: .empty, payload: .empty, qos: qos, retain: false, isDuplicate: isDuplicate, packetID: packetID)
    }
}
