import Base
import Wire

/// The broker's side of one network connection: which packets may come when, and what each asks for.
/// What sessions hold beyond the connection is not kept here.
public struct ServerConnection {
    public enum State: UInt8 {
        /// Nothing but CONNECT may come [MQTT-3.1.0-1].
        case awaitingConnect
        /// CONNECT was accepted.
        case connected
        /// The end was decided; whatever else arrives is ignored [MQTT-3.1.4-5].
        case closed
    }

    /// What the peer asks for. Views point into the receive window.
    public enum Request {
        case connect(Connect)
        case publish(Publish)
        /// PUBACK, PUBREC or PUBCOMP for a message of ours.
        case acknowledge(PacketType, packetID: UInt16)
        /// PUBREL for a message of the peer's.
        case release(packetID: UInt16)
        case subscribe(Subscribe)
        case unsubscribe(Unsubscribe)
        case ping
        /// End the connection. Given once; the state is `closed` then.
        case close(CloseReason)
    }

    public private(set) var state = State.awaitingConnect
    public private(set) var level = ProtocolLevel.v311
    public private(set) var keepAlive = KeepAlive(seconds: 0)

    public init() {}

    /// A whole packet has come. Must not be called once closed.
    public mutating func received(_ frame: Frame) -> Request {
        switch state {
        case .awaitingConnect:
            guard frame.type == .connect else { return close(.notConnect) }
            switch Connect.decode(frame.body) {
            case .packet(let connect):
                level = connect.level
                return .connect(connect)
            case .bad(let reason):
                return close(reason)
            }
        case .connected:
            return request(frame)
        case .closed:
            preconditionFailure("a frame for a closed connection")
        }
    }

    /// The broker took the CONNECT.
    public mutating func accepted(keepAliveSeconds: UInt16) {
        precondition(state == .awaitingConnect)
        state = .connected
        keepAlive = KeepAlive(seconds: keepAliveSeconds)
    }

    /// The broker, the clock or the network ended the connection.
    public mutating func closed() { state = .closed }

    private mutating func request(_ frame: Frame) -> Request {
        switch frame.type {
        case .publish:
            return request(Publish.decode(frame)) { .publish($0) }
        case .puback, .pubrec, .pubcomp:
            return request(Acknowledgement.decode(frame.body)) { .acknowledge(frame.type, packetID: $0) }
        case .pubrel:
            return request(Acknowledgement.decode(frame.body)) { .release(packetID: $0) }
        case .subscribe:
            return request(Subscribe.decode(frame.body)) { .subscribe($0) }
        case .unsubscribe:
            return request(Unsubscribe.decode(frame.body)) { .unsubscribe($0) }
        case .pingreq:
            return frame.body.isEmpty ? .ping : close(.malformed)
        case .disconnect:
            return close(frame.body.isEmpty ? .disconnect : .malformed)
        case .connect:
            return close(.secondConnect)
        case .connack, .suback, .unsuback, .pingresp:
            return close(.unexpectedPacket)
        }
    }

    private mutating func request<Packet>(_ decoded: Decoded<Packet>, _ make: (Packet) -> Request) -> Request {
        switch decoded {
        case .packet(let packet): make(packet)
        case .bad(let reason): close(reason)
        }
    }

    private mutating func close(_ reason: CloseReason) -> Request {
        state = .closed
        return .close(reason)
    }
}
