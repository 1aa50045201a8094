import Base
import Testing
import Wire

/// What happens when something runs out, and that all is as before when it is given back.
struct LimitTests {
    @Test func `More clients than there can be are refused until one goes`() {
        let broker = TestBroker { $0.maxClients = 2 }
        let clients = [broker.connect("a"), broker.connect("b", isClean: false)]
        #expect(broker.connectOutcome(Packet.connect("c", isClean: true)).reason == .serverFull)
        // A known client needs no room.
        #expect(broker.connectOutcome(Packet.connect("b", isClean: false)).reason == nil)
        broker.disconnect(clients[0])
        #expect(broker.connectOutcome(Packet.connect("c", isClean: true)).reason == nil)
    }

    @Test func `An absent client holds its place`() {
        let broker = TestBroker { $0.maxClients = 1 }
        broker.disconnect(broker.connect("a", isClean: false))
        #expect(broker.connectOutcome(Packet.connect("b", isClean: true)).reason == .serverFull)
    }

    @Test func `Long client ids use up the room for ids, and give it back`() {
        let broker = TestBroker {
            $0.maxClients = 100
            $0.maxClientIDBytes = 1024
        }
        var clients: [TestBroker.Client] = []
        let ids = (0..<100).map { String(repeating: "i", count: 1000) + "\($0)" }
        while let client = broker.connectOutcome(Packet.connect(ids[clients.count], isClean: true)).client {
            clients.append(client)
        }
        let count = clients.count
        #expect(count > 4)
        #expect(broker.connectOutcome(Packet.connect(ids[count], isClean: true)).reason == .serverFull)
        for client in clients { broker.disconnect(client) }
        let again = ids.prefix { broker.connectOutcome(Packet.connect($0, isClean: true)).client != nil }
        #expect(again.count == count)
    }

    @Test func `A client may have as many subscriptions as allowed [MQTT-3.8.4-5]`() {
        let broker = TestBroker { $0.maxSubscriptionsPerClient = 2 }
        let client = broker.connect("c")
        let granted = ["a", "b", "c", "a"].map { broker.subscribe(client, $0, qos: 1) }
        #expect(granted == [1, 1, nil, 1])
        broker.unsubscribe(client, "a")
        #expect(broker.subscribe(client, "c", qos: 1) == 1)
    }

    @Test func `All clients may have as many subscriptions as there are`() {
        let broker = TestBroker { $0.maxSubscriptions = 3 }
        let clients = [broker.connect("a"), broker.connect("b")]
        for filter in ["x", "y", "z"] { broker.subscribe(clients[0], filter) }
        #expect(broker.subscribe(clients[1], "x") == nil)
        broker.disconnect(clients[0])
        #expect(broker.subscribe(clients[1], "x") == 0)
    }

    @Test(arguments: ["a/b/c/d/e/f/g/h/i", "x/y/3/4/5/6/7/8/9", "+/+/+/+/+/+/+/+/#"])
    func `A filter of more levels than there are nodes leaves nothing behind`(filter: String) {
        let broker = TestBroker { $0.maxTopicNodes = 8 }
        let client = broker.connect("c")
        broker.subscribe(client, "x/y")
        let before = broker.inUse
        #expect(broker.subscribe(client, filter) == nil)
        #expect(broker.inUse == before)
        broker.unsubscribe(client, "x/y")
        #expect(broker.subscribe(client, "1/2/3/4/5/6/7/8") == 0)
    }

    @Test func `Long levels use up the room for names, and give it back`() {
        let broker = TestBroker {
            $0.maxTopicNodes = 100
            $0.maxTopicBytes = 1000
        }
        let client = broker.connect("c")
        let filters = (0..<100).map { String(repeating: "t", count: 900) + "\($0)" }
        let granted = filters.prefix { broker.subscribe(client, $0) != nil }
        #expect(granted.count > 1 && granted.count < 100)
        #expect(broker.inUse.topicNodes == granted.count)
        for filter in granted { broker.unsubscribe(client, filter) }
        #expect(filters.prefix { broker.subscribe(client, $0) != nil } == granted)
    }

