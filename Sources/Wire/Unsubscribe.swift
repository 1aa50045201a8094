import Base

/// UNSUBSCRIBE [MQTT 3.1.1 §3.10]. Checked whole by `decode`; the filters are then read one by one.
public struct Unsubscribe {
    public let packetID: UInt16
    private var reader: ByteReader

    public static func decode(_ body: ByteView) -> Decoded<Unsubscribe> {
        var reader = ByteReader(body)
        guard let id = reader.int16() else { return .bad(.malformed) }
        guard id != 0 else { return .bad(.badPacketID) }
        let filters = reader
        // [MQTT-3.10.3-2]
        guard !reader.isAtEnd else { return .bad(.noFilters) }
        while !reader.isAtEnd {
            guard let filter = reader.lengthPrefixed() else { return .bad(.malformed) }
            if let reason = TopicFilter.check(filter) { return .bad(reason) }
        }
        return .packet(Unsubscribe(packetID: id, reader: filters))
    }

    public mutating func next() -> ByteView? { reader.lengthPrefixed() }

    /// Bytes that `encode` writes for a filter of this length.
    public static func byteCount(filterBytes: Int) -> Int {
        let remaining = filterBytes + 4
        return 1 + VarInt.byteCount(UInt32(remaining)) + remaining
    }

    /// A packet with one filter, which is valid.
    public static func encode(_ filter: ByteView, packetID: UInt16, to writer: inout ByteWriter) {
        writer.byte(PacketType.unsubscribe.rawValue << 4 | (PacketType.unsubscribe.requiredFlags ?? 0))
        VarInt.encode(UInt32(filter.count + 4), to: &writer)
        writer.int16(packetID)
        writer.lengthPrefixed(filter)
    }
}
