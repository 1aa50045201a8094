import Base

/// One control packet as it stands in the receive window.
public struct Frame {
    public let type: PacketType
    /// The lower four bits of the first byte.
    public let flags: UInt8
    /// Variable header and payload.
    public let body: ByteView
}

/// Cuts a byte stream into frames. Looks at the fixed header only, as far as it has come: a wrong type, wrong flags of
/// any packet but PUBLISH, and a bad length are found out at that byte and not when the packet is complete.
public enum FrameReader {
    public enum Result {
        /// A whole frame of `byteCount` bytes.
        case frame(Frame, byteCount: Int)
        /// Incomplete. `total` is the length of the whole frame, or zero while the header is not all there.
        case needMore(total: Int)
        case bad(CloseReason)
    }

    /// The frame at the front of `bytes`. `maxPacketBytes` bounds the whole packet, fixed header included.
    public static func next(_ bytes: ByteView, maxPacketBytes: Int, level: ProtocolLevel = .v311) -> Result {
        guard bytes.count >= 1 else { return .needMore(total: 0) }
        guard let type = PacketType(rawValue: bytes[0] >> 4) else { return .bad(.badType) }
        let flags = bytes[0] & 0x0F
        // [MQTT-2.2.2-2]
        if let required = type.requiredFlags, flags != required {
            // 3.1 repeats SUBSCRIBE, UNSUBSCRIBE and PUBREL with DUP set [MQTT V3.1 §2.1].
            guard level == .v31, required != 0, flags == required | 0x08 else { return .bad(.badFlags) }
        }
        switch VarInt.decode(bytes.dropFirst(1)) {
        case .needMore: return .needMore(total: 0)
        case .tooLong: return .bad(.badLength)
        case .value(let remaining, let lengthBytes):
            let header = 1 + lengthBytes
            guard remaining <= UInt32(maxPacketBytes), header + Int(remaining) <= maxPacketBytes else {
                return .bad(.packetTooLarge)
            }
            let total = header + Int(remaining)
            guard bytes.count >= total else { return .needMore(total: total) }
            return .frame(Frame(type: type, flags: flags, body: bytes.slice(header, total)), byteCount: total)
        }
    }
}
