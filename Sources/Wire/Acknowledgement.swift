import Base

/// The packets that are a packet id and nothing else: PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK
/// [MQTT 3.1.1 §3.4 – §3.7, §3.11].
public enum Acknowledgement {
    /// Bytes that `encode` writes.
    public static var byteCount: Int { 4 }

    /// The packet id.
    public static func decode(_ body: ByteView) -> Decoded<UInt16> {
        var reader = ByteReader(body)
        guard let id = reader.int16(), reader.isAtEnd else { return .bad(.malformed) }
        return id == 0 ? .bad(.badPacketID) : .packet(id)
    }

    public static func encode(_ type: PacketType, packetID: UInt16, to writer: inout ByteWriter) {
        writer.byte(type.rawValue << 4 | (type.requiredFlags ?? 0))
        writer.byte(2)
        writer.int16(packetID)
    }
}
