import Base

/// "Remaining Length": seven bits a byte, least significant first, at most four bytes [MQTT 3.1.1 §2.2.3].
public enum VarInt {
    public static var maxValue: UInt32 { 268_435_455 }

    public enum Decoded: Equatable {
        case value(UInt32, byteCount: Int)
        case needMore
        /// A fifth byte would follow.
        case tooLong
    }

    public static func decode(_ bytes: ByteView) -> Decoded {
        var value: UInt32 = 0
        var i = 0
        while i < 4 {
            guard i < bytes.count else { return .needMore }
            value |= UInt32(bytes[i] & 0x7F) << UInt32(7 * i)
            i += 1
            if bytes[i - 1] & 0x80 == 0 { return .value(value, byteCount: i) }
        }
        return .tooLong
    }

    /// Bytes that `encode` writes for `value`: 1 … 4.
    public static func byteCount(_ value: UInt32) -> Int {
        value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : 4
    }

    /// `value` is at most `maxValue`.
    public static func encode(_ value: UInt32, to writer: inout ByteWriter) {
        precondition(value <= maxValue)
        var rest = value
        while rest >= 0x80 {
            writer.byte(UInt8(truncatingIfNeeded: rest & 0x7F) | 0x80)
            rest >>= 7
        }
        writer.byte(UInt8(truncatingIfNeeded: rest))
    }
}
