import Base
import TestSupport
import Testing
import Wire

struct PublishTests {
    @Test(arguments: UInt8.min...15)
    func `The flags are DUP, QoS and RETAIN [MQTT-3.3.1-2, MQTT-3.3.1-4]`(flags: UInt8) {
        let qos = flags >> 1 & 3
        let isDuplicate = flags & 8 != 0
        let bytes = [0x30 | flags] + (qos == 0 ? hex("04 00 01 'a' 'p'") : hex("06 00 01 'a' 00 07 'p'"))
        withFrame(bytes) { frame in
            let decoded = Publish.decode(frame)
            #expect(decoded.reason == (qos == 3 ? .badQoS : qos == 0 && isDuplicate ? .badFlags : nil))
            guard let publish = decoded.packet else { return }
            #expect(publish.qos.rawValue == qos)
            #expect(publish.isDuplicate == isDuplicate)
            #expect(publish.retain == (flags & 1 != 0))
            #expect(publish.packetID == (qos == 0 ? 0 : 7))
            #expect(publish.payload.text == "p")
        }
    }

    @Test(arguments: [
        ("[MQTT-2.3.1-1] id zero at QoS 1", "32 05 00 01 'a' 00 00", .badPacketID),
        ("[MQTT-2.3.1-1] id zero at QoS 2", "34 05 00 01 'a' 00 00", .badPacketID),
        ("[MQTT-2.3.1-1] no id", "32 03 00 01 'a'", .malformed),
        ("[MQTT-2.3.1-1] half an id", "32 04 00 01 'a' 01", .malformed),
        ("[MQTT-3.3.2-1] no topic", "30 00", .malformed),
        ("[MQTT-3.3.2-1] half a length", "30 01 00", .malformed),
        ("[MQTT-3.3.2-1] topic beyond the packet", "30 03 00 02 'a'", .malformed),
        ("[MQTT-3.3.2-1] ill-formed topic", "30 03 00 01 ff", .badUTF8),
        ("[MQTT-3.3.2-2] + in topic", "30 05 00 03 'a/+'", .badTopicName),
        ("[MQTT-3.3.2-2] # in topic", "30 03 00 01 '#'", .badTopicName),
        ("[MQTT-3.3.2-2] + within a level", "30 05 00 03 'a+b'", .badTopicName),
        ("[MQTT-4.7.3-1] empty topic", "30 02 00 00", .badTopicName),
        ("[MQTT-4.7.3-2] U+0000 in topic", "30 04 00 02 'a' 00", .badUTF8),
    ] as [(String, String, CloseReason)])
    func `A PUBLISH that breaks a clause is refused`(clause: String, row: String, reason: CloseReason) {
        withFrame(hex(row)) { #expect(Publish.decode($0).reason == reason) }
    }

    @Test func `The longest topic is read [MQTT-4.7.3-3]`() {
        let topic = [UInt8](repeating: UInt8(ascii: "t"), count: 65_535)
        withFrame([0x30] + encoded { VarInt.encode(65_538, to: &$0) } + [0xFF, 0xFF] + topic + [1]) { frame in
            let publish = Publish.decode(frame).packet
            #expect(publish?.topic.count == 65_535)
            #expect(publish?.payload.array == [1])
        }
    }

    @Test(arguments: ["30 05 00 01 'a' 00 07", "31 05 00 01 'a' 00 07"])
    func `At QoS 0 the payload follows the topic, and no packet id [MQTT-2.3.1-5]`(row: String) {
        withFrame(hex(row)) { frame in
            let publish = Publish.decode(frame).packet
            #expect(publish?.packetID == 0)
            #expect(publish?.payload.array == [0, 7])
        }
    }

    @Test func `All bytes may stand in a payload`() {
        let payload = (UInt8.min...UInt8.max).map { $0 }
        withFrame(hex("30 83 02 00 01 'a'") + payload) { frame in
            #expect(Publish.decode(frame).packet?.payload.array == payload)
        }
    }

    private func withFrame(_ bytes: [UInt8], _ body: (Frame) -> Void) {
        withView(bytes) { view in
            guard case .frame(let frame, _) = FrameReader.next(view, maxPacketBytes: 100_000) else {
                return fail("no frame")
            }
            body(frame)
        }
    }
}

struct PublishLayoutTests {
    /// QoS, RETAIN and DUP as they may be together.
    static let kinds: [(qos: QoS, retain: Bool, isDuplicate: Bool)] = [
        (.atMostOnce, false, false), (.atMostOnce, true, false), (.atLeastOnce, false, false),
        (.atLeastOnce, true, true), (.exactlyOnce, false, true), (.exactlyOnce, true, false),
    ]

    @Test(arguments: kinds)
    func `A packet put together by its layout is read back`(qos: QoS, retain: Bool, isDuplicate: Bool) {
        // Around the borders of lengths of one, two and three bytes.
        for payloadBytes in Array(0...5) + Array(110...130) + Array(16_365...16_390) {
            let layout = PublishLayout(
                qos: qos, retain: retain, isDuplicate: isDuplicate, packetID: qos == .atMostOnce ? 0 : 0x1234,
                topicFieldBytes: 5, payloadBytes: payloadBytes)
            let header = encoded { layout.encodeHeader(to: &$0) }
            let bytes = header + hex("00 03 'a/b'") + (layout.hasPacketID ? hex("12 34") : [])
                + [UInt8](repeating: 0x55, count: payloadBytes)
            guard header.count == layout.headerBytes, bytes.count == layout.totalBytes else { return fail("counts") }
            let isRead = withView(bytes) { view in
                guard case .frame(let frame, bytes.count) = FrameReader.next(view, maxPacketBytes: 100_000),
                    let publish = Publish.decode(frame).packet
                else { return false }
                return publish.qos == qos && publish.retain == retain && publish.isDuplicate == isDuplicate
                    && publish.packetID == layout.packetID && publish.topic.text == "a/b"
                    && publish.payload.count == payloadBytes
            }
            guard isRead else { return fail("\(payloadBytes) bytes") }
        }
    }

    @Test(arguments: [
        ("30 08", .atMostOnce, false, false, 0), ("33 0a", .atLeastOnce, true, false, 1),
        ("3c 0a", .exactlyOnce, false, true, 1), ("3b 0a", .atLeastOnce, true, true, 65_535),
    ] as [(String, QoS, Bool, Bool, UInt16)])
    func `The header is written byte for byte`(row: String, qos: QoS, retain: Bool, isDuplicate: Bool, id: UInt16) {
        let layout = PublishLayout(
            qos: qos, retain: retain, isDuplicate: isDuplicate, packetID: id, topicFieldBytes: 5, payloadBytes: 3)
        #expect(encoded { layout.encodeHeader(to: &$0) } == hex(row))
    }

    @Test func `No header is longer than the greatest`() {
        let layout = PublishLayout(
            qos: .exactlyOnce, retain: false, isDuplicate: false, packetID: 1, topicFieldBytes: 65_537,
            payloadBytes: 268_435_455 - 65_539)
        #expect(layout.headerBytes == PublishLayout.maxHeaderBytes)
    }
}
