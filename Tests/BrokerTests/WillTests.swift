import Broker
import Testing
import Wire

struct WillTests {
    private func reader(_ broker: TestBroker) -> TestBroker.Client {
        let client = broker.connect("reader")
        broker.subscribe(client, "#", qos: 2)
        return client
    }

    @Test(arguments: [0, 1, 2] as [UInt8])
    func `A will is held with the connection, and is published with its QoS [MQTT-3.1.2-8]`(qos: UInt8) {
        let broker = TestBroker()
        let reader = reader(broker)
        let client = broker.connect("c", will: Packet.Will(topic: "w", qos: qos))
        #expect(broker.inUse.messages == 1)
        #expect(broker.receive(reader) == [])
        broker.disconnect(client, isOrderly: false)
        #expect(broker.receive(reader) == [qos == 0 ? "w=gone" : "w=gone qos \(qos) id 1"])
    }

    @Test func `DISCONNECT frees the will unpublished [MQTT-3.1.2-10, MQTT-3.14.4-3]`() {
        let broker = TestBroker()
        let reader = reader(broker)
        broker.disconnect(broker.connect("c", will: Packet.Will(topic: "w")), isOrderly: true)
        #expect(broker.receive(reader) == [])
        #expect(broker.inUse.messages == 0)
    }

    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
    func `A takeover publishes the will of the connection that is displaced, and holds the new one`(
        wasClean: Bool, isClean: Bool
    ) {
        let broker = TestBroker()
        let reader = reader(broker)
        _ = broker.connect("c", isClean: wasClean, will: Packet.Will(topic: "old"))
        let client = broker.connect("c", isClean: isClean, will: Packet.Will(topic: "new"))
        #expect(broker.receive(reader) == ["old=gone"])
        broker.disconnect(client, isOrderly: false)
        #expect(broker.receive(reader) == ["new=gone"])
    }

    @Test func `A will is published once, and not again when the session ends [MQTT-3.1.2-10]`() {
        let broker = TestBroker { $0.persistentClientExpirationSeconds = 60 }
        let reader = reader(broker)
        broker.disconnect(broker.connect("c", isClean: false, will: Packet.Will(topic: "w")), isOrderly: false)
        #expect(broker.receive(reader) == ["w=gone"])
        broker.pass(seconds: 100)
        #expect(broker.inUse.sessions == 1, "the reader")
        #expect(broker.receive(reader) == [])
    }

    @Test func `A client without a will leaves nothing behind [MQTT-3.1.2-12]`() {
        let broker = TestBroker()
        let reader = reader(broker)
        broker.disconnect(broker.connect("c", isClean: false, will: Packet.Will(topic: "w")), isOrderly: true)
        broker.disconnect(broker.connect("c", isClean: false), isOrderly: false)
        #expect(broker.receive(reader) == [])
    }

    @Test func `A will with RETAIN is kept, and an empty one clears its topic [MQTT-3.1.2-16, MQTT-3.1.2-17]`() {
        let broker = TestBroker()
        for (payload, count) in [("gone", 1), ("", 0)] {
            let will = Packet.Will(topic: "w", payload: payload, retain: true)
            broker.disconnect(broker.connect("c", will: will), isOrderly: false)
            #expect(broker.retained.messages == count)
        }
        broker.disconnect(broker.connect("c", will: Packet.Will(topic: "w")), isOrderly: false)
        #expect(broker.retained.messages == 0)
        #expect(broker.inUse == .init())
    }

    @Test func `A will is for the client's own session, too, where that stays`() {
        let broker = TestBroker()
        let client = broker.connect("c", isClean: false, will: Packet.Will(topic: "w", qos: 1))
        broker.subscribe(client, "w", qos: 1)
        broker.disconnect(client, isOrderly: false)
        #expect(broker.receive(broker.connect("c", isClean: false)) == ["w=gone qos 1 id 1"])
    }

    @Test func `A will that may not be written is dropped and counted [MQTT-3.3.5-2]`() {
        let broker = TestBroker(acl: "topic read #\nuser ann\ntopic write w")
        let reader = reader(broker)
        for (user, count) in [("ann", 0), (nil, 1)] as [(String?, UInt32)] {
            broker.disconnect(broker.connect("c", user: user, will: Packet.Will(topic: "w")), isOrderly: false)
            #expect(broker.drops.forbidden == count)
        }
        #expect(broker.receive(reader) == ["w=gone"])
        #expect(broker.inUse.messages == 0)
    }

    @Test(arguments: ["$SYS/a", "$SYS/broker/version"])
    func `A will below $SYS is dropped, as every client's message there`(topic: String) {
        let broker = TestBroker()
        let client = broker.connect("r")
        broker.subscribe(client, "$SYS/#")
        broker.disconnect(broker.connect("c", will: Packet.Will(topic: topic, retain: true)), isOrderly: false)
        #expect(broker.receive(client) == [])
        #expect(broker.drops.forbidden == 1)
        broker.disconnect(client)
        #expect(broker.inUse == .init())
    }

    @Test func `A will for which there is no room is refused with the connection, and holds nothing`() {
        let broker = TestBroker { $0.messageStoreBytes = 4096 }
        let will = Packet.Will(topic: "w", payload: String(repeating: "p", count: 5000))
        #expect(broker.connectOutcome(Packet.connect("c", isClean: true, will: will)).reason == .serverFull)
        #expect(broker.inUse == .init())
        _ = broker.connect("c", will: Packet.Will(topic: "w"))
    }

    @Test func `A will whose topic is longer or deeper than allowed is refused with the connection`() {
        let broker = TestBroker {
            $0.maxTopicLevels = 3
            $0.maxTopicBytes = 16
        }
        for topic in ["a/b/c/d", "0123456789abcdefg"] {
            let packet = Packet.connect("c", isClean: true, will: Packet.Will(topic: topic))
            #expect(broker.connectOutcome(packet).reason == .badTopicName)
        }
        #expect(broker.inUse == .init())
    }

    @Test func `A connection that is refused takes no will and leaves the client's session alone`() {
        let broker = TestBroker { $0.messageStoreBytes = 4096 }
        let reader = reader(broker)
        let client = broker.connect("c", will: Packet.Will(topic: "w"))
        let will = Packet.Will(topic: "w", payload: String(repeating: "p", count: 5000))
        #expect(broker.connectOutcome(Packet.connect("c", isClean: true, will: will)).client == nil)
        #expect(broker.receive(reader) == [])
        broker.disconnect(client, isOrderly: false)
        #expect(broker.receive(reader) == ["w=gone"])
    }
}
