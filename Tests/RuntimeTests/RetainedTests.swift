import Broker
import TestWorld
import Testing

@Suite struct RetainedTests {
    private func retained(_ topic: String, _ payload: [UInt8], qos: UInt8 = 0, packetID: UInt16 = 0) -> [UInt8] {
        var packet = Packet.publish(topic, payload, qos: qos, packetID: packetID)
        packet[0] |= 1
        return packet
    }

    /// What a new subscriber to `filter` gets right behind its SUBACK, packet by packet, in no particular order.
    private func greeting(_ world: World, _ filter: String, qos: UInt8 = 0) -> Set<[UInt8]> {
        let client = world.connect().enter("reader")
        let all = client.exchange(Packet.subscribe(1, filter, qos: qos)).dropFirst(5)
        client.exchange(Packet.disconnect)
        var packets: Set<[UInt8]> = []
        var rest = Array(all)
        while rest.count >= 2 {
            let count = 2 + Int(rest[1])
            packets.insert(Array(rest[..<count]))
            rest.removeFirst(count)
        }
        return packets
    }

    @Test func `a new subscriber gets the latest retained message with RETAIN set [MQTT-3.3.1-6, MQTT-3.3.1-8]`() {
        let world = World()
        let sender = world.connect().enter("s")
        sender.exchange(retained("a/b", [1]) + retained("a/b", [2]))
        #expect(greeting(world, "a/b") == [retained("a/b", [2])])
        #expect(world.server.inUse.messages == 1)
    }

    @Test func `who asks for one long message thousands of times gets what a queue holds, and the broker lives`() {
        let limits = """
            max_packet_size 1100K
            packet_store_size 4M
            message_store_size 4M
            max_deliveries 9000
            max_retained_bytes 2M

            """
        let world = World(limits)
        let sender = world.connect().enter("s")
        let long = retained("a", [UInt8](repeating: 1, count: 1 << 20))
        for start in stride(from: 0, to: long.count, by: 60_000) {
            sender.exchange(Array(long[start..<min(start + 60_000, long.count)]))
        }
        #expect(world.server.inUse.messages == 1)
        // 4,200 MiB of messages: more than 32 bits can say.
        let reader = world.connect().enter("r")
        let filters = [[UInt8]](repeating: Packet.text("a") + [0], count: 4200).flatMap { $0 }
        #expect(reader.exchange(Packet.framed(0x82, [0, 1] + filters)).first == 0x90)
        #expect(!reader.isClosed)
        #expect(sender.exchange(Packet.ping) == [0xD0, 0])
    }

    @Test func `a message to a subscription that stood before has RETAIN 0 [MQTT-3.3.1-9]`() {
        let world = World()
        let reader = world.connect().enter("r").subscribe("a")
        world.connect().enter("s").exchange(retained("a", [1]))
        #expect(reader.received() == Packet.publish("a", [1]))
    }

    @Test func `an empty retained message is delivered and clears the topic [MQTT-3.3.1-10, MQTT-3.3.1-11]`() {
        let world = World()
        let reader = world.connect().enter("r").subscribe("a")
        let sender = world.connect().enter("s")
        sender.exchange(retained("a", [1]) + retained("a", []))
        #expect(reader.received() == Packet.publish("a", [1]) + Packet.publish("a", []))
        #expect(greeting(world, "a").isEmpty)
        #expect(world.server.inUse.messages == 0)
        #expect(world.server.inUse.topicNodes == 1)
    }

    @Test func `a message without RETAIN leaves the retained one alone [MQTT-3.3.1-12]`() {
        let world = World()
        world.connect().enter("s").exchange(retained("a", [1]) + Packet.publish("a", [2]))
        #expect(greeting(world, "a") == [retained("a", [1])])
    }

    @Test func `retained messages outlive the session that sent them [MQTT-3.1.2-7]`() {
        let world = World()
        world.connect().enter("s").exchange(retained("a", [1]) + Packet.disconnect)
        #expect(greeting(world, "#") == [retained("a", [1])])
    }

    @Test func `the same filter again sends the retained messages again [MQTT-3.8.4-3]`() {
        let world = World()
        world.connect().enter("s").exchange(retained("a", [1]))
        let reader = world.connect().enter("r")
        let reply = [0x90, 3, 0, 1, 0] + retained("a", [1])
        #expect(reader.exchange(Packet.subscribe(1, "a", qos: 0)) == reply)
        #expect(reader.exchange(Packet.subscribe(1, "a", qos: 0)) == reply)
    }

    @Test func `a retained message comes at the lower of both QoS [MQTT-3.8.4-6]`() {
        let world = World()
        world.connect().enter("s").exchange(retained("a", [1], qos: 2, packetID: 1) + Packet.acknowledge(0x62, 1))
        #expect(greeting(world, "a", qos: 1) == [retained("a", [1], qos: 1, packetID: 1)])
        #expect(greeting(world, "a", qos: 0) == [retained("a", [1])])
    }

    @Test(arguments: [
        ("#", ["a", "a/b", "a/b/c", "a//c", "b"]), ("+", ["a", "b"]), ("a/#", ["a", "a/b", "a/b/c", "a//c"]),
        ("a/+", ["a/b"]), ("a/+/c", ["a/b/c", "a//c"]), ("+/b/#", ["a/b", "a/b/c"]), ("a/b", ["a/b"]), ("c", []),
        ("$X/#", ["$X/x"]), ("+/x", []), ("+/+", ["a/b"]), ("/#", ["/y"]), ("/+", ["/y"]),
    ])
    func `wildcards find the retained topics they match`(filter: String, topics: [String]) {
        let world = World()
        let sender = world.connect().enter("s")
        var all = ["a", "a/b", "a/b/c", "a//c", "b", "$X/x"]
        if filter.hasPrefix("/") { all.append("/y") }
        for topic in all { sender.exchange(retained(topic, [7])) }
        #expect(greeting(world, filter) == Set(topics.map { retained($0, [7]) }))
    }

    @Test func `beyond the limit a message is delivered and not kept, and the count is logged`() {
        let world = World("max_retained_messages 2")
        let reader = world.connect().enter("r").subscribe("#")
        let sender = world.connect().enter("s")
        sender.exchange(retained("a", [1]) + retained("b", [1]) + retained("c", [1]) + retained("a", [2]))
        #expect(reader.received().count == 4 * 6)
        #expect(greeting(world, "#") == [retained("a", [2]), retained("b", [1])])
        #expect(world.server.drops.retainedFull == 1)
        world.pass(seconds: 1.1)
        #expect(world.log.contains("retained-full=1"))
    }
}
