import Base
import TestSupport
import Testing
import Wire

struct FrameReaderTests {
    /// The standard's tables 2.1 and 2.2: the first bytes that may be, PUBLISH apart.
    private static let firstBytes: [UInt8: PacketType] = [
        0x10: .connect, 0x20: .connack, 0x40: .puback, 0x50: .pubrec, 0x62: .pubrel, 0x70: .pubcomp, 0x82: .subscribe,
        0x90: .suback, 0xA2: .unsubscribe, 0xB0: .unsuback, 0xC0: .pingreq, 0xD0: .pingresp, 0xE0: .disconnect,
    ]

    @Test(arguments: UInt8.min...UInt8.max)
    func `A first byte has a type and the flags of that type [MQTT-2.2.2-1, MQTT-2.2.2-2]`(first: UInt8) {
        let expected = first >> 4 == 3 ? .publish : FrameReaderTests.firstBytes[first]
        withView([first, 0]) { view in
            switch FrameReader.next(view, maxPacketBytes: 100) {
            case .frame(let frame, let byteCount):
                #expect(frame.type == expected)
                #expect(frame.flags == first & 15)
                #expect(byteCount == 2)
            case .bad(let reason):
                #expect(expected == nil)
                #expect(reason == (first >> 4 == 0 || first >> 4 == 15 ? .badType : .badFlags))
            case .needMore:
                fail("more than two bytes")
            }
        }
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `A bad first byte is refused before the second comes`(first: UInt8) {
        let isGood = first >> 4 == 3 || FrameReaderTests.firstBytes[first] != nil
        #expect((reason([first]) == nil) == isGood)
    }

    @Test func `The body is what the length says, and what follows is left alone`() {
        withView(hex("40 02 00 0b ff")) { view in
            guard case .frame(let frame, let byteCount) = FrameReader.next(view, maxPacketBytes: 100) else {
                return fail("no frame")
            }
            #expect(frame.body.array == [0, 0x0B])
            #expect(byteCount == 4)
        }
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384])
    func `A packet as long as allowed is read, and one byte more is refused`(bodyBytes: Int) {
        let length = encoded { VarInt.encode(UInt32(bodyBytes), to: &$0) }
        let bytes = [0x30] + length + [UInt8](repeating: 1, count: bodyBytes)
        withView(bytes) { view in
            guard case .frame(_, let count) = FrameReader.next(view, maxPacketBytes: bytes.count) else {
                return fail("no frame")
            }
            #expect(count == bytes.count)
        }
        #expect(reason(bytes, maxPacketBytes: bytes.count - 1) == .packetTooLarge)
    }

    @Test func `A packet that will be too long is refused at its header`() {
        #expect(reason(hex("30 62"), maxPacketBytes: 99) == .packetTooLarge)
        #expect(reason(hex("30 ff ff ff 7f"), maxPacketBytes: Int(Int32.max)) == nil)
        #expect(reason(hex("30 ff ff ff 7f"), maxPacketBytes: 268_435_459) == .packetTooLarge)
    }

    @Test func `A length of five bytes is refused at its fourth`() {
        #expect(reason(hex("30 80 80 80")) == nil)
        #expect(reason(hex("30 80 80 80 80")) == .badLength)
    }

    @Test func `The total is not known before the length is all there`() {
        for count in 0...3 {
            withView(hex("30 80 80 01")[..<count]) { view in
                guard case .needMore(let total) = FrameReader.next(view, maxPacketBytes: 20_000) else {
                    return fail("\(count)")
                }
                #expect(total == 0)
            }
        }
        withView(hex("30 80 80 01")) { view in
            guard case .needMore(let total) = FrameReader.next(view, maxPacketBytes: 20_000) else { return fail("all") }
            #expect(total == 16_388)
        }
    }

    private func reason(_ bytes: [UInt8], maxPacketBytes: Int = 100_000) -> CloseReason? {
        withView(bytes) { view in
            guard case .bad(let reason) = FrameReader.next(view, maxPacketBytes: maxPacketBytes) else { return nil }
            return reason
        }
    }
}
