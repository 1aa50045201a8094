import Base
import Broker
import TestSupport
import Testing
import Wire

struct RetainedTests {
    private func retain(_ broker: TestBroker, _ client: TestBroker.Client, _ topic: String, _ payload: String) {
        broker.publish(client, packet: Packet.publish(topic, Array(payload.utf8), retain: true))
    }

    /// The retained messages that a new subscription brings, without the word `retain` that all must have.
    private func greeting(_ broker: TestBroker, _ filter: String, qos: UInt8 = 0) -> [String] {
        let client = broker.connect("greeted")
        broker.subscribe(client, filter, qos: qos)
        let words = broker.receive(client)
        broker.disconnect(client)
        if !words.allSatisfy({ $0.hasSuffix(" retain") }) { fail("without RETAIN [MQTT-3.3.1-8]") }
        return words.map { String($0.dropLast(7)) }.sorted()
    }

    private func matches(_ filter: String, _ name: String) -> Bool {
        withView(filter) { filter in withView(name) { TopicFilter.matches(filter, $0) } }
    }

    /// [MQTT-3.3.1-6]
    @Test(arguments: seeds)
    func `A new subscription brings the retained messages of all topics that its filter matches`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let broker = TestBroker()
        let client = broker.connect("p")
        let names = ["a", "b", "", "$x", "longer than one slab of text"]
        func randomTopic(_ levels: [String]) -> String {
            (0...random.below(4)).map { _ in random.pick(levels) }.joined(separator: "/")
        }
        var model: [String: String] = [:]
        // Filters share the tree with topics and must not be taken for any.
        for filter in ["+/b", "a/+/#", "a", "#", "b/a/b"] { broker.subscribe(client, filter) }
        for round in 0..<1500 {
            let topic = randomTopic(names)
            guard !topic.isEmpty else { continue }
            let isCleared = random.chance(40)
            retain(broker, client, topic, isCleared ? "" : "\(round)")
            model[topic] = isCleared ? nil : "\(round)"
            _ = broker.drain(client)
            guard random.chance(25) else { continue }
            var filter = randomTopic(names + ["+", "+"])
            if random.chance(40) { filter = filter.isEmpty ? "#" : filter + "/#" }
            guard !filter.isEmpty else { continue }
            let expected = model.filter { matches(filter, $0.key) }.map { "\($0.key)=\($0.value)" }.sorted()
            guard greeting(broker, filter) == expected else { return fail("\(filter) in round \(round)") }
            guard broker.retained.messages == model.count else { return fail("count in round \(round)") }
        }
        for topic in model.keys { retain(broker, client, topic, "") }
        broker.disconnect(client)
        #expect(broker.retained == .init())
        #expect(broker.inUse == .init())
    }

    @Test func `All short filters find the short topics that each matches`() {
        func texts(_ alphabet: String, length: Int) -> [String] {
            (1...length).flatMap { count in
                (0..<count).reduce([""]) { texts, _ in texts.flatMap { text in alphabet.map { text + String($0) } } }
            }
        }
        let broker = TestBroker()
        let client = broker.connect("p")
        let names = texts("a/$", length: 4)
        for name in names { retain(broker, client, name, "p") }
        for filter in texts("a/+#$", length: 3) where withView(filter, { TopicFilter.check($0) == nil }) {
            let expected = names.filter { matches(filter, $0) }.map { "\($0)=p" }.sorted()
            guard greeting(broker, filter) == expected else { return fail("\(filter)") }
        }
    }

    @Test(arguments: [0, 1, 2] as [UInt8])
    func `A retained message takes the place of the one before, whatever its QoS [MQTT-3.3.1-5, MQTT-3.3.1-7]`(
        qos: UInt8
    ) {
        let broker = TestBroker()
        let client = broker.connect("p")
        broker.publish(client, packet: Packet.publish("t", [0x31], qos: 2, id: 1, retain: true))
        broker.publish(client, packet: Packet.publish("t", [0x32], qos: qos, id: 2, retain: true))
        #expect(greeting(broker, "t", qos: 2) == [qos == 0 ? "t=2" : "t=2 qos \(qos) id 1"])
        #expect(broker.inUse.messages == 1)
    }

    @Test func `The QoS of a retained message is kept for later subscribers [MQTT-3.3.1-5]`() {
        let broker = TestBroker()
        let client = broker.connect("p")
        for qos: UInt8 in 0...2 {
            broker.publish(client, packet: Packet.publish("t\(qos)", [], qos: qos, id: 1))
            broker.publish(client, packet: Packet.publish("t\(qos)", [0x31], qos: qos, id: 2, retain: true))
            broker.release(client, id: 1)
        }
        #expect(greeting(broker, "#", qos: 2).map { String($0.prefix { $0 != "d" }) } == [
            "t0=1", "t1=1 qos 1 i", "t2=1 qos 2 i",
        ])
        #expect(greeting(broker, "#", qos: 0) == ["t0=1", "t1=1", "t2=1"])
    }

    @Test func `Retained messages outlive every session [MQTT-3.1.2-7]`() {
        let broker = TestBroker { $0.persistentClientExpirationSeconds = 60 }
        let client = broker.connect("p", isClean: false)
        retain(broker, client, "t", "p")
        broker.disconnect(client)
        broker.pass(days: 400)
        #expect(broker.inUse.sessions == 0)
        #expect(greeting(broker, "t") == ["t=p"])
    }

    @Test func `Beyond the number of topics a message is delivered and not kept, and counted`() {
        let broker = TestBroker { $0.maxRetainedMessages = 2 }
        let client = broker.connect("p")
        broker.subscribe(client, "#")
        for topic in ["a", "b", "c", "b"] { retain(broker, client, topic, "p") }
        #expect(broker.receive(client) == ["a=p", "b=p", "c=p", "b=p"])
        #expect(greeting(broker, "#") == ["a=p", "b=p"])
        #expect(broker.drops.retainedFull == 1)
        retain(broker, client, "a", "")
        retain(broker, client, "c", "p")
        #expect(greeting(broker, "#") == ["b=p", "c=p"])
    }

    @Test func `Beyond the number of bytes none is kept for the topic, not even the one before`() {
        // A message takes whole slabs of 120 bytes: for its topic, two bytes of length and its payload.
        let broker = TestBroker { $0.maxRetainedBytes = 240 }
        let client = broker.connect("p")
        retain(broker, client, "a", String(repeating: "p", count: 47))
        retain(broker, client, "b", String(repeating: "p", count: 47))
        #expect(broker.retained.bytes == 240)
        retain(broker, client, "c", "")
        #expect(broker.drops.retainedFull == 0)
        retain(broker, client, "b", String(repeating: "p", count: 118))
        #expect(broker.drops.retainedFull == 1)
        #expect(greeting(broker, "+").map { String($0.prefix(2)) } == ["a="])
        #expect(broker.retained.bytes == 120)
    }

    @Test func `A topic for which there are no nodes is not kept, and nothing is left of it`() {
        let broker = TestBroker { $0.maxTopicNodes = 8 }
        let client = broker.connect("p")
        retain(broker, client, "1/2/3/4/5/6", "p")
        let before = broker.inUse
        retain(broker, client, "a/b/c", "p")
        #expect(broker.drops.retainedFull == 1)
        #expect(broker.inUse == before)
        retain(broker, client, "a/b", "p")
        #expect(greeting(broker, "a/b") == ["a/b=p"])
    }

    @Test func `Where nothing is to be retained, messages are delivered and not kept`() {
        let broker = TestBroker { $0.retainsMessages = false }
        let client = broker.connect("p")
        broker.subscribe(client, "#")
        retain(broker, client, "a", "p")
        #expect(broker.receive(client) == ["a=p"])
        #expect(greeting(broker, "#") == [])
        #expect(broker.inUse.messages == 0)
    }

    @Test func `Retained messages of a new subscription may be more than a queue holds`() {
        let broker = TestBroker { $0.maxQueuedMessages = 3 }
        let client = broker.connect("p")
        for i in 0..<20 { retain(broker, client, "t\(i)", "p") }
        #expect(greeting(broker, "#").count == 20)
        #expect(broker.drops == .init())
    }

    @Test func `Retained messages of a new subscription leave half of the deliveries to others`() {
        let broker = TestBroker {
            $0.maxQueuedMessages = 3
            $0.maxDeliveries = 16
        }
        let client = broker.connect("p")
        for i in 0..<20 { retain(broker, client, "t\(i)", "p") }
        #expect(greeting(broker, "#").count == 8)
        #expect(broker.drops.queueFull == 12)
    }

    @Test func `A retained message waits for a subscriber like any other`() {
        let broker = TestBroker()
        let publisher = broker.connect("p")
        broker.publish(publisher, packet: Packet.publish("t", [0x31], qos: 1, id: 1, retain: true))
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "t", qos: 1)
        broker.disconnect(client)
        retain(broker, publisher, "t", "")
        #expect(broker.inUse.messages == 1, "cleared for others, and on its way to one")
        #expect(broker.receive(broker.connect("c", isClean: false)) == ["t=1 qos 1 id 1 retain"])
    }

    @Test func `A message that was sent again still has RETAIN as it was`() {
        let broker = TestBroker()
        let publisher = broker.connect("p")
        broker.publish(publisher, packet: Packet.publish("t", [0x31], qos: 1, id: 1, retain: true))
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "t", qos: 1)
        broker.publish(publisher, "t", "2", qos: 1)
        _ = broker.drain(client)
        broker.disconnect(client)
        let again = broker.connect("c", isClean: false)
        #expect(broker.receive(again) == ["t=1 qos 1 id 1 dup retain", "t=2 qos 1 id 2 dup"])
    }
}
