import Base
import TestSupport
import Wire

/// Packets as the standard has them, and what they say.
enum Golden {
    /// Those that a broker reads.
    static let requests: [(row: String, meaning: String)] = [
        ("10 0d 00 04 'MQTT' 04 02 00 3c 00 01 'a'", "CONNECT 3.1.1 clean keep-alive 60 id a"),
        ("10 0c 00 04 'MQTT' 04 02 00 00 00 00", "CONNECT 3.1.1 clean keep-alive 0 id "),
        ("10 0f 00 06 'MQIsdp' 03 00 ff ff 00 01 'a'", "CONNECT 3.1 keep-alive 65535 id a"),
        ("10 0d 00 04 'MQTT' 84 00 00 3c 00 01 'a'", "CONNECT 3.1.1 bridge keep-alive 60 id a"),
        (
            "10 1f 00 04 'MQTT' 04 ee 00 0a 00 02 'id' 00 03 'w/t' 00 02 00 ff 00 02 'me' 00 02 'pw'",
            "CONNECT 3.1.1 clean keep-alive 10 id id will w/t payload 00ff qos 1 retain user me password 7077"
        ),
        (
            "10 16 00 04 'MQTT' 04 94 00 0a 00 01 'a' 00 01 'w' 00 00 00 02 'me'",
            "CONNECT 3.1.1 keep-alive 10 id a will w payload  qos 2 user me"
        ),
        ("30 05 00 03 'a/b'", "PUBLISH qos 0 topic a/b payload "),
        ("31 06 00 01 'a' 'xyz'", "PUBLISH qos 0 retain topic a payload 78797a"),
        ("32 07 00 01 'a' 00 0a 00 ff", "PUBLISH qos 1 id 10 topic a payload 00ff"),
        ("3b 07 00 01 'a' 01 00 'hi'", "PUBLISH qos 1 dup retain id 256 topic a payload 6869"),
        ("3c 06 00 01 'a' ff ff 'h'", "PUBLISH qos 2 dup id 65535 topic a payload 68"),
        ("40 02 00 0b", "PUBACK 11"),
        ("50 02 ff ff", "PUBREC 65535"),
        ("62 02 00 01", "PUBREL 1"),
        ("70 02 01 00", "PUBCOMP 256"),
        ("82 06 00 0a 00 01 'a' 01", "SUBSCRIBE 10 a:1"),
        ("82 10 12 34 00 03 'a/b' 00 00 01 '+' 02 00 01 '#' 00", "SUBSCRIBE 4660 a/b:0 +:2 #:0"),
        ("a2 05 00 0a 00 01 'a'", "UNSUBSCRIBE 10 a"),
        ("a2 0c 00 0a 00 03 '+/b' 00 03 'a/#'", "UNSUBSCRIBE 10 +/b a/#"),
        ("c0 00", "PINGREQ"),
        ("e0 00", "DISCONNECT"),
    ]

    /// Those that only a broker sends.
    static let replies: [(row: String, bytes: [UInt8])] = [
        ("20 02 00 00", encoded { Connack.encode(.accepted, sessionPresent: false, to: &$0) }),
        ("20 02 01 00", encoded { Connack.encode(.accepted, sessionPresent: true, to: &$0) }),
        ("20 02 00 01", encoded { Connack.encode(.unacceptableProtocol, sessionPresent: false, to: &$0) }),
        ("20 02 00 02", encoded { Connack.encode(.identifierRejected, sessionPresent: false, to: &$0) }),
        ("20 02 00 03", encoded { Connack.encode(.serverUnavailable, sessionPresent: false, to: &$0) }),
        ("20 02 00 04", encoded { Connack.encode(.badUserNameOrPassword, sessionPresent: false, to: &$0) }),
        ("20 02 00 05", encoded { Connack.encode(.notAuthorised, sessionPresent: false, to: &$0) }),
        ("40 02 00 0b", encoded { Acknowledgement.encode(.puback, packetID: 11, to: &$0) }),
        ("50 02 ff ff", encoded { Acknowledgement.encode(.pubrec, packetID: 65_535, to: &$0) }),
        // [MQTT-3.6.1-1]
        ("62 02 00 01", encoded { Acknowledgement.encode(.pubrel, packetID: 1, to: &$0) }),
        ("70 02 01 00", encoded { Acknowledgement.encode(.pubcomp, packetID: 256, to: &$0) }),
        ("b0 02 00 0a", encoded { Acknowledgement.encode(.unsuback, packetID: 10, to: &$0) }),
        ("90 05 00 0a 01 02 80", encoded { suback(10, [1, 2, Suback.failure], to: &$0) }),
        ("d0 00", encoded { Pingresp.encode(to: &$0) }),
    ]

