import Base

/// SUBSCRIBE [MQTT 3.1.1 §3.8]. Checked whole by `decode`; the requests are then read one by one.
public struct Subscribe {
    public let packetID: UInt16
    /// How many filters there are; at least one.
    public let count: Int
    private var reader: ByteReader

    public struct Request {
        public let filter: ByteView
        public let qos: QoS

        /// `filter` is a valid topic filter.
        public init(filter: ByteView, qos: QoS) {
            self.filter = filter
            self.qos = qos
        }
    }

    public static func decode(_ body: ByteView) -> Decoded<Subscribe> {
        var reader = ByteReader(body)
        guard let id = reader.int16() else { return .bad(.malformed) }
        guard id != 0 else { return .bad(.badPacketID) }
        let requests = reader
        var count = 0
        while !reader.isAtEnd {
            guard let filter = reader.lengthPrefixed(), let options = reader.byte() else { return .bad(.malformed) }
            if let reason = TopicFilter.check(filter) { return .bad(reason) }
            // [MQTT-3.8.3-4]
            guard options & 0xFC == 0 else { return .bad(.malformed) }
            guard QoS(rawValue: options) != nil else { return .bad(.badQoS) }
            count += 1
        }
        // [MQTT-3.8.3-3]
        guard count > 0 else { return .bad(.noFilters) }
        return .packet(Subscribe(packetID: id, count: count, reader: requests))
    }

    /// The next request in the order of the packet, or nil.
    public mutating func next() -> Request? {
        guard let filter = reader.lengthPrefixed(), let options = reader.byte() else { return nil }
        return Request(filter: filter, qos: QoS(rawValue: options) ?? .atMostOnce)
    }

    /// Bytes that `encode` writes for a filter of this length.
    public static func byteCount(filterBytes: Int) -> Int {
        let remaining = filterBytes + 5
        return 1 + VarInt.byteCount(UInt32(remaining)) + remaining
    }

    /// A packet with one request.
    public static func encode(_ request: Request, packetID: UInt16, to writer: inout ByteWriter) {
        writer.byte(PacketType.subscribe.rawValue << 4 | (PacketType.subscribe.requiredFlags ?? 0))
        VarInt.encode(UInt32(request.filter.count + 5), to: &writer)
        writer.int16(packetID)
        writer.lengthPrefixed(request.filter)
        writer.byte(request.qos.rawValue)
    }
}

/// SUBACK [MQTT 3.1.1 §3.9].
public struct Suback {
    public let packetID: UInt16
    /// A byte for each request, in their order: the granted QoS, or `failure`.
    public let codes: ByteView

    public static func decode(_ body: ByteView) -> Decoded<Suback> {
        var reader = ByteReader(body)
        guard let id = reader.int16(), !reader.isAtEnd else { return .bad(.malformed) }
        guard id != 0 else { return .bad(.badPacketID) }
        var i = 0
        while i < reader.rest.count {
            // [MQTT-3.9.3-2]
            guard reader.rest[i] <= 2 || reader.rest[i] == failure else { return .bad(.malformed) }
            i += 1
        }
        return .packet(Suback(packetID: id, codes: reader.rest))
    }

    /// The code for a subscription that was not granted.
    public static var failure: UInt8 { 0x80 }

    /// Everything in front of the codes, of which `count` follow in the order of the requests [MQTT-3.9.3-1].
    public static func encodeHeader(packetID: UInt16, count: Int, to writer: inout ByteWriter) {
        writer.byte(PacketType.suback.rawValue << 4)
        VarInt.encode(UInt32(count + 2), to: &writer)
        writer.int16(packetID)
    }
}
