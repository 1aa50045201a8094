import Broker
import TestSupport
import TestWorld
import Testing

/// Clauses about what a client sees, one by one.
@Suite struct ClauseTests {
    /// CONNECT with flags and payload as they come.
    private func connect(_ payload: [UInt8], name: String = "MQTT", level: UInt8 = 4, flags: UInt8 = 2) -> [UInt8] {
        Packet.framed(0x10, Packet.text(name) + [level, flags, 0, 60] + payload)
    }

    private func subscribe(_ packetID: UInt16, _ requests: [(String, UInt8)]) -> [UInt8] {
        let id = [UInt8(packetID >> 8), UInt8(packetID & 0xFF)]
        return Packet.framed(0x82, id + requests.flatMap { Packet.text($0.0) + [$0.1] })
    }

    private func unsubscribe(_ packetID: UInt16, _ filters: [String]) -> [UInt8] {
        Packet.framed(0xA2, [UInt8(packetID >> 8), UInt8(packetID & 0xFF)] + filters.flatMap(Packet.text))
    }

    /// What CONNECT was not understood, and the code that fits; none where there is none.
    @Test func `a CONNECT that breaks the format is answered only where a code fits [MQTT-3.1.4-1, MQTT-3.2.2-6]`() {
        let id = Packet.text("c")
        let packets: [(packet: [UInt8], code: UInt8?)] = [
            (connect(id, name: "MQTX"), nil), (connect(id, flags: 3), nil), (connect(id, flags: 0x42), nil),
            (connect(id, flags: 0x1E), nil), (connect(id, flags: 0x0A), nil), (connect([]), nil),
            (connect(id + [0]), nil),
            (connect(Packet.text("\u{0}")), nil), (connect([0, 1, 0xFF]), nil), (connect(id, level: 5), 1),
            (connect(Packet.text(""), flags: 0), 2),
        ]
        for (packet, code) in packets {
            let world = World()
            let client = world.connect()
            #expect(client.exchange(packet) == (code.map { [0x20, 2, 0, $0] } ?? []))
            #expect(client.isClosed, "[MQTT-3.2.2-5]")
            #expect(world.server.inUse == Broker.InUse())
        }
    }

    @Test func `an unsupported level is answered 0x01 [MQTT-3.1.2-2]`() {
        for level: UInt8 in [0, 3, 5, 6, 127, 128, 255] {
            let client = World().connect()
            #expect(client.exchange(connect(Packet.text("c"), level: level)) == [0x20, 2, 0, 1])
            #expect(client.isClosed)
        }
    }

    @Test func `a client id that is refused is answered 0x02, and the connection closed [MQTT-3.1.3-9]`() {
        let world = World("max_client_id_length 23\nallow_zero_length_clientid false")
        for id in [String(repeating: "i", count: 24), ""] {
            let client = world.connect()
            #expect(client.exchange(Packet.connect(id)) == [0x20, 2, 0, 2])
            #expect(client.isClosed)
        }
        #expect(world.closeReasons == ["bad-client-id", "bad-client-id"])
    }

    @Test func `an empty client id wants a clean session [MQTT-3.1.3-8]`() {
        let world = World()
        #expect(world.connect().exchange(Packet.connect("", clean: false)) == [0x20, 2, 0, 2])
        #expect(world.connect().exchange(Packet.connect("", clean: true)) == Packet.accepted)
    }

    @Test func `clients without an id do not displace each other [MQTT-3.1.3-6]`() {
        let world = World()
        let clients = (0..<5).map { _ in world.connect().enter("") }
        #expect(clients.filter(\.isClosed).isEmpty)
        #expect(world.server.inUse.sessions == 5)
    }

    @Test func `ids of 1 to 23 letters and digits are taken [MQTT-3.1.3-5]`() {
        let letters = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        for letter in letters { World().connect().enter(String(letter)).exchange(Packet.disconnect) }
        for count in 1...23 { _ = World().connect().enter(String(letters[..<count])) }
    }

