import Base

/// PINGRESP [MQTT 3.1.1 §3.13]. PINGREQ and DISCONNECT have no content to decode.
public enum Pingresp {
    public static func encode(to writer: inout ByteWriter) {
        writer.byte(PacketType.pingresp.rawValue << 4)
        writer.byte(0)
    }
}
