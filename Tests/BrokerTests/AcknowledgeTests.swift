import Testing
import Wire

struct AcknowledgeTests {
    private func withSent(qos: UInt8, _ body: (TestBroker, TestBroker.Client) -> Void) {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t", qos: qos)
        broker.publish(client, "t", "p", qos: qos, id: 1)
        broker.release(client, id: 1)
        _ = broker.drain(client)
        body(broker, client)
    }

    @Test func `PUBACK ends QoS 1 and frees the message`() {
        withSent(qos: 1) { broker, client in
            #expect(broker.acknowledge(client, .puback, id: 1) == .done)
            #expect(broker.inUse.deliveries == 0)
            #expect(broker.inUse.messages == 0)
        }
    }

    @Test func `PUBREC frees the message and keeps the id, PUBCOMP ends it [MQTT-4.3.3-1]`() {
        withSent(qos: 2) { broker, client in
            #expect(broker.acknowledge(client, .pubrec, id: 1) == .release)
            #expect(broker.inUse.messages == 0)
            #expect(broker.inUse.deliveries == 1)
            #expect(broker.acknowledge(client, .pubrec, id: 1) == .release)
            #expect(broker.acknowledge(client, .pubcomp, id: 1) == .done)
            #expect(broker.inUse.deliveries == 0)
        }
    }

    @Test(arguments: [(1, .pubrec), (1, .pubcomp), (2, .puback), (2, .pubcomp)] as [(UInt8, PacketType)])
    func `An acknowledgement of the other QoS is a violation`(qos: UInt8, type: PacketType) {
        withSent(qos: qos) { broker, client in
            #expect(broker.acknowledge(client, type, id: 1) == .violation)
            #expect(broker.inUse.deliveries == 1)
        }
    }

    @Test(arguments: [(.puback, .done), (.pubrec, .release), (.pubcomp, .done)]
        as [(PacketType, TestBroker.Acknowledged)])
    func `An unknown id is left alone, and PUBREC is answered`(type: PacketType, outcome: TestBroker.Acknowledged) {
        withSent(qos: 1) { broker, client in
            #expect(broker.acknowledge(client, type, id: 2) == outcome)
            #expect(broker.inUse.deliveries == 1)
        }
    }

    @Test func `Acknowledgements may come in any order`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t", qos: 1)
        for i in 1...5 { broker.publish(client, "t", "\(i)", qos: 1) }
        _ = broker.drain(client)
        for id: UInt16 in [3, 1, 5, 4, 2] { #expect(broker.acknowledge(client, .puback, id: id) == .done) }
        #expect(broker.inUse.deliveries == 0)
    }

    @Test func `A QoS 2 message is routed once until PUBREL, and again after it [MQTT-4.3.3-2]`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t")
        for i in 1...3 { broker.publish(client, "t", "\(i)", qos: 2, id: 7) }
        broker.release(client, id: 7)
        broker.publish(client, "t", "4", qos: 2, id: 7)
        #expect(broker.receive(client) == ["t=1", "t=4"])
    }

    @Test func `A QoS 1 message with the same id is new [MQTT-4.3.2-2]`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t")
        for i in 1...2 { broker.publish(client, "t", "\(i)", qos: 1, id: 7) }
        #expect(broker.receive(client) == ["t=1", "t=2"])
    }

    @Test func `Two clients' ids have nothing to do with each other`() {
        let broker = TestBroker()
        let clients = [broker.connect("a"), broker.connect("b")]
        broker.subscribe(clients[0], "t")
        for client in clients { broker.publish(client, "t", "p", qos: 2, id: 7) }
        #expect(broker.receive(clients[0]).count == 2)
    }
}
