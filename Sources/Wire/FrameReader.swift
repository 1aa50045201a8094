import Base

/// One control packet as it stands in the receive window.
public struct Frame {
    public let type: PacketType
    /// The lower four bits of the first byte.
    public let flags: UInt8
    /// Variable header and payload.
    public let body: ByteView
}

/// Cuts a byte stream into frames. Looks at the fixed header only, as far as it has come, so a bad packet is found out
/// at its first bad byte and not when it is complete.
public enum FrameReader {
    public enum Result {
        /// A whole frame of `byteCount` bytes.
        case frame(Frame, byteCount: Int)
        /// Incomplete. `total` is the length of the whole frame, or zero while the header is not all there.
        case needMore(total: Int)
        case bad(CloseReason)
    }

    /// The frame at the front of `bytes`. `maxPacketBytes` bounds the whole packet, fixed header included.
    public static func next(_ bytes: ByteView, maxPacketBytes: Int) -> Result {
        guard bytes.count >= 1 else { return .needMore(total: 0) }
        guard let type = PacketType(rawValue: bytes[0] >> 4) else { return .bad(.badType) }
        let flags = bytes[0] & 0x0F
        // [MQTT-2.2.2-2]
        if let required = type.requiredFlags, flags != required { return .bad(.badFlags) }
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
