import Base
import Testing
import Wire

struct TransmitTests {
    private func subscriber(_ broker: TestBroker, qos: UInt8) -> TestBroker.Client {
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: qos)
        return client
    }

    @Test(arguments: [0, 1, 2, 200, 245, 246, 247, 10_000, 70_000])
    func `A message is written byte for byte, whatever its length`(count: Int) {
        let broker = TestBroker()
        let client = subscriber(broker, qos: 1)
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        broker.publish(client, packet: Packet.publish("a/b", payload, qos: 1, id: 9))
        let bytes = broker.drain(client)
        let isEqual = bytes == Packet.publish("a/b", payload, qos: 1, id: 1)
        #expect(isEqual)
    }

    @Test func `A QoS 0 message is gone when it is sent`() {
        let broker = TestBroker()
        let client = subscriber(broker, qos: 0)
        broker.publish(client, "t", "p")
        #expect(broker.inUse.messages == 1)
        _ = broker.drain(client)
        #expect(broker.inUse.messages == 0)
        #expect(broker.inUse.deliveries == 0)
    }

    @Test func `A message for many is held once, until the last one has it`() {
        let broker = TestBroker()
        let clients = (0..<5).map { broker.connect("c\($0)") }
        for client in clients { broker.subscribe(client, "t") }
        broker.publish(clients[0], "t", "p")
        for client in clients {
            #expect(broker.inUse.messages == 1)
            #expect(broker.receive(client) == ["t=p"])
        }
        #expect(broker.inUse.messages == 0)
    }

    @Test func `No more messages are under way than the window lets, and each end lets one more go [MQTT-4.3.2-1]`() {
        let broker = TestBroker { $0.maxInflightMessages = 2 }
        let client = subscriber(broker, qos: 1)
        for i in 1...4 { broker.publish(client, "t", "\(i)", qos: 1) }
        #expect(broker.receive(client) == ["t=1 qos 1 id 1", "t=2 qos 1 id 2"])
        #expect(!broker.hasOutput(client))
        _ = broker.takeDirty()
        broker.acknowledge(client, .puback, id: 2)
        #expect(broker.takeDirty() == [client.link])
        #expect(broker.receive(client) == ["t=3 qos 1 id 3"])
    }

    @Test func `A QoS 2 message is under way until PUBCOMP [MQTT-4.3.3-1]`() {
        let broker = TestBroker { $0.maxInflightMessages = 1 }
        let client = subscriber(broker, qos: 2)
        for i in 1...2 { broker.publish(client, "t", "\(i)", qos: 2, id: UInt16(i)) }
        #expect(broker.receive(client) == ["t=1 qos 2 id 1"])
        broker.acknowledge(client, .pubrec, id: 1)
        #expect(broker.receive(client) == [])
        broker.acknowledge(client, .pubcomp, id: 1)
        #expect(broker.receive(client) == ["t=2 qos 2 id 2"])
    }

    @Test func `A full window holds back what stands behind it, and keeps the order`() {
        let broker = TestBroker { $0.maxInflightMessages = 1 }
        let client = subscriber(broker, qos: 1)
        for i in 1...2 { broker.publish(client, "t", "\(i)", qos: 1) }
        broker.publish(client, "t", "0")
        #expect(broker.receive(client) == ["t=1 qos 1 id 1"])
        broker.acknowledge(client, .puback, id: 1)
        #expect(broker.receive(client) == ["t=2 qos 1 id 2", "t=0"])
    }

    @Test func `More than one write can hold goes out in several`() {
        let broker = TestBroker()
        let client = subscriber(broker, qos: 0)
        // Every second one is too long to be copied, so runs are used up first.
        let payloads = (0..<400).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: $0 % 2 == 0 ? 3 : 600) }
        for payload in payloads { broker.publish(client, packet: Packet.publish("t", payload)) }
        let first = broker.write(client)
        let isEqual = first + broker.drain(client) == payloads.flatMap { Packet.publish("t", $0) }
        #expect(isEqual)
        #expect(first.count < 100_000)
    }

    @Test func `A write that ends anywhere is taken up there`() {
        // A packet of each kind: QoS 0, 1 and 2 and a PUBREL.
        func prepared() -> (broker: TestBroker, client: TestBroker.Client) {
            let broker = TestBroker()
            var client = subscriber(broker, qos: 2)
            broker.publish(client, "r", "x", qos: 2, id: 1)
            _ = broker.drain(client)
            broker.acknowledge(client, .pubrec, id: 1)
            broker.disconnect(client)
            client = broker.connect("c", isClean: false)
            for qos: UInt8 in 0...2 { broker.publish(client, "t\(qos)", "payload", qos: qos, id: 2) }
            return (broker, client)
        }
        let (broker, client) = prepared()
        let whole = broker.drain(client)
        #expect(words(whole) == ["pubrel 1", "t0=payload", "t1=payload qos 1 id 2", "t2=payload qos 2 id 3"])
        for first in 0...whole.count {
            for second in 0...min(8, whole.count - first) {
                let (broker, client) = prepared()
                let begun = broker.write(client, limit: first)
                let bytes = begun + broker.write(client, limit: second) + broker.drain(client)
                guard bytes == whole, begun.count == first else { return fail("\(first) \(second)") }
            }
        }
    }

    @Test func `The rest of a begun packet is known to the byte`() {
        let broker = TestBroker()
        let client = subscriber(broker, qos: 1)
        for _ in 0..<2 { broker.publish(client, "t", "payload", qos: 1) }
        let packet = Packet.publish("t", Array("payload".utf8), qos: 1, id: 1)
        for sent in 1..<packet.count {
            _ = broker.write(client, limit: 1)
            #expect(broker.begunBytes(client) == packet.count - sent)
        }
        _ = broker.write(client, limit: 1)
        #expect(broker.begunBytes(client) == 0)
    }

    @Test func `Ids run on after an exchange has ended, so a late answer meets nobody [MQTT-2.3.1-3]`() {
        let broker = TestBroker()
        let client = subscriber(broker, qos: 1)
        for i in 1...3 {
            broker.publish(client, "t", "", qos: 1)
            #expect(broker.receive(client) == ["t= qos 1 id \(i)"])
            broker.acknowledge(client, .puback, id: UInt16(i))
        }
        #expect(broker.inUse.deliveries == 0)
    }

    @Test func `No id is used twice at a time when they have come round [MQTT-2.3.1-4]`() {
        let broker = TestBroker()
        let client = subscriber(broker, qos: 1)
        broker.publish(client, "t", "kept", qos: 1)
        _ = broker.drain(client)
        for i in 2...65_535 {
            broker.publish(client, "t", "", qos: 1)
            _ = broker.write(client)
            broker.acknowledge(client, .puback, id: UInt16(i))
        }
        broker.publish(client, "t", "waits", qos: 1)
        #expect(broker.receive(client) == [])
        broker.acknowledge(client, .puback, id: 1)
        #expect(broker.receive(client) == ["t=waits qos 1 id 1"])
    }

    @Test func `A queue that is half full asks to be flushed, once`() {
        let broker = TestBroker { $0.maxQueuedMessages = 4 }
        let client = subscriber(broker, qos: 0)
        for _ in 0..<2 { broker.publish(client, "t") }
        #expect(!broker.wantsFlush())
        broker.publish(client, "t")
        #expect(broker.wantsFlush())
        #expect(!broker.wantsFlush())
    }
}
