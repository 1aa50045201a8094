import Broker
import TestSupport
import Testing

struct QueuePolicyTests {
    private func absent(_ broker: TestBroker, qos: UInt8 = 1) {
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: qos)
        broker.disconnect(client)
    }

    private func received(_ broker: TestBroker) -> [String] {
        broker.receive(broker.connect("c", isClean: false)).map { String($0.prefix { $0 != " " }) }
    }

    @Test func `Dropping the oldest makes room for the newest, and is counted`() {
        let broker = TestBroker {
            $0.maxQueuedMessages = 3
            $0.queuePolicy = .dropOldest
        }
        absent(broker)
        let publisher = broker.connect("p")
        for i in 1...5 { broker.publish(publisher, "t", "\(i)", qos: 1) }
        #expect(broker.drops.queueFull == 2)
        #expect(broker.inUse.messages == 3)
        #expect(received(broker) == ["t=3", "t=4", "t=5"])
    }

    @Test func `As many of the oldest go as the newest has bytes`() {
        let broker = TestBroker {
            $0.maxQueuedBytes = 100
            $0.queuePolicy = .dropOldest
        }
        absent(broker)
        let publisher = broker.connect("p")
        // Two bytes of length and one of topic each.
        for i in 1...5 { broker.publish(publisher, "t", String(repeating: "\(i)", count: 17), qos: 1) }
        broker.publish(publisher, "t", String(repeating: "6", count: 57), qos: 1)
        #expect(broker.drops.queueFull == 3)
        #expect(received(broker).map { $0.prefix(3) } == ["t=4", "t=5", "t=6"])
    }

    @Test func `A message longer than the whole queue is kept alone`() {
        let broker = TestBroker {
            $0.maxQueuedBytes = 100
            $0.queuePolicy = .dropOldest
        }
        absent(broker)
        let publisher = broker.connect("p")
        for i in 1...3 { broker.publish(publisher, "t", "\(i)", qos: 1) }
        broker.publish(publisher, "t", String(repeating: "4", count: 500), qos: 1)
        #expect(received(broker).map { $0.prefix(3) } == ["t=4"])
        #expect(broker.drops.queueFull == 3)
    }

    @Test(arguments: [true, false])
    func `A new message of QoS 0 is dropped in any case`(dropsOldest: Bool) {
        let broker = TestBroker {
            $0.maxQueuedMessages = 2
            $0.queuePolicy = dropsOldest ? .dropOldest : .dropNewest
        }
        let client = broker.connect("c")
        broker.subscribe(client, "#", qos: 1)
        for i in 1...2 { broker.publish(client, "t", "\(i)", qos: 1) }
        broker.publish(client, "t", "0", qos: 0)
        #expect(broker.receive(client).map { $0.prefix(3) } == ["t=1", "t=2"])
        #expect(broker.drops.queueFull == 1)
    }

    @Test func `What was sent before and what is half sent does not make room`() {
        let broker = TestBroker {
            $0.maxQueuedMessages = 3
            $0.queuePolicy = .dropOldest
            $0.maxInflightMessages = 1
        }
        var client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: 1)
        broker.publish(client, "t", "sent", qos: 1)
        _ = broker.drain(client)
        broker.disconnect(client)
        client = broker.connect("c", isClean: false)
        for i in 1...4 { broker.publish(client, "t", "\(i)", qos: 1) }
        #expect(broker.write(client, limit: 3).count == 3)
        broker.publish(client, "t", "5", qos: 1)
        #expect(broker.drops.queueFull == 3)
        let rest = Packet.publish("t", Array("sent".utf8), qos: 1, id: 1, dup: true).dropFirst(3)
        #expect(broker.drain(client) == Array(rest))
        broker.acknowledge(client, .puback, id: 1)
        #expect(broker.receive(client).map { $0.prefix(3) } == ["t=4"])
        broker.acknowledge(client, .puback, id: 2)
        #expect(broker.receive(client).map { $0.prefix(3) } == ["t=5"])
    }

    @Test func `A half sent packet in front of a full queue stays, and the newest goes when nothing else can`() {
        let broker = TestBroker {
            $0.maxQueuedMessages = 1
            $0.queuePolicy = .dropOldest
        }
        let client = broker.connect("c")
        broker.subscribe(client, "#", qos: 1)
        broker.publish(client, "t", "1", qos: 1)
        let begun = broker.write(client, limit: 3)
        broker.publish(client, "t", "2", qos: 1)
        #expect(begun + broker.drain(client) == Packet.publish("t", [0x31], qos: 1, id: 1))
        #expect(broker.drops.queueFull == 1)
    }

    @Test func `QoS 0 waits for an absent client where that is asked for`() {
        let broker = TestBroker { $0.queuesQoS0 = true }
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: 2)
        broker.publish(client, "t", "before")
        broker.disconnect(client)
        let publisher = broker.connect("p")
        for qos: UInt8 in 0...2 { broker.publish(publisher, "t", "\(qos)", qos: qos) }
        #expect(received(broker) == ["t=before", "t=0", "t=1", "t=2"])
    }

    @Test func `QoS 0 that was half sent goes out again whole, without DUP [MQTT-3.3.1-2]`() {
        let broker = TestBroker { $0.queuesQoS0 = true }
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: 1)
        broker.publish(client, "t", "half")
        _ = broker.write(client, limit: 3)
        broker.disconnect(client)
        #expect(broker.receive(broker.connect("c", isClean: false)) == ["t=half"])
    }

    @Test func `QoS 0 that waits expires and is limited like the others`() {
        let broker = TestBroker {
            $0.queuesQoS0 = true
            $0.maxQueuedMessages = 2
            $0.offlineMessageExpirySeconds = 60
        }
        absent(broker, qos: 0)
        let publisher = broker.connect("p")
        for i in 1...3 { broker.publish(publisher, "t", "\(i)") }
        #expect(broker.drops.queueFull == 1)
        broker.pass(seconds: 61)
        #expect(broker.drops.expired == 2)
        #expect(broker.inUse.messages == 0)
    }

    @Test(arguments: seeds)
    func `With either policy a queue holds what a model's queue holds`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for dropsOldest in [true, false] {
            let broker = TestBroker {
                $0.maxQueuedMessages = 6
                $0.maxQueuedBytes = 200
                $0.queuePolicy = dropsOldest ? .dropOldest : .dropNewest
            }
            absent(broker)
            let publisher = broker.connect("p")
            for round in 0..<60 {
                var model: [String] = []
                for i in 0..<random.below(20) {
                    let payload = "\(i)" + String(repeating: "p", count: random.below(random.chance(10) ? 250 : 60))
                    broker.publish(publisher, "t", payload, qos: 1)
                    func fits() -> Bool {
                        model.isEmpty || model.count < 6 && model.reduce(3 + payload.count) { $0 + 3 + $1.count } <= 200
                    }
                    while dropsOldest, !fits() { model.removeFirst() }
                    if fits() { model.append(payload) }
                }
                guard received(broker) == model.map({ "t=\($0)" }) else { return fail("round \(round)") }
                // A session that begins anew has nothing under way.
                broker.disconnect(broker.connect("c", isClean: true))
                absent(broker)
            }
        }
    }
}
