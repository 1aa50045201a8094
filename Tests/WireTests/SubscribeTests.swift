import Base
import TestSupport
import Testing
import Wire

struct SubscribeTests {
    @Test(arguments: [
        ("[MQTT-2.3.1-1] id zero", "00 00 00 01 'a' 00", .badPacketID),
        ("no id", "00", .malformed),
        ("[MQTT-3.8.3-1] ill-formed filter", "00 01 00 01 ff 00", .badUTF8),
        ("[MQTT-3.8.3-3] no filter", "00 01", .noFilters),
        ("[MQTT-3.8.3-4] QoS 3", "00 01 00 01 'a' 03", .badQoS),
        ("[MQTT-3.8.3-4] a reserved bit", "00 01 00 01 'a' 04", .malformed),
        ("filter without QoS", "00 01 00 01 'a'", .malformed),
        ("second filter without QoS", "00 01 00 01 'a' 00 00 01 'b'", .malformed),
        ("filter beyond the packet", "00 01 00 02 'a' 00", .malformed),
        ("[MQTT-4.7.1-2] # not alone in its level", "00 01 00 02 'a#' 00", .badTopicFilter),
        ("[MQTT-4.7.1-2] # not last", "00 01 00 03 '#/a' 00", .badTopicFilter),
        ("[MQTT-4.7.1-3] + not alone in its level", "00 01 00 02 'a+' 00", .badTopicFilter),
        ("[MQTT-4.7.3-1] empty filter", "00 01 00 00 00", .badTopicFilter),
        ("a bad filter behind a good one", "00 01 00 01 'a' 00 00 02 '++' 00", .badTopicFilter),
    ] as [(String, String, CloseReason)])
    func `A SUBSCRIBE that breaks a clause is refused`(clause: String, row: String, reason: CloseReason) {
        withView(hex(row)) { #expect(Subscribe.decode($0).reason == reason) }
    }

    @Test func `Of all bytes behind a filter three are QoS [MQTT-3.8.3-4]`() {
        for options in UInt8.min...UInt8.max {
            withView(hex("00 01 00 01 'a'") + [options]) { view in
                let decoded = Subscribe.decode(view)
                #expect((decoded.reason == nil) == (options < 3), "\(options)")
                guard var subscribe = decoded.packet else { return }
                #expect(subscribe.next()?.qos.rawValue == options)
            }
        }
    }

    @Test func `A SUBSCRIBE that ends too early anywhere is refused`() {
        let body = hex("00 01 00 01 'a' 00 00 02 'bc' 01")
        for count in 0..<body.count {
            // Behind the first filter it is whole.
            withView(body[..<count]) { #expect((Subscribe.decode($0).packet == nil) == (count != 6), "\(count) bytes") }
        }
    }

    @Test func `Filters are read in their order`() {
        withView(hex("00 01 00 01 'b' 02 00 01 'a' 01 00 01 'b' 00")) { view in
            guard var subscribe = Subscribe.decode(view).packet else { return fail("refused") }
            let requests = (0..<4).map { _ in subscribe.next() }
            #expect(subscribe.count == 3)
            #expect(requests.map { $0?.filter.text } == ["b", "a", "b", nil])
            #expect(requests.map { $0?.qos.rawValue } == [2, 1, 0, nil])
        }
    }

    @Test(arguments: [(1, "90 03 00 01"), (125, "90 7f 00 01"), (126, "90 80 01 00 01"), (16_381, "90 ff 7f 00 01")])
    func `SUBACK's length counts the id and one code a filter [MQTT-3.8.4-5]`(count: Int, row: String) {
        #expect(encoded { Suback.encodeHeader(packetID: 1, count: count, to: &$0) } == hex(row))
    }
}

struct UnsubscribeTests {
    @Test(arguments: [
        ("[MQTT-2.3.1-1] id zero", "00 00 00 01 'a'", .badPacketID),
        ("no id", "00", .malformed),
        ("[MQTT-3.10.3-1] ill-formed filter", "00 01 00 01 ff", .badUTF8),
        ("[MQTT-3.10.3-2] no filter", "00 01", .noFilters),
        ("filter beyond the packet", "00 01 00 02 'a'", .malformed),
        ("half a length", "00 01 00", .malformed),
        ("[MQTT-4.7.1-2] # not last", "00 01 00 03 '#/a'", .badTopicFilter),
        ("[MQTT-4.7.3-1] empty filter", "00 01 00 00", .badTopicFilter),
    ] as [(String, String, CloseReason)])
    func `An UNSUBSCRIBE that breaks a clause is refused`(clause: String, row: String, reason: CloseReason) {
        withView(hex(row)) { #expect(Unsubscribe.decode($0).reason == reason) }
    }

    @Test func `Filters are read in their order`() {
        withView(hex("00 01 00 01 'b' 00 03 'a/#'")) { view in
            guard var unsubscribe = Unsubscribe.decode(view).packet else { return fail("refused") }
            let filters = (0..<3).map { _ in unsubscribe.next()?.text }
            #expect(filters == ["b", "a/#", nil])
        }
    }
}

struct AcknowledgementTests {
    @Test func `All ids but zero are read back`() {
        let buffer = GuardedBuffer()
        for id in UInt16.min...UInt16.max {
            let bytes = encoded { Acknowledgement.encode(.puback, packetID: id, to: &$0) }
            let decoded = Acknowledgement.decode(buffer.view(bytes.dropFirst(2)))
            guard bytes.count == Acknowledgement.byteCount, decoded.packet == (id == 0 ? nil : id) else {
                return fail("\(id)")
            }
        }
    }

    @Test(arguments: [("", .malformed), ("01", .malformed), ("00 01 00", .malformed), ("00 00", .badPacketID)]
        as [(String, CloseReason)])
    func `An acknowledgement is two bytes, and not zero`(row: String, reason: CloseReason) {
        withView(hex(row)) { #expect(Acknowledgement.decode($0).reason == reason) }
    }
}
