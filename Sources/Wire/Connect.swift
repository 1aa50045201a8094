import Base

/// CONNECT [MQTT 3.1.1 §3.1].
public struct Connect {
    public let level: ProtocolLevel
    public let cleanSession: Bool
    /// Seconds; zero switches keep-alive off.
    public let keepAlive: UInt16
    public let clientID: ByteView
    public let will: Will?
    public let userName: ByteView?
    public let password: ByteView?
    /// Bit 7 of the protocol level: the peer is a bridge (mosquitto's `try_private`).
    public let isBridge: Bool

    public struct Will {
        public let topic: ByteView
        public let payload: ByteView
        public let qos: QoS
        public let retain: Bool
    }

    private enum Flag {
        static var reserved: UInt8 { 0x01 }
        static var cleanSession: UInt8 { 0x02 }
        static var will: UInt8 { 0x04 }
        static var willRetain: UInt8 { 0x20 }
        static var password: UInt8 { 0x40 }
        static var userName: UInt8 { 0x80 }
        static var bridge: UInt8 { 0x80 }
    }

    public static func decode(_ body: ByteView) -> Decoded<Connect> {
        var reader = ByteReader(body)
        // [MQTT-3.1.2-1] 3.1 has another name for the protocol, and its own level.
        guard let name = reader.lengthPrefixed() else { return .bad(.malformed) }
        let is31 = name.equals("MQIsdp")
        guard is31 || name.equals("MQTT") else { return .bad(.badProtocolName) }
        guard let levelByte = reader.byte() else { return .bad(.malformed) }
        // [MQTT-3.1.2-2]
        guard let level = ProtocolLevel(rawValue: levelByte & ~Flag.bridge), is31 == (level == .v31) else {
            return .bad(.badProtocolLevel)
        }
        guard let flags = reader.byte(), let keepAlive = reader.int16() else { return .bad(.malformed) }
        // [MQTT-3.1.2-3]
        guard flags & Flag.reserved == 0 else { return .bad(.malformed) }
        let hasWill = flags & Flag.will != 0
        // [MQTT-3.1.2-11, -13, -14, -15]
        guard let willQoS = QoS(rawValue: flags >> 3 & 3) else { return .bad(.badQoS) }
        guard hasWill || (willQoS == .atMostOnce && flags & Flag.willRetain == 0) else { return .bad(.malformed) }
        let hasUserName = flags & Flag.userName != 0
        let hasPassword = flags & Flag.password != 0
        // [MQTT-3.1.2-22]
        guard hasUserName || !hasPassword else { return .bad(.malformed) }

        // [MQTT-3.1.3-1] The payload's fields come in this order.
        guard let clientID = reader.lengthPrefixed() else { return .bad(.malformed) }
        guard UTF8Text.isValid(clientID) else { return .bad(.badUTF8) }
        var will: Will?
        if hasWill {
            guard let topic = reader.lengthPrefixed(), let payload = reader.lengthPrefixed() else {
                return .bad(.malformed)
            }
            if let reason = TopicName.check(topic) { return .bad(reason) }
            will = Will(topic: topic, payload: payload, qos: willQoS, retain: flags & Flag.willRetain != 0)
        }
        var userName: ByteView?
        if hasUserName {
            guard let field = reader.lengthPrefixed() else { return .bad(.malformed) }
            guard UTF8Text.isValid(field) else { return .bad(.badUTF8) }
            userName = field
        }
        var password: ByteView?
        if hasPassword {
            guard let field = reader.lengthPrefixed() else { return .bad(.malformed) }
            password = field
        }
        guard reader.isAtEnd else { return .bad(.malformed) }
        // [MQTT-3.1.3-7, MQTT-3.1.3-8] Only 3.1.1 lets the server choose the client id.
        guard !clientID.isEmpty || (flags & Flag.cleanSession != 0 && level == .v311) else {
            return .bad(.badClientID)
        }
        return .packet(
            Connect(
                level: level, cleanSession: flags & Flag.cleanSession != 0, keepAlive: keepAlive, clientID: clientID,
                will: will, userName: userName, password: password, isBridge: levelByte & Flag.bridge != 0))
    }
}
