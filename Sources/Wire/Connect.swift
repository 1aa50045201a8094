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

        /// `topic` is a valid topic name, and both are at most 65,535 bytes long.
        public init(topic: ByteView, payload: ByteView, qos: QoS, retain: Bool) {
            self.topic = topic
            self.payload = payload
            self.qos = qos
            self.retain = retain
        }
    }

    /// A client's. Strings are valid and at most 65,535 bytes long; without user name there is no password in 3.1.1
    /// [MQTT-3.1.2-22]; without client id the session is clean [MQTT-3.1.3-7].
    public init(
        level: ProtocolLevel, cleanSession: Bool, keepAlive: UInt16, clientID: ByteView, will: Will?,
        userName: ByteView?, password: ByteView?, isBridge: Bool = false
    ) {
        self.level = level
        self.cleanSession = cleanSession
        self.keepAlive = keepAlive
        self.clientID = clientID
        self.will = will
        self.userName = userName
        self.password = password
        self.isBridge = isBridge
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

    private var protocolName: ByteView { ByteView(level == .v31 ? "MQIsdp" : "MQTT") }

    private var remaining: Int {
        func field(_ view: ByteView?) -> Int {
            guard let view else { return 0 }
            return view.count + 2
        }
        return field(protocolName) + 4 + field(clientID) + field(will?.topic) + field(will?.payload) + field(userName)
            + field(password)
    }

    /// Bytes that `encode` writes.
    public var byteCount: Int { 1 + VarInt.byteCount(UInt32(remaining)) + remaining }

    public func encode(to writer: inout ByteWriter) {
        writer.byte(PacketType.connect.rawValue << 4)
        VarInt.encode(UInt32(remaining), to: &writer)
        writer.lengthPrefixed(protocolName)
        writer.byte(level.rawValue | (isBridge ? Flag.bridge : 0))
        var flags: UInt8 = cleanSession ? Flag.cleanSession : 0
        if let will { flags |= Flag.will | will.qos.rawValue << 3 | (will.retain ? Flag.willRetain : 0) }
        if userName != nil { flags |= Flag.userName }
        if password != nil { flags |= Flag.password }
        writer.byte(flags)
        writer.int16(keepAlive)
        writer.lengthPrefixed(clientID)
        if let will {
            writer.lengthPrefixed(will.topic)
            writer.lengthPrefixed(will.payload)
        }
        if let userName { writer.lengthPrefixed(userName) }
        if let password { writer.lengthPrefixed(password) }
    }
}