    @Test(arguments: [(0, .done), (1, .storeFull), (2, .storeFull)] as [(UInt8, TestBroker.Published)])
    func `Without a free message QoS 0 is dropped, and QoS 1 and 2 are not taken [MQTT-4.8.0-2]`(
        qos: UInt8, outcome: TestBroker.Published
    ) {
        let broker = TestBroker { $0.maxMessages = 16 }
        let client = broker.connect("c")
        broker.subscribe(client, "#", qos: 0)
        for _ in 0..<16 { broker.publish(client, "t") }
        #expect(broker.publish(client, "t", "more", qos: qos, id: 7) == outcome)
        #expect(broker.drops.storeFull == 1)
        #expect(broker.receive(client).count == 16)
        #expect(broker.publish(client, "t", "more", qos: qos, id: 7) == .done)
        #expect(broker.receive(client) == ["t=more"])
    }

    @Test func `Without free bytes a long message is not taken, and a short one is`() {
        let broker = TestBroker { $0.messageStoreBytes = 4096 }
        let client = broker.connect("c")
        broker.subscribe(client, "#")
        let long = String(repeating: "p", count: 2500)
        let outcomes = [long, long, "short"].map { broker.publish(client, "t", $0, qos: 1) }
        #expect(outcomes == [.done, .storeFull, .done])
        #expect(broker.receive(client) == ["t=\(long)", "t=short"])
        #expect(broker.inUse.messageSlabs == 0)
    }

    @Test func `A message that nobody wants needs no room`() {
        let broker = TestBroker { $0.messageStoreBytes = 4096 }
        let client = broker.connect("c")
        #expect(broker.publish(client, "t", String(repeating: "p", count: 10_000), qos: 1) == .done)
        #expect(broker.drops == .init())
    }

    @Test func `With as many delivery records as clients a QoS 1 message goes to all of them`() {
        let broker = TestBroker { $0.maxDeliveries = 16 }
        let clients = (0..<16).map { broker.connect("c\($0)") }
        for client in clients { for filter in ["t", "+", "#"] { broker.subscribe(client, filter, qos: 1) } }
        #expect(broker.publish(clients[0], "t", "p", qos: 1) == .done)
        #expect(broker.inUse.deliveries == 16)
    }

    @Test func `Without delivery records for all receivers a QoS 1 message is refused and nobody gets it`() {
        let broker = TestBroker { $0.maxDeliveries = 16 }
        let clients = (0..<20).map { broker.connect("c\($0)") }
        for client in clients { broker.subscribe(client, "t", qos: 1) }
        #expect(broker.publish(clients[0], "t", "p", qos: 1) == .storeFull)
        #expect(broker.drops.storeFull == 1)
        #expect(clients.filter { !broker.drain($0).isEmpty }.isEmpty)
        #expect(broker.inUse.deliveries == 0)
        #expect(broker.inUse.messages == 0)
    }

    @Test func `Without delivery records for all receivers a QoS 0 message goes to as many as there are`() {
        let broker = TestBroker { $0.maxDeliveries = 16 }
        let clients = (0..<20).map { broker.connect("c\($0)") }
        for client in clients { broker.subscribe(client, "t", qos: 1) }
        #expect(broker.publish(clients[0], "t", "p", qos: 0) == .done)
        #expect(broker.drops.storeFull == 4)
        #expect(clients.filter { !broker.drain($0).isEmpty }.count == 16)
        #expect(broker.inUse.deliveries == 0)
        #expect(broker.inUse.messages == 0)
    }