    /// The same as a client writes them, with one filter in a packet.
    static let written: [(row: String, bytes: [UInt8])] = [
        ("10 0d 00 04 'MQTT' 04 02 00 3c 00 01 'a'", connect("a")),
        ("10 0c 00 04 'MQTT' 04 02 00 3c 00 00", connect("")),
        ("10 0f 00 06 'MQIsdp' 03 02 00 3c 00 01 'a'", connect("a", level: .v31)),
        ("10 0d 00 04 'MQTT' 84 00 00 3c 00 01 'a'", connect("a", clean: false, isBridge: true)),
        ("10 11 00 04 'MQTT' 04 82 00 3c 00 01 'a' 00 02 'me'", connect("a", user: "me")),
        (
            "10 1f 00 04 'MQTT' 04 ee 00 3c 00 02 'id' 00 03 'w/t' 00 02 'by' 00 02 'me' 00 02 'pw'",
            connect("id", will: ("w/t", "by", .atLeastOnce, true), user: "me", password: "pw")
        ),
        (
            "10 15 00 04 'MQTT' 04 16 00 3c 00 01 'a' 00 01 'w' 00 03 'bye'",
            connect("a", will: ("w", "bye", .exactlyOnce, false))
        ),
        ("82 08 00 0a 00 03 'a/b' 02", encoded {
            Subscribe.encode(Subscribe.Request(filter: ByteView("a/b"), qos: .exactlyOnce), packetID: 10, to: &$0)
        }),
        ("a2 07 ff ff 00 03 'a/#'", encoded { Unsubscribe.encode(ByteView("a/#"), packetID: 65_535, to: &$0) }),
        ("c0 00", encoded { Pingreq.encode(to: &$0) }),
        ("e0 00", encoded { Disconnect.encode(to: &$0) }),
    ]

    private static func connect(
        _ id: StaticString, level: ProtocolLevel = .v311, clean: Bool = true,
        will: (topic: StaticString, payload: StaticString, qos: QoS, retain: Bool)? = nil,
        user: StaticString? = nil, password: StaticString? = nil, isBridge: Bool = false
    ) -> [UInt8] {
        let packet = Connect(
            level: level, cleanSession: clean, keepAlive: 60, clientID: ByteView(id),
            will: will.map {
                Connect.Will(topic: ByteView($0.topic), payload: ByteView($0.payload), qos: $0.qos, retain: $0.retain)
            },
            userName: user.map { ByteView($0) }, password: password.map { ByteView($0) }, isBridge: isBridge)
        let bytes = encoded { packet.encode(to: &$0) }
        precondition(bytes.count == packet.byteCount)
        return bytes
    }

    static let all = requests.map(\.row) + replies.map(\.row)

    private static func suback(_ id: UInt16, _ codes: [UInt8], to writer: inout ByteWriter) {
        Suback.encodeHeader(packetID: id, count: codes.count, to: &writer)
        for code in codes { writer.byte(code) }
    }
}

/// What a frame says, or why it is refused, in words.
func meaning(_ frame: Frame) -> String {
    switch frame.type {
    case .connect: words(Connect.decode(frame.body)) { words($0) }
    case .publish: words(Publish.decode(frame)) { words($0) }
    case .puback, .pubrec, .pubrel, .pubcomp:
        words(Acknowledgement.decode(frame.body)) { "\(frame.type)".uppercased() + " \($0)" }
    case .subscribe: words(Subscribe.decode(frame.body)) { words($0) }
    case .unsubscribe: words(Unsubscribe.decode(frame.body)) { words($0) }
    case .pingreq, .disconnect, .connack, .suback, .unsuback, .pingresp: "\(frame.type)".uppercased()
    }
}

private func words<Packet>(_ decoded: Decoded<Packet>, _ words: (Packet) -> String) -> String {
    decoded.packet.map(words) ?? "bad: \(decoded.reason!.name)"
}

private func words(_ connect: Connect) -> String {
    var words = ["CONNECT", connect.level == .v31 ? "3.1" : "3.1.1"]
    if connect.isBridge { words.append("bridge") }
    if connect.cleanSession { words.append("clean") }
    words += ["keep-alive \(connect.keepAlive)", "id \(connect.clientID.text)"]
    if let will = connect.will {
        words.append("will \(will.topic.text) payload \(digits(will.payload)) qos \(will.qos.rawValue)")
        if will.retain { words.append("retain") }
    }
    if let name = connect.userName { words.append("user \(name.text)") }
    if let password = connect.password { words.append("password \(digits(password))") }
    return words.joined(separator: " ")
}

private func words(_ publish: Publish) -> String {
    var words = ["PUBLISH", "qos \(publish.qos.rawValue)"]
    if publish.isDuplicate { words.append("dup") }
    if publish.retain { words.append("retain") }
    if publish.packetID != 0 { words.append("id \(publish.packetID)") }
    return (words + ["topic \(publish.topic.text)", "payload \(digits(publish.payload))"]).joined(separator: " ")
}

private func words(_ subscribe: Subscribe) -> String {
    var requests = subscribe
    var words = ["SUBSCRIBE", "\(subscribe.packetID)"]
    while let request = requests.next() { words.append("\(request.filter.text):\(request.qos.rawValue)") }
    return subscribe.count == words.count - 2 ? words.joined(separator: " ") : "wrong count"
}

private func words(_ unsubscribe: Unsubscribe) -> String {
    var filters = unsubscribe
    var words = ["UNSUBSCRIBE", "\(unsubscribe.packetID)"]
    while let filter = filters.next() { words.append(filter.text) }
    return words.joined(separator: " ")
}

private func digits(_ view: ByteView) -> String {
    view.array.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