    @Test func `CONNACK comes before all else, also to whoever has messages waiting [MQTT-3.2.0-1, MQTT-4.1.0-1]`() {
        let world = World()
        world.connect().enter("c", clean: false).subscribe("t", qos: 1).leave()
        let message = Packet.publish("t", [1], qos: 1, packetID: 1)
        world.connect().enter("s").exchange(message)
        let all = world.connect().exchange(Packet.connect("c", clean: false) + Packet.ping)
        #expect(all.prefix(4) == [0x20, 2, 1, 0])
        #expect(Set(packets(Array(all.dropFirst(4)))) == [message, [0xD0, 0]])
    }

    @Test func `a PUBLISH is answered as its QoS demands, by its id [MQTT-3.3.4-1, MQTT-2.3.1-6]`() {
        let client = World().connect().enter("c")
        #expect(client.exchange(Packet.publish("t", [1])) == [])
        #expect(client.exchange(Packet.publish("t", [1], qos: 1, packetID: 0x1234)) == [0x40, 2, 0x12, 0x34])
        #expect(client.exchange(Packet.publish("t", [1], qos: 2, packetID: 0xFFFF)) == [0x50, 2, 0xFF, 0xFF])
        #expect(client.exchange(Packet.acknowledge(0x62, 0xFFFF)) == [0x70, 2, 0xFF, 0xFF])
        #expect(client.exchange(Packet.acknowledge(0x62, 9)) == [0x70, 2, 0, 9], "an unknown id, too")
    }

    @Test func `PUBREL repeats the id of the PUBLISH [MQTT-2.3.1-6]`() {
        let world = World()
        let client = world.connect().enter("c").subscribe("t", qos: 2)
        let sender = world.connect().enter("s")
        for id: UInt16 in 1...3 { sender.exchange(Packet.publish("t", [1], qos: 2, packetID: id)) }
        _ = client.received()
        for id: UInt16 in [2, 1, 3] {
            #expect(client.exchange(Packet.acknowledge(0x50, id)) == Packet.acknowledge(0x62, id))
        }
    }

    /// [MQTT-3.8.4-1, MQTT-3.8.4-2, MQTT-2.3.1-7, MQTT-3.8.4-4, MQTT-3.9.3-1, MQTT-3.9.3-2]
    @Test func `one SUBACK answers all filters of a SUBSCRIBE, in their order, by its id`() {
        let world = World("max_subscriptions_per_client 4")
        let client = world.connect().enter("c")
        let requests: [(String, UInt8)] = [("a", 2), ("b", 0), ("a", 1), ("c/#", 1), ("+", 2), ("d", 0)]
        #expect(client.exchange(subscribe(0xABCD, requests)) == [0x90, 8, 0xAB, 0xCD, 2, 0, 1, 1, 2, 0x80])
        // As if each had come alone: the last word on `a` counts.
        let sender = world.connect().enter("s")
        sender.exchange(unsubscribe(1, ["x"]) + Packet.publish("c", [1], qos: 2, packetID: 1))
        #expect(client.received().first == 0x34, "by the + at QoS 2")
        #expect(client.exchange(unsubscribe(2, ["+"])) == [0xB0, 2, 0, 2])
        sender.exchange(Packet.publish("a", [1], qos: 2, packetID: 2))
        #expect(client.received().first == 0x32)
    }

    /// [MQTT-3.10.4-4, MQTT-3.10.4-5, MQTT-3.10.4-6, MQTT-2.3.1-7]
    @Test func `one UNSUBACK answers all filters of an UNSUBSCRIBE, by its id, whether they were there or not`() {
        let world = World()
        let client = world.connect().enter("c")
        client.exchange(subscribe(1, [("a", 0), ("b", 0), ("c", 0)]))
        #expect(client.exchange(unsubscribe(0x0100, ["x", "a", "a", "c", "#"])) == [0xB0, 2, 1, 0])
        #expect(world.server.inUse.subscriptions == 1)
        #expect(client.exchange(unsubscribe(2, ["y"])) == [0xB0, 2, 0, 2])
    }

