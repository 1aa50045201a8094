import Testing
import Wire

struct ResumeTests {
    /// A client that keeps its session and gets everything.
    private func subscriber(_ broker: TestBroker, qos: UInt8 = 2) -> TestBroker.Client {
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: qos)
        return client
    }

    private func reconnect(_ broker: TestBroker, _ client: TestBroker.Client) -> TestBroker.Client {
        broker.disconnect(client)
        return broker.connect("c", isClean: false)
    }

    /// [MQTT-4.4.0-1, MQTT-3.3.1-1, MQTT-4.6.0-1]
    @Test func `What was not acknowledged goes out again, as it was, with DUP and in order`() {
        let broker = TestBroker()
        var client = subscriber(broker)
        broker.publish(client, "a", "1", qos: 1)
        broker.publish(client, "b", "2", qos: 2, id: 1)
        broker.publish(client, "c", "3", qos: 1)
        broker.publish(client, "d", "4", qos: 2, id: 2)
        _ = broker.drain(client)
        broker.acknowledge(client, .puback, id: 3)
        client = reconnect(broker, client)
        #expect(broker.receive(client) == ["a=1 qos 1 id 1 dup", "b=2 qos 2 id 2 dup", "d=4 qos 2 id 4 dup"])
    }

    @Test func `After PUBREC only PUBREL goes out again, in its place [MQTT-4.3.3-1, MQTT-4.6.0-1]`() {
        let broker = TestBroker()
        var client = subscriber(broker)
        for i in 1...3 { broker.publish(client, "t", "\(i)", qos: 2, id: UInt16(i)) }
        _ = broker.drain(client)
        broker.acknowledge(client, .pubrec, id: 2)
        client = reconnect(broker, client)
        #expect(broker.receive(client) == ["t=1 qos 2 id 1 dup", "pubrel 2", "t=3 qos 2 id 3 dup"])
        #expect(broker.acknowledge(client, .pubcomp, id: 2) == .done)
        #expect(broker.inUse.deliveries == 2)
    }

    @Test func `What was sent comes before what was queued, and that has no DUP`() {
        let broker = TestBroker { $0.maxInflightMessages = 2 }
        var client = subscriber(broker)
        for i in 1...3 { broker.publish(client, "t", "\(i)", qos: 1) }
        _ = broker.drain(client)
        broker.disconnect(client)
        let other = broker.connect("other")
        broker.publish(other, "t", "4", qos: 1)
        client = broker.connect("c", isClean: false)
        #expect(broker.receive(client) == ["t=1 qos 1 id 1 dup", "t=2 qos 1 id 2 dup"])
        for id: UInt16 in 1...2 { broker.acknowledge(client, .puback, id: id) }
        #expect(broker.receive(client) == ["t=3 qos 1 id 3", "t=4 qos 1 id 4"])
    }

    @Test func `A resumed session is named among those with something to send`() {
        let broker = TestBroker()
        var client = subscriber(broker)
        broker.publish(client, "t", "", qos: 1)
        _ = broker.drain(client)
        _ = broker.takeDirty()
        client = reconnect(broker, client)
        #expect(broker.takeDirty() == [client.link])
    }

    @Test func `QoS 0 is not kept for an absent client`() {
        let broker = TestBroker()
        var client = subscriber(broker)
        broker.publish(client, "t", "before")
        broker.disconnect(client)
        broker.publish(broker.connect("other"), "t", "meanwhile")
        client = broker.connect("c", isClean: false)
        #expect(broker.receive(client) == [])
        #expect(broker.inUse.messages == 0)
    }

    @Test func `QoS 1 and 2 are kept for an absent client [MQTT-3.1.2-5]`() {
        let broker = TestBroker()
        broker.disconnect(subscriber(broker))
        let other = broker.connect("other")
        for qos: UInt8 in 0...2 { broker.publish(other, "t", "\(qos)", qos: qos) }
        let client = broker.connect("c", isClean: false)
        #expect(broker.receive(client) == ["t=1 qos 1 id 1", "t=2 qos 2 id 2"])
    }

    @Test(arguments: 0..<10)
    func `A packet cut off anywhere goes out again whole, with DUP once its first byte was sent`(sent: Int) {
        let broker = TestBroker()
        var client = subscriber(broker)
        for i in 1...2 { broker.publish(client, "t", "\(i)", qos: 1) }
        // One packet of eight bytes, and up to one of the next.
        let packet = Packet.publish("t", [0x31], qos: 1, id: 1)
        #expect(packet.count == 8)
        _ = broker.write(client, limit: sent)
        client = reconnect(broker, client)
        let dups = [sent > 0 ? " dup" : "", sent > 8 ? " dup" : ""]
        #expect(broker.receive(client) == ["t=1 qos 1 id 1\(dups[0])", "t=2 qos 1 id 2\(dups[1])"])
    }

    @Test func `A QoS 0 packet that was cut off is gone`() {
        let broker = TestBroker()
        var client = subscriber(broker)
        broker.publish(client, "t", "gone")
        broker.publish(client, "t", "kept", qos: 1)
        _ = broker.write(client, limit: 3)
        client = reconnect(broker, client)
        #expect(broker.receive(client) == ["t=kept qos 1 id 1"])
    }

    @Test func `A PUBREL that was cut off goes out again whole`() {
        let broker = TestBroker()
        var client = subscriber(broker)
        broker.publish(client, "t", "", qos: 2, id: 1)
        _ = broker.drain(client)
        broker.acknowledge(client, .pubrec, id: 1)
        client = reconnect(broker, client)
        _ = broker.write(client, limit: 2)
        client = reconnect(broker, client)
        #expect(broker.drain(client) == Packet.pubrel(1))
    }

    @Test func `A takeover goes on where the displaced connection was [MQTT-3.1.4-2]`() {
        let broker = TestBroker()
        let before = subscriber(broker)
        broker.publish(before, "t", "sent", qos: 1)
        _ = broker.drain(before)
        broker.publish(before, "t", "begun", qos: 1)
        _ = broker.write(before, limit: 3)
        broker.publish(before, "t", "gone")
        let after = broker.connect("c", isClean: false)
        #expect(after.displaced == before.link)
        #expect(broker.receive(after) == ["t=sent qos 1 id 1 dup", "t=begun qos 1 id 2 dup"])
    }

    @Test func `A blocked client is no longer blocked when it comes back`() {
        let broker = TestBroker()
        var client = subscriber(broker)
        broker.setBlocked(client, true)
        client = reconnect(broker, client)
        broker.publish(client, "t", "")
        #expect(broker.takeDirty() == [client.link])
    }

    @Test func `A QoS 2 message sent again after a reconnect is not routed again [MQTT-4.3.3-2]`() {
        let broker = TestBroker()
        var client = subscriber(broker)
        broker.publish(client, "t", "p", qos: 2, id: 7)
        #expect(broker.receive(client).count == 1)
        client = reconnect(broker, client)
        broker.publish(client, packet: Packet.publish("t", Array("p".utf8), qos: 2, id: 7, dup: true))
        #expect(broker.receive(client) == ["t=p qos 2 id 1 dup"])
    }

    @Test func `The count of queued bytes survives a reconnect`() {
        let broker = TestBroker { $0.maxQueuedBytes = 100 }
        var client = subscriber(broker)
        let payload = String(repeating: "p", count: 46)
        for _ in 0..<2 { broker.publish(client, "t", payload, qos: 1) }
        _ = broker.drain(client)
        client = reconnect(broker, client)
        // Both are in the queue again: 2 × (3 + 46) bytes, and there is no room for a third.
        broker.publish(client, "t", payload, qos: 1)
        #expect(broker.drops.queueFull == 1)
        #expect(broker.receive(client).count == 2)
        for id: UInt16 in 1...2 { broker.acknowledge(client, .puback, id: id) }
        for _ in 0..<3 { broker.publish(client, "t", payload, qos: 1) }
        #expect(broker.receive(client).count == 2)
    }
}
