import Testing
import Wire

/// Clients that say that they are brokers, by the highest bit of the protocol level.
struct BridgeTests {
    private func bridge(_ broker: TestBroker, isClean: Bool = true) throws -> TestBroker.Client {
        let packet = Packet.connect("bridge", isClean: isClean, isBridge: true)
        return try #require(broker.connectOutcome(packet).client)
    }

    @Test func `A bridge gets nothing back of what it publishes, and others do`() throws {
        let broker = TestBroker()
        let bridge = try bridge(broker)
        let client = broker.connect("c")
        for receiver in [bridge, client] { broker.subscribe(receiver, "#") }
        broker.publish(bridge, "t", "from bridge")
        broker.publish(client, "t", "from client")
        #expect(broker.receive(bridge) == ["t=from client"])
        #expect(broker.receive(client) == ["t=from bridge", "t=from client"])
    }

    @Test func `A bridge gets RETAIN as it was published`() throws {
        let broker = TestBroker()
        let bridge = try bridge(broker)
        let client = broker.connect("c")
        for receiver in [bridge, client] { broker.subscribe(receiver, "#") }
        broker.publish(client, packet: Packet.publish("t", [0x31], retain: true))
        broker.publish(client, packet: Packet.publish("t", [0x32]))
        #expect(broker.receive(bridge) == ["t=1 retain", "t=2"])
        #expect(broker.receive(client) == ["t=1", "t=2"], "others do not [MQTT-3.3.1-9]")
    }

    @Test func `A bridge's queue is limited like any, also for messages with RETAIN`() throws {
        let broker = TestBroker { $0.maxQueuedMessages = 2 }
        let bridge = try bridge(broker)
        broker.subscribe(bridge, "#")
        let client = broker.connect("c")
        for i in 0..<4 { broker.publish(client, packet: Packet.publish("t\(i)", [0x31], retain: true)) }
        #expect(broker.receive(bridge).count == 2)
        #expect(broker.drops.queueFull == 2)
    }

    @Test func `A session is that of a bridge as long as a bridge has it`() throws {
        let broker = TestBroker()
        broker.subscribe(try bridge(broker, isClean: false), "#", qos: 1)
        let client = broker.connect("bridge", isClean: false)
        broker.publish(client, "t", "own")
        #expect(broker.receive(client) == ["t=own"])
    }
}
