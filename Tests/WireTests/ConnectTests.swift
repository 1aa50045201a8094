import Base
import TestSupport
import Testing
import Wire

struct ConnectTests {
    /// Clause, body of the packet, and the reason it is refused for.
    static let refused: [(clause: String, row: String, reason: CloseReason)] = [
        ("[MQTT-3.1.2-1] another name", "00 04 'MQTX' 04 02 00 3c 00 01 'a'", .badProtocolName),
        ("[MQTT-3.1.2-1] small letters", "00 04 'mqtt' 04 02 00 3c 00 01 'a'", .badProtocolName),
        ("[MQTT-3.1.2-1] no name", "00 00 04 02 00 3c 00 01 'a'", .badProtocolName),
        ("[MQTT-3.1.2-1] a longer name", "00 05 'MQTTT' 04 02 00 3c 00 01 'a'", .badProtocolName),
        ("[MQTT-3.1.2-2] level 5", "00 04 'MQTT' 05 02 00 3c 00 00 01 'a'", .badProtocolLevel),
        ("[MQTT-3.1.2-2] level of 3.1 under the new name", "00 04 'MQTT' 03 02 00 3c 00 01 'a'", .badProtocolLevel),
        ("[MQTT-3.1.2-2] level of 3.1.1 under the old name", "00 06 'MQIsdp' 04 02 00 3c 00 01 'a'", .badProtocolLevel),
        ("[MQTT-3.1.2-3] reserved flag", "00 04 'MQTT' 04 03 00 3c 00 01 'a'", .malformed),
        ("[MQTT-3.1.2-9] no will message", "00 04 'MQTT' 04 06 00 3c 00 01 'a' 00 01 'w'", .malformed),
        ("[MQTT-3.1.2-11] will without its flag", "00 04 'MQTT' 04 02 00 3c 00 01 'a' 00 01 'w' 00 00", .malformed),
        ("[MQTT-3.1.2-13] will QoS without will", "00 04 'MQTT' 04 0a 00 3c 00 01 'a'", .malformed),
        ("[MQTT-3.1.2-14] will QoS 3", "00 04 'MQTT' 04 1e 00 3c 00 01 'a' 00 01 'w' 00 00", .badQoS),
        ("[MQTT-3.1.2-15] will retain without will", "00 04 'MQTT' 04 22 00 3c 00 01 'a'", .malformed),
        ("[MQTT-3.1.2-18] user name without its flag", "00 04 'MQTT' 04 02 00 3c 00 01 'a' 00 01 'u'", .malformed),
        ("[MQTT-3.1.2-19] flag without user name", "00 04 'MQTT' 04 82 00 3c 00 01 'a'", .malformed),
        ("[MQTT-3.1.2-20] password without its flag", "00 04 'MQTT' 04 82 00 3c 00 01 'a' 00 00 00 01 'p'", .malformed),
        ("[MQTT-3.1.2-21] flag without password", "00 04 'MQTT' 04 c2 00 3c 00 01 'a' 00 01 'u'", .malformed),
        ("[MQTT-3.1.2-22] password without user name", "00 04 'MQTT' 04 42 00 3c 00 01 'a' 00 01 'p'", .malformed),
        ("[MQTT-3.1.3-3] no client id", "00 04 'MQTT' 04 02 00 3c", .malformed),
        ("[MQTT-3.1.3-4] ill-formed client id", "00 04 'MQTT' 04 02 00 3c 00 01 ff", .badUTF8),
        ("[MQTT-1.5.3-1] surrogate in client id", "00 04 'MQTT' 04 02 00 3c 00 03 ed a0 80", .badUTF8),
        ("[MQTT-1.5.3-2] U+0000 in client id", "00 04 'MQTT' 04 02 00 3c 00 02 'a' 00", .badUTF8),
        ("[MQTT-3.1.3-7, -8] no id and a session to keep", "00 04 'MQTT' 04 00 00 3c 00 00", .badClientID),
        ("3.1: no id at all", "00 06 'MQIsdp' 03 02 00 3c 00 00", .badClientID),
        ("[MQTT-3.1.3-10] ill-formed will topic", "00 04 'MQTT' 04 06 00 3c 00 01 'a' 00 01 c0 00 00", .badUTF8),
        ("[MQTT-4.7.1-1] wildcard in will topic", "00 04 'MQTT' 04 06 00 3c 00 01 'a' 00 01 '+' 00 00", .badTopicName),
        ("[MQTT-4.7.3-1] empty will topic", "00 04 'MQTT' 04 06 00 3c 00 01 'a' 00 00 00 00", .badTopicName),
        ("[MQTT-3.1.3-11] ill-formed user name", "00 04 'MQTT' 04 82 00 3c 00 01 'a' 00 01 80", .badUTF8),
        ("[MQTT-3.1.4-1] something behind the end", "00 04 'MQTT' 04 02 00 3c 00 01 'a' 00", .malformed),
        ("[MQTT-3.1.4-1] nothing", "", .malformed),
    ]

