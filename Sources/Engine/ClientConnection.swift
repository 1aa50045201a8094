import Base
import Wire

/// The client's side of one network connection: which packets may come when, and what each means.
/// What outlives the connection is not kept here.
public struct ClientConnection {
    public enum State: UInt8 {
        /// Nothing but CONNACK may come [MQTT-3.2.0-1].
        case awaitingConnack
        case connected
        /// The end was decided; whatever else arrives is ignored.
        case closed
    }

    /// What the server says. Views point into the receive window.
    public enum Message {
        /// The state is `connected` when the code is `accepted`, and `closed` otherwise.
        case answer(Connack)
        case publish(Publish)
        /// PUBACK, PUBREC or PUBCOMP for a message of ours.
        case acknowledge(PacketType, packetID: UInt16)
        /// PUBREL for a message of the server's.
        case release(packetID: UInt16)
        case subscribed(Suback)
        case unsubscribed(packetID: UInt16)
        case pong
        /// End the connection. Given once; the state is `closed` then.
        case close(CloseReason)
    }

    public private(set) var state = State.awaitingConnack
    private let level: ProtocolLevel

    /// CONNECT was sent, of this level.
    public init(level: ProtocolLevel) { self.level = level }

    /// A whole packet has come. Must not be called once closed.
    public mutating func received(_ frame: Frame) -> Message {
        switch state {
        case .awaitingConnack:
            guard frame.type == .connack else { return close(.unexpectedPacket) }
            switch Connack.decode(frame.body, level: level) {
            case .packet(let connack):
                state = connack.code == .accepted ? .connected : .closed
                return .answer(connack)
            case .bad(let reason):
                return close(reason)
            }
        case .connected:
            return message(frame)
        case .closed:
            preconditionFailure("a frame for a closed connection")
        }
    }

    /// The client, the clock or the network ended the connection.
    public mutating func closed() { state = .closed }

    private mutating func message(_ frame: Frame) -> Message {
        switch frame.type {
        case .publish:
            return message(Publish.decode(frame)) { .publish($0) }
        case .puback, .pubrec, .pubcomp:
            return message(Acknowledgement.decode(frame.body)) { .acknowledge(frame.type, packetID: $0) }
        case .pubrel:
            return message(Acknowledgement.decode(frame.body)) { .release(packetID: $0) }
        case .suback:
            return message(Suback.decode(frame.body)) { .subscribed($0) }
        case .unsuback:
            return message(Acknowledgement.decode(frame.body)) { .unsubscribed(packetID: $0) }
        case .pingresp:
            return frame.body.isEmpty ? .pong : close(.malformed)
        case .connack, .connect, .subscribe, .unsubscribe, .pingreq, .disconnect:
            return close(.unexpectedPacket)
        }
    }

    private mutating func message<Packet>(_ decoded: Decoded<Packet>, _ make: (Packet) -> Message) -> Message {
        switch decoded {
        case .packet(let packet): make(packet)
        case .bad(let reason): close(reason)
        }
    }

    private mutating func close(_ reason: CloseReason) -> Message {
        state = .closed
        return .close(reason)
    }
}