    @Test func `One client may have a quarter of the QoS 2 ids, and all together all`() {
        let broker = TestBroker { $0.maxIncomingInflight = 8 }
        let clients = (0..<5).map { broker.connect("c\($0)") }
        let outcomes = clients.map { client in (1...3).map { broker.publish(client, "t", qos: 2, id: $0) } }
        let most: [TestBroker.Published] = [.done, .done, .receiveWindowExceeded]
        #expect(outcomes.prefix(4) == [most, most, most, most])
        #expect(outcomes[4] == [.receiveWindowExceeded, .receiveWindowExceeded, .receiveWindowExceeded])
        broker.release(clients[0], id: 1)
        #expect(broker.publish(clients[4], "t", qos: 2, id: 1) == .done)
        for client in clients { broker.disconnect(client) }
        #expect(broker.inUse == .init())
    }

    @Test func `A QoS 2 message that was not taken is new when it comes again`() {
        let broker = TestBroker { $0.maxMessages = 16 }
        let client = broker.connect("c")
        broker.subscribe(client, "#")
        for _ in 0..<16 { broker.publish(client, "t") }
        broker.publish(client, "t", "again", qos: 2, id: 7)
        #expect(broker.inUse.inboundIDs == 0)
        _ = broker.drain(client)
        broker.publish(client, "t", "again", qos: 2, id: 7)
        #expect(broker.receive(client) == ["t=again"])
    }

    @Test(arguments: [true, false])
    func `A client's queue holds as many messages as allowed, and then the newest are dropped`(isAbsent: Bool) {
        let broker = TestBroker { $0.maxQueuedMessages = 3 }
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: 1)
        if isAbsent { broker.disconnect(client) }
        let publisher = broker.connect("p")
        for i in 1...5 { broker.publish(publisher, "t", "\(i)", qos: 1) }
        #expect(broker.drops.queueFull == 2)
        let receiver = isAbsent ? broker.connect("c", isClean: false) : client
        #expect(broker.receive(receiver) == (1...3).map { "t=\($0) qos 1 id \($0)" })
    }

    @Test func `A client's queue holds as many bytes as allowed, and one message of any length`() {
        let broker = TestBroker { $0.maxQueuedBytes = 100 }
        let client = broker.connect("c")
        broker.subscribe(client, "#")
        // Three bytes for the topic each. What is said to fit is what is there in the end.
        for payloads in [[(97, true), (0, false)], [(200, true), (0, false)], [(47, true), (47, true), (0, false)]] {
            for (count, _) in payloads { broker.publish(client, "t", String(repeating: "p", count: count)) }
            #expect(broker.receive(client).map(\.count) == payloads.filter(\.1).map { 2 + $0.0 })
        }
        #expect(broker.drops.queueFull == 3)
    }

    @Test func `Without a limit a queue holds what there is`() {
        let broker = TestBroker {
            $0.maxQueuedMessages = 0
            $0.maxQueuedBytes = 0
        }
        let client = broker.connect("c")
        broker.subscribe(client, "#")
        for i in 0..<5000 { broker.publish(client, "t", "\(i)") }
        #expect(broker.drops == .init())
        #expect(broker.receive(client).count == 5000)
    }

    @Test func `A full queue of one client leaves the others alone`() {
        let broker = TestBroker { $0.maxQueuedMessages = 1 }
        let clients = [broker.connect("slow"), broker.connect("quick")]
        for client in clients { broker.subscribe(client, "t") }
        for i in 1...3 {
            broker.publish(clients[0], "t", "\(i)")
            #expect(broker.receive(clients[1]) == ["t=\(i)"])
        }
        #expect(broker.receive(clients[0]) == ["t=1"])
    }

    @Test func `Less than an eighth of messages, bytes or deliveries is low`() {
        for key in 0..<3 {
            let broker = TestBroker {
                if key == 0 { $0.maxMessages = 16 }
                if key == 1 { $0.messageStoreBytes = 16 * 120 }
                if key == 2 { $0.maxDeliveries = 16 }
            }
            let client = broker.connect("c")
            broker.subscribe(client, "#")
            let low = (0..<16).map { _ in
                broker.publish(client, "t")
                return broker.isLow
            }
            #expect(low == [Bool](repeating: false, count: 14) + [true, true])
            _ = broker.drain(client)
            #expect(!broker.isLow)
        }
    }
}
