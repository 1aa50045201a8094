import Base

/// CONNACK [MQTT 3.1.1 §3.2].
public enum Connack {
    /// Writes four bytes. Session Present goes only with acceptance [MQTT-3.2.2-4], and is unknown to 3.1.
    public static func encode(_ code: ConnackCode, sessionPresent: Bool, to writer: inout ByteWriter) {
        precondition(code == .accepted || !sessionPresent)
        writer.byte(PacketType.connack.rawValue << 4)
        writer.byte(2)
        writer.byte(sessionPresent ? 1 : 0)
        writer.byte(code.rawValue)
    }
}
