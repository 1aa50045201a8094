import Broker
import Testing

struct SystemTopicTests {
    @Test func `A value of the broker's own is retained, and comes again only when it has changed`() {
        let broker = TestBroker()
        broker.publishSystem("$SYS/a", "1")
        let client = broker.connect("c")
        broker.subscribe(client, "$SYS/#")
        #expect(broker.receive(client) == ["$SYS/a=1 retain"])
        broker.publishSystem("$SYS/a", "1")
        #expect(broker.receive(client) == [])
        broker.publishSystem("$SYS/a", "2")
        #expect(broker.receive(client) == ["$SYS/a=2"])
    }

    @Test(arguments: ["#", "+/a", "+/#"])
    func `Wildcards at the beginning do not reach the broker's own topics [MQTT-4.7.2-1]`(filter: String) {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, filter)
        broker.publishSystem("$SYS/a", "1")
        #expect(broker.receive(client) == [])
        broker.subscribe(client, filter)
        #expect(broker.receive(client) == [])
    }

    @Test func `The broker's own topics do not count among the retained`() {
        let broker = TestBroker {
            $0.maxRetainedMessages = 1
            $0.maxRetainedBytes = 120
        }
        for i in 0..<5 { broker.publishSystem("$SYS/\(i)", "a value of some length") }
        #expect(broker.retained == .init())
        broker.publish(broker.connect("c"), packet: Packet.publish("t", [1], retain: true))
        #expect(broker.retained.messages == 1)
        #expect(broker.drops == .init())
    }

    @Test func `When the store is nearly full the broker keeps its values to itself`() {
        let broker = TestBroker { $0.maxMessages = 16 }
        let client = broker.connect("c")
        broker.subscribe(client, "t")
        for _ in 0..<15 { broker.publish(client, "t") }
        broker.publishSystem("$SYS/a", "1")
        #expect(broker.inUse.messages == 15)
        #expect(broker.drops == .init())
        _ = broker.drain(client)
        broker.publishSystem("$SYS/a", "1")
        #expect(broker.inUse.messages == 1)
    }

    @Test func `Clients that are away and those that were forgotten are counted`() {
        let broker = TestBroker { $0.persistentClientExpirationSeconds = 60 }
        let clients = (0..<3).map { broker.connect("c\($0)", isClean: false) }
        #expect(broker.awayCount == 0)
        for client in clients { broker.disconnect(client) }
        #expect(broker.awayCount == 3)
        _ = broker.connect("c0", isClean: false)
        _ = broker.connect("c1", isClean: true)
        #expect(broker.awayCount == 1)
        broker.pass(seconds: 100)
        #expect(broker.awayCount == 0)
        #expect(broker.expiredSessions == 1)
    }
}