    @Test func `after UNSUBACK nothing new comes for that filter [MQTT-3.10.4-2]`() {
        let world = World()
        let client = world.connect().enter("c").subscribe("a").subscribe("b")
        let sender = world.connect().enter("s")
        client.exchange(unsubscribe(2, ["a"]))
        sender.exchange(Packet.publish("a", [1]) + Packet.publish("b", [2]))
        #expect(client.received() == Packet.publish("b", [2]))
    }

    @Test func `PINGREQ is answered by PINGRESP, each one [MQTT-3.12.4-1]`() {
        let client = World().connect().enter("c")
        #expect(client.exchange(Packet.ping + Packet.ping) == [0xD0, 0, 0xD0, 0])
    }

    @Test(arguments: 1...15 as ClosedRange<UInt8>)
    func `a DISCONNECT with reserved bits is none, and the will is published [MQTT-3.14.1-1]`(bits: UInt8) {
        let world = World()
        let reader = world.connect().enter("r").subscribe("w")
        let client = world.connect()
        client.exchange(connect(Packet.text("c") + Packet.text("w") + Packet.text("gone"), flags: 6))
        client.exchange([0xE0 | bits, 0])
        #expect(world.closeReasons == ["bad-flags"])
        #expect(reader.received() == Packet.publish("w", Array("gone".utf8)))
    }

    /// [MQTT-4.3.1-1, MQTT-2.3.1-5, MQTT-3.3.1-2]
    @Test(arguments: [0, 1, 2] as [UInt8])
    func `at QoS 0 a message is sent once, without DUP and without an id`(qos: UInt8) {
        let world = World()
        let client = world.connect().enter("c", clean: false).subscribe("t", qos: 0)
        world.connect().enter("s").exchange(Packet.publish("t", [1], qos: qos, packetID: 1))
        #expect(client.received() == [0x30, 4, 0, 1, 0x74, 1])
        client.leave(isOrderly: false)
        #expect(world.connect().exchange(Packet.connect("c", clean: false)) == [0x20, 2, 1, 0])
    }

    /// [MQTT-4.5.0-1, MQTT-3.3.2-3, MQTT-4.1.0-1]
    @Test func `a message comes to every session whose filters match its topic, present or absent, and to no other`() {
        let world = World()
        let filters = ["a/b", "a/+", "#", "a", "b", "a/b/c", "+"]
        let clients = filters.map { world.connect().enter($0, clean: false).subscribe($0, qos: 1) }
        for index in stride(from: 0, to: filters.count, by: 2) { clients[index].leave() }
        world.connect().enter("s").exchange(Packet.publish("a/b", [1], qos: 1, packetID: 9))
        let message = Packet.publish("a/b", [1], qos: 1, packetID: 1)
        for (index, filter) in filters.enumerated() {
            let all = index % 2 == 1 ? clients[index].received()
                : Array(world.connect().exchange(Packet.connect(filter, clean: false)).dropFirst(4))
            #expect(all == (["a/b", "a/+", "#"].contains(filter) ? message : []), "\(filter)")
        }
    }

    @Test func `all topics are ordered: one client's messages come as they were sent [MQTT-4.6.0-5, MQTT-4.6.0-6]`() {
        let world = World("max_inflight_messages 1")
        let client = world.connect().enter("c").subscribe("#", qos: 1)
        let sender = world.connect().enter("s")
        for id: UInt16 in 1...20 { sender.exchange(Packet.publish("t\(id % 2)", [UInt8(id)], qos: 1, packetID: id)) }
        var order: [UInt8] = []
        for id: UInt16 in 1...20 {
            order += packets(client.received()).compactMap(\.last)
            client.send(Packet.acknowledge(0x40, id))
            world.settle()
        }
        #expect(order == Array(1...20))
    }

    @Test func `after a CONNECT that is refused nothing else is done [MQTT-3.1.4-5]`() {
        let world = World()
        let retained = Packet.framed(0x31, Packet.text("t") + [7])
        world.connect().exchange(connect(Packet.text("c"), level: 9) + Packet.connect("c") + retained)
        #expect(world.server.inUse == Broker.InUse())
    }
}
