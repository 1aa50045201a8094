import Broker
import TestSupport
import TestWorld
import Testing

@Suite struct WillTests {
    /// CONNECT with a will on topic `w`: QoS 1, payload `gone`.
    private func connect(_ id: String, retain: Bool = false, clean: Bool = true, keepAlive: UInt8 = 0) -> [UInt8] {
        let flags: UInt8 = 0x04 | 0x08 | (retain ? 0x20 : 0) | (clean ? 2 : 0)
        let body = Packet.text("MQTT") + [4, flags, 0, keepAlive] + Packet.text(id)
        return Packet.framed(0x10, body + Packet.text("w") + Packet.text("gone"))
    }

    private let will = Packet.publish("w", Array("gone".utf8))

    @Test(arguments: [true, false])
    func `a will is published when the connection ends without DISCONNECT [MQTT-3.1.2-8]`(isOrderly: Bool) {
        let world = World()
        let reader = world.connect().enter("r").subscribe("w")
        let client = world.connect()
        client.exchange(connect("c"))
        client.leave(isOrderly: isOrderly)
        #expect(reader.received() == will)
        #expect(world.server.inUse.messages == 0, "it is gone once published [MQTT-3.1.2-10]")
    }

    @Test func `the will of a connection that a write finds broken goes out at once, not with the next event`() {
        let config = "max_connections 80\nglobal_max_clients 80\n"
        let world = World(config, connections: 80)
        let reader = world.connect().enter("r").subscribe("w")
        // As many as one wait can name, so that the broken connection is met by a write and by no event.
        let crowd = (0..<64).map { world.connect().enter("p\($0)") }
        let client = world.connect()
        client.exchange(connect("c") + Packet.subscribe(1, "t", qos: 0))
        for publisher in crowd { publisher.send(Packet.publish("t", [])) }
        world.server.io.peerClose(client.peer, isOrderly: false)
        world.server.io.letsTimePass = true
        let before = world.server.io.now()
        for _ in 0..<2 { _ = world.server.turn() }
        let after = world.server.io.now()
        #expect(after == before)
        #expect(reader.received() == will)
    }

    @Test func `DISCONNECT makes the will void [MQTT-3.14.4-3]`() {
        let world = World()
        let reader = world.connect().enter("r").subscribe("w")
        world.connect().exchange(connect("c") + Packet.disconnect)
        #expect(reader.received() == [])
        #expect(world.server.inUse.messages == 0)
    }

    @Test func `keep-alive that runs out, a takeover and a bad packet publish the will`() {
        let world = World()
        let reader = world.connect().enter("r").subscribe("w")
        world.connect().exchange(connect("silent", keepAlive: 2))
        world.pass(seconds: 3.5)
        #expect(reader.received() == will)
        world.connect().exchange(connect("twin"))
        world.connect().exchange(connect("twin"))
        #expect(reader.received() == will)
        world.connect().exchange(connect("bad") + [0xF0, 0])
        #expect(reader.received() == will)
    }

    @Test func `a will with RETAIN is kept, one without is not [MQTT-3.1.2-16, MQTT-3.1.2-17]`() {
        let world = World()
        world.connect().exchange(connect("a") + [0xF0, 0])
        #expect(world.connect().enter("r").exchange(Packet.subscribe(1, "w", qos: 0)) == [0x90, 3, 0, 1, 0])
        world.connect().exchange(connect("b", retain: true) + [0xF0, 0])
        var kept = will
        kept[0] |= 1
        #expect(world.connect().enter("r").exchange(Packet.subscribe(1, "w", qos: 0)) == [0x90, 3, 0, 1, 0] + kept)
    }

    @Test func `the will of a persistent session is published when its connection ends, and only then`() {
        let world = World()
        let reader = world.connect().enter("r").subscribe("w")
        let client = world.connect()
        client.exchange(connect("c", clean: false))
        client.leave()
        #expect(reader.received() == will)
        world.connect().enter("c", clean: false).leave()
        #expect(reader.received() == [], "the new connection had none [MQTT-3.1.2-12]")
    }
}