    @Test(arguments: refused)
    func `A CONNECT that breaks a clause is refused`(clause: String, row: String, reason: CloseReason) {
        withView(hex(row)) { #expect(Connect.decode($0).reason == reason) }
    }

    @Test(arguments: [
        ("no id, nothing to keep [MQTT-3.1.3-6]", "00 04 'MQTT' 04 02 00 3c 00 00"),
        ("U+FEFF stays in the id [MQTT-1.5.3-3]", "00 04 'MQTT' 04 02 00 3c 00 03 ef bb bf"),
        ("an empty user name", "00 04 'MQTT' 04 82 00 3c 00 01 'a' 00 00"),
        ("an empty password", "00 04 'MQTT' 04 c2 00 3c 00 01 'a' 00 01 'u' 00 00"),
        ("a password of any bytes", "00 04 'MQTT' 04 c2 00 3c 00 01 'a' 00 01 'u' 00 02 00 ff"),
        ("an empty will message", "00 04 'MQTT' 04 06 00 3c 00 01 'a' 00 01 'w' 00 00"),
        ("a bridge of 3.1", "00 06 'MQIsdp' 83 02 00 3c 00 01 'a'"),
    ])
    func `A CONNECT with something unusual but allowed is read`(what: String, row: String) {
        withView(hex(row)) { #expect(Connect.decode($0).reason == nil) }
    }

    @Test func `U+FEFF is kept as it is [MQTT-1.5.3-3]`() {
        withView(hex("00 04 'MQTT' 04 02 00 3c 00 04 ef bb bf 'a'")) { view in
            #expect(Connect.decode(view).packet?.clientID.array == hex("ef bb bf 'a'"))
        }
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `The flags say which fields follow, and some of them exclude each other`(flags: UInt8) {
        let (hasUser, hasPassword, hasWill) = (flags & 0x80 != 0, flags & 0x40 != 0, flags & 0x04 != 0)
        let willQoS = flags >> 3 & 3
        var bytes = hex("00 04 'MQTT' 04") + [flags] + hex("00 3c 00 01 'a'")
        if hasWill { bytes += hex("00 01 'w' 00 01 'm'") }
        if hasUser { bytes += hex("00 01 'u'") }
        if hasPassword { bytes += hex("00 01 'p'") }
        let isReserved = flags & 1 != 0
        let isWillTorn = !hasWill && flags & 0x38 != 0
        let isAllowed = !isReserved && !isWillTorn && willQoS != 3 && (hasUser || !hasPassword)
        withView(bytes) { view in
            let decoded = Connect.decode(view)
            #expect((decoded.reason == nil) == isAllowed)
            guard let connect = decoded.packet else { return }
            #expect(connect.cleanSession == (flags & 2 != 0))
            #expect(connect.will?.qos.rawValue == (hasWill ? willQoS : nil))
            #expect(connect.will?.retain == (hasWill ? flags & 0x20 != 0 : nil))
            #expect(connect.will?.topic.text == (hasWill ? "w" : nil))
            #expect(connect.userName?.text == (hasUser ? "u" : nil))
            #expect(connect.password?.text == (hasPassword ? "p" : nil))
        }
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `Each name goes with one level, with or without the bridge bit`(level: UInt8) {
        withView(hex("00 04 'MQTT'") + [level] + hex("02 00 3c 00 01 'a'")) { view in
            #expect(Connect.decode(view).packet?.level == (level & 0x7F == 4 ? .v311 : nil))
        }
        withView(hex("00 06 'MQIsdp'") + [level] + hex("02 00 3c 00 01 'a'")) { view in
            #expect(Connect.decode(view).packet?.level == (level & 0x7F == 3 ? .v31 : nil))
        }
    }

    @Test func `A CONNECT that ends too early anywhere is malformed`() {
        let body = hex("00 04 'MQTT' 04 ee 00 0a 00 02 'id' 00 03 'w/t' 00 02 00 ff 00 02 'me' 00 02 'pw'")
        for count in 0..<body.count {
            withView(body[..<count]) { #expect(Connect.decode($0).reason == .malformed, "\(count) bytes") }
        }
    }

    @Test func `A level from the future is told apart although the rest has another form [MQTT-3.1.2-2]`() {
        withView(hex("00 04 'MQTT' 05")) { #expect(Connect.decode($0).reason == .badProtocolLevel) }
    }
}
