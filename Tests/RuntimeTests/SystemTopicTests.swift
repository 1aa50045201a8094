import Base
import Broker
import Config
import TestSupport
import TestWorld
import Testing

@testable import Runtime

/// What the broker tells of itself below `$SYS`.
@Suite struct SystemTopicTests {
    /// The values that a new subscriber gets, by their names behind `$SYS/broker/`.
    private func greeting(_ world: World, _ filter: String = "$SYS/#") -> [String: String] {
        let reader = world.connect().enter("greeted")
        let all = values(Array(reader.exchange(Packet.subscribe(1, filter, qos: 0)).dropFirst(5)))
        reader.exchange(Packet.disconnect)
        for topic in all.keys { #expect(topic.hasPrefix("$SYS/broker/")) }
        return Dictionary(uniqueKeysWithValues: all.map { (String($0.key.dropFirst(12)), $0.value) })
    }

    @Test func `every value is there after the first interval, and none before`() {
        let world = World("sys_interval 10")
        world.pass(seconds: 9.5)
        #expect(greeting(world) == [:])
        world.pass(seconds: 1)
        var names = (UInt8.min...UInt8.max).compactMap { SystemTopic(rawValue: $0)?.name.description }
        let options = (0..<UInt8(Option.count)).compactMap { Option(rawValue: $0) }
            .filter { $0.row.kind.hasDefault && $0.belongs(to: .broker) }
        names += options.map { "limit/" + $0.row.name.description }
        var index = 0
        while let use = world.server.poolUse(index) {
            names += ["in-use", "high-water", "capacity"].map { "pool/\(use.name)/\($0)" }
            index += 1
        }
        #expect(index > 10)
        #expect(Set(greeting(world).keys) == Set(names))
        #expect(world.server.drops == DropCounters())
    }

    @Test func `with an interval of zero there are none, and the loop does not wake for them`() {
        let world = World("sys_interval 0")
        world.pass(seconds: 100)
        #expect(greeting(world) == [:])
        #expect(world.server.systemTopicsDue == nil)
    }

    @Test func `the version and the time since the start are told in words`() {
        let world = World("sys_interval 10")
        world.pass(seconds: 35)
        let all = greeting(world)
        #expect(all["version"] == "swiftlet version \(Version.text)")
        #expect(all["uptime"] == "30 seconds")
    }

    @Test func `the time since the start survives the wrap of the clock`() {
        let world = World("sys_interval 10", clock: Tick(ms: UInt32.max - 15_000))
        world.pass(seconds: 41)
        #expect(greeting(world, "$SYS/broker/uptime") == ["uptime": "40 seconds"])
    }

    @Test func `clients and connections are counted`() {
        let world = World("sys_interval 10\npersistent_client_expiration 5\nmax_connections 3")
        for i in 0..<2 { world.connect().enter("away\(i)", clean: false).exchange(Packet.disconnect) }
        world.pass(seconds: 7)
        world.connect().enter("away", clean: false).exchange(Packet.disconnect)
        let clients = (0..<4).map { _ in world.connect() }
        for (index, client) in clients.enumerated() { client.send(Packet.connect("c\(index)")) }
        world.settle()
        world.pass(seconds: 3.1)
        clients[0].exchange(Packet.disconnect)
        let all = greeting(world, "$SYS/broker/+/+")
        #expect(all["clients/total"] == "4")
        #expect(all["clients/connected"] == "3")
        #expect(all["clients/disconnected"] == "1")
        #expect(all["clients/maximum"] == "3")
        #expect(all["clients/expired"] == "2")
        #expect(all["connections/accepted"] == "6")
        #expect(all["connections/refused"] == "1")
    }

    @Test func `bytes, packets and messages are counted both ways`() {
        let world = World("sys_interval 10")
        let reader = world.connect().enter("r").subscribe("t", qos: 1)
        let sender = world.connect().enter("s")
        sender.exchange(Packet.publish("t", [1, 2, 3]) + Packet.publish("t", [4], qos: 1, packetID: 1))
        sender.exchange(Packet.publish("nobody", [5, 6]))
        reader.exchange(Packet.acknowledge(0x40, 1))
        world.pass(seconds: 10.1)
        let all = greeting(world)
        #expect(all["publish/messages/received"] == "3")
        #expect(all["publish/messages/sent"] == "2")
        #expect(all["publish/bytes/received"] == "6")
        #expect(all["publish/bytes/sent"] == "4")
        #expect(all["publish/messages/dropped"] == "0")
        // Two CONNECTs, SUBSCRIBE, three PUBLISHes, PUBACK.
        #expect(all["messages/received"] == "7")
        let received = [15, 15, 8, 8, 8, 12, 4]
        let sent = [4, 4, 5, 8, 8, 4]
        #expect(all["bytes/received"] == received.reduce(0, +).description)
        #expect(all["bytes/sent"] == sent.reduce(0, +).description)
        #expect(all["subscriptions/count"] == "1")
    }

    @Test func `retained messages of clients are counted, the broker's own are not`() {
        let world = World("sys_interval 10")
        world.pass(seconds: 10.1)
        world.connect().enter("s").exchange(Packet.framed(0x31, Packet.text("t") + [1, 2, 3]))
        world.pass(seconds: 10)
        #expect(greeting(world, "$SYS/broker/retained messages/count") == ["retained messages/count": "1"])
    }

    @Test func `what is dropped is counted by cause`() {
        let limits = "max_queued_messages 1\nmax_retained_messages 0\nmax_topic_levels 5\nmessage_size_limit 9"
        let world = World("sys_interval 10\n" + limits)
        world.connect().enter("away", clean: false).subscribe("t", qos: 1).leave()
        let sender = world.connect().enter("s")
        for id: UInt16 in 1...3 { sender.exchange(Packet.publish("t", [1], qos: 1, packetID: id)) }
        sender.exchange(Packet.framed(0x31, Packet.text("r") + [1]))
        sender.exchange(Packet.publish("$SYS/x", [1]) + Packet.publish("a/b/c/d/e/f", [1]))
        sender.exchange(Packet.publish("t", [UInt8](repeating: 1, count: 10)))
        world.pass(seconds: 10.1)
        let all = greeting(world, "$SYS/broker/dropped/+")
        #expect(all == [
            "dropped/queue-full": "2", "dropped/store-full": "0", "dropped/expired": "0", "dropped/retained-full": "1",
            "dropped/forbidden": "1", "dropped/topic-too-long": "1", "dropped/payload-too-long": "1",
        ])
        #expect(greeting(world, "$SYS/broker/publish/messages/dropped").values.first == "6")
    }

    @Test func `pools and limits are told as they are`() {
        let world = World("sys_interval 10\nmax_queued_messages 77")
        let clients = (0..<3).map { world.connect().enter("c\($0)") }
        clients[0].exchange(Packet.disconnect)
        world.pass(seconds: 10.1)
        let all = greeting(world)
        #expect(all["pool/connections/in-use"] == "2")
        #expect(all["pool/connections/high-water"] == "3")
        #expect(all["pool/connections/capacity"] == "16")
        #expect(all["pool/sessions/capacity"] == "20")
        #expect(all["limit/max_queued_messages"] == "77")
        #expect(all["limit/max_packet_size"] == "4096")
        #expect(all["memory/total"] == "\(world.server.arenaBytes)")
    }

    @Test func `a subscriber gets a value again only when it has changed`() {
        let world = World("sys_interval 10")
        world.pass(seconds: 10.1)
        let reader = world.connect().enter("r")
        reader.exchange(Packet.subscribe(1, "$SYS/broker/clients/#", qos: 0))
        world.pass(seconds: 10)
        #expect(values(reader.received()) == [
            "$SYS/broker/clients/total": "1", "$SYS/broker/clients/connected": "1", "$SYS/broker/clients/maximum": "1",
        ])
        world.pass(seconds: 10)
        #expect(values(reader.received()) == [:])
        let other = world.connect().enter("other", clean: false)
        other.leave()
        world.pass(seconds: 10)
        #expect(values(reader.received()) == [
            "$SYS/broker/clients/total": "2", "$SYS/broker/clients/disconnected": "1",
            "$SYS/broker/clients/maximum": "2",
        ])
    }

    @Test func `a wildcard in front does not reach them [MQTT-4.7.2-1]`() {
        let world = World("sys_interval 10")
        let reader = world.connect().enter("r").subscribe("#").subscribe("+/broker/#")
        world.pass(seconds: 30)
        #expect(reader.received() == [])
    }

    @Test func `the broker's topics fit beside everything that clients may have`() {
        let world = World(
            """
            sys_interval 10
            max_topic_nodes 8
            max_messages 16
            max_retained_messages 12
            message_store_size 8K
            max_topic_levels 2
            max_topic_length 16
            """)
        let sender = world.connect().enter("s")
        for i in 0..<8 { sender.exchange(Packet.framed(0x31, Packet.text("t\(i)") + [1])) }
        world.pass(seconds: 10.1)
        #expect(world.server.drops == DropCounters())
        sender.exchange(Packet.publish("t1", [1]))
        #expect(world.server.inUse.topicNodes > 100)
        #expect(world.server.inUse.messages > 100)
    }
}
