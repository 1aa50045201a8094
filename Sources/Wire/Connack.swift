import Base

/// CONNACK [MQTT 3.1.1 §3.2].
public struct Connack {
    /// Unknown to 3.1, where the server always says no.
    public let sessionPresent: Bool
    public let code: ConnackCode

    /// Writes four bytes. Session Present goes only with acceptance [MQTT-3.2.2-4], and is unknown to 3.1.
    public static func encode(_ code: ConnackCode, sessionPresent: Bool, to writer: inout ByteWriter) {
        precondition(code == .accepted || !sessionPresent)
        writer.byte(PacketType.connack.rawValue << 4)
        writer.byte(2)
        writer.byte(sessionPresent ? 1 : 0)
        writer.byte(code.rawValue)
    }

    public static func decode(_ body: ByteView, level: ProtocolLevel) -> Decoded<Connack> {
        var reader = ByteReader(body)
        guard let flags = reader.byte(), let byte = reader.byte(), reader.isAtEnd else { return .bad(.malformed) }
        guard let code = ConnackCode(rawValue: byte) else { return .bad(.malformed) }
        // 3.1 has no flags and says nothing of what stands in their place.
        if level == .v31 { return .packet(Connack(sessionPresent: false, code: code)) }
        guard flags & 0xFE == 0, flags == 0 || code == .accepted else { return .bad(.malformed) }
        return .packet(Connack(sessionPresent: flags == 1, code: code))
    }
}
