import TestSupport
import TestWorld
import Testing

/// Clients of MQTT 3.1, whose protocol name is MQIsdp.
@Suite struct OldProtocolTests {
    private func connect(_ id: String, clean: Bool = true) -> [UInt8] {
        Packet.framed(0x10, Packet.text("MQIsdp") + [3, clean ? 2 : 0, 0, 0] + Packet.text(id))
    }

    private func entered(_ world: World, clean: Bool = true) -> Client {
        let client = world.connect()
        #expect(client.exchange(connect("old", clean: clean)) == [0x20, 2, 0, 0])
        return client
    }

    private func repeated(_ packet: [UInt8]) -> [UInt8] { [packet[0] | 8] + packet.dropFirst() }

    @Test func `SUBSCRIBE, UNSUBSCRIBE and PUBREL may be repeated with DUP`() {
        let client = entered(World())
        let unsubscribe = Packet.framed(0xA2, [0, 2] + Packet.text("t"))
        #expect(client.exchange(repeated(Packet.subscribe(1, "t", qos: 1))) == [0x90, 3, 0, 1, 1])
        #expect(client.exchange(repeated(unsubscribe)) == [0xB0, 2, 0, 2])
        let release = repeated(Packet.acknowledge(0x62, 3))
        let message = Packet.publish("t", [1], qos: 2, packetID: 3)
        #expect(client.exchange(message + release) == Packet.acknowledge(0x50, 3) + Packet.acknowledge(0x70, 3))
        #expect(!client.isClosed)
    }

    @Test(arguments: [0x8A, 0xAA, 0x6A, 0x82 | 1, 0x80, 0x86] as [UInt8])
    func `in 3.1.1 the flags are what they must be [MQTT-2.2.2-1, MQTT-3.6.1-1, MQTT-3.8.1-1, MQTT-3.10.1-1]`(
        first: UInt8
    ) {
        let world = World()
        world.connect().enter("c").exchange([first, 2, 0, 1])
        #expect(world.closeReasons == ["bad-flags"])
    }

    @Test(arguments: [0x8B, 0x80, 0x88, 0xA8, 0x60, 0x86, 0xC8, 0xE8, 0x48] as [UInt8])
    func `other flags are refused in 3.1, too`(first: UInt8) {
        let world = World()
        entered(world).exchange([first, 2, 0, 1])
        #expect(world.closeReasons == ["bad-flags"])
    }

    @Test func `a subscription that is refused looks granted, since there is no word for no`() {
        let world = World("max_subscriptions_per_client 1")
        let client = entered(world)
        #expect(client.exchange(Packet.subscribe(1, "a", qos: 1)) == [0x90, 3, 0, 1, 1])
        #expect(client.exchange(Packet.subscribe(2, "b", qos: 1)) == [0x90, 3, 0, 2, 1])
        #expect(client.exchange(Packet.publish("b", [1])) == [])
        #expect(world.server.inUse.subscriptions == 1)
    }

    @Test func `a session is resumed without a word, since CONNACK has none for it`() {
        let world = World()
        entered(world, clean: false).subscribe("t", qos: 1).leave()
        world.connect().enter("s").exchange(Packet.publish("t", [7], qos: 1, packetID: 1))
        let again = world.connect().exchange(connect("old", clean: false))
        #expect(again == [0x20, 2, 0, 0] + Packet.publish("t", [7], qos: 1, packetID: 1))
    }

    @Test func `an empty client id is refused with 0x02`() {
        #expect(World().connect().exchange(connect("")) == [0x20, 2, 0, 2])
    }

    @Test func `the log tells the protocol`() {
        let world = World()
        _ = entered(world)
        _ = world.connect().enter("new")
        let told = world.lines("connected").compactMap { $0.split(separator: " ").first { $0.hasPrefix("protocol=") } }
        #expect(told == ["protocol=3.1", "protocol=3.1.1"])
    }
}
