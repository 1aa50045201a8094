import Base
import Wire

/// What a client says on one connection, as a broker would read it: anything that breaks a clause is found here.
struct Talk {
    private var bytes: [UInt8] = []
    private var hasConnected = false
    private var hasDisconnected = false
    /// What a broker that takes everything would answer.
    private var owed: [UInt8] = []

    mutating func takeOwed() -> [UInt8] {
        defer { owed = [] }
        return owed
    }

    mutating func hear(_ more: [UInt8]) {
        bytes += more
        while true {
            let taken = bytes.withUnsafeBufferPointer { buffer -> Int in
                guard !buffer.isEmpty else { return 0 }
                let view = ByteView(buffer.baseAddress!, buffer.count)
                switch FrameReader.next(view, maxPacketBytes: 1 << 28) {
                case .frame(let frame, let count):
                    take(frame)
                    return count
                case .needMore: return 0
                case .bad: preconditionFailure("no packet")
                }
            }
            if taken == 0 { return }
            bytes.removeFirst(taken)
        }
    }

    private mutating func take(_ frame: Frame) {
        precondition(!hasDisconnected, "something behind DISCONNECT [MQTT-3.14.4-2]")
        precondition(hasConnected == (frame.type != .connect), "CONNECT is first, and comes once [MQTT-3.1.0-1]")
        switch frame.type {
        case .connect:
            guard case .packet = Connect.decode(frame.body) else { preconditionFailure("no CONNECT") }
            hasConnected = true
        case .publish:
            guard case .packet(let publish) = Publish.decode(frame) else { preconditionFailure("no PUBLISH") }
            if publish.qos == .atLeastOnce { owe(.puback, publish.packetID) }
            if publish.qos == .exactlyOnce { owe(.pubrec, publish.packetID) }
        case .puback, .pubrec, .pubcomp:
            _ = id(frame)
        case .pubrel:
            owe(.pubcomp, id(frame))
        case .subscribe:
            guard case .packet = Subscribe.decode(frame.body) else { preconditionFailure("no SUBSCRIBE") }
        case .unsubscribe:
            guard case .packet = Unsubscribe.decode(frame.body) else { preconditionFailure("no UNSUBSCRIBE") }
        case .pingreq:
            precondition(frame.body.isEmpty)
        case .disconnect:
            hasDisconnected = true
        case .connack, .suback, .unsuback, .pingresp:
            preconditionFailure("only brokers send that")
        }
    }

    private mutating func owe(_ type: PacketType, _ id: UInt16) {
        owed += [type.rawValue << 4, 2] + Packet.int16(id)
    }

    private func id(_ frame: Frame) -> UInt16 {
        guard case .packet(let id) = Acknowledgement.decode(frame.body) else { preconditionFailure("no packet id") }
        return id
    }
}
