import Base

/// The packets that are a fixed header and nothing else [MQTT 3.1.1 §3.12 – §3.14].
public enum Pingreq {
    public static func encode(to writer: inout ByteWriter) { encodeEmpty(.pingreq, to: &writer) }
}

public enum Pingresp {
    public static func encode(to writer: inout ByteWriter) { encodeEmpty(.pingresp, to: &writer) }
}

public enum Disconnect {
    public static func encode(to writer: inout ByteWriter) { encodeEmpty(.disconnect, to: &writer) }
}

/// Two bytes.
private func encodeEmpty(_ type: PacketType, to writer: inout ByteWriter) {
    writer.byte(type.rawValue << 4)
    writer.byte(0)
}
