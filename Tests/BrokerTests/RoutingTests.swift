import Base
import TestSupport
import Testing
import Wire

struct RoutingTests {
    private static func texts(_ alphabet: String, length: Int) -> [String] {
        var all: [String] = []
        var longest = [""]
        for _ in 0..<length {
            longest = longest.flatMap { text in alphabet.map { text + String($0) } }
            all += longest
        }
        return all
    }

    /// The rule for one filter, which the tests of `TopicFilter` prove.
    private func matches(_ filter: String, _ name: String) -> Bool {
        withView(filter) { filter in withView(name) { TopicFilter.matches(filter, $0) } }
    }

    @Test func `All short filters together get the short names that each alone would get`() {
        let broker = TestBroker()
        let filters = RoutingTests.texts("a/+#$", length: 3).filter { withView($0) { TopicFilter.check($0) == nil } }
        let clients = filters.map { filter in
            let client = broker.connect(filter)
            broker.subscribe(client, filter)
            return client
        }
        for name in RoutingTests.texts("ab/$", length: 4) {
            broker.publish(clients[0], name)
            for (filter, client) in zip(filters, clients) {
                guard !broker.drain(client).isEmpty == matches(filter, name) else { return fail("\(filter) \(name)") }
            }
        }
    }

    /// [MQTT-3.3.5-1, MQTT-3.8.4-6]
    @Test(arguments: seeds)
    func `Whoever has matching filters gets a message once, with the highest QoS they grant`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let broker = TestBroker()
        let clients = (0..<6).map { broker.connect("c\($0)") }
        var model = [[String: UInt8]](repeating: [:], count: 6)
        func randomTopic(_ levels: [String]) -> String {
            (0...random.below(4)).map { _ in random.pick(levels) }.joined(separator: "/")
        }
        func randomFilter() -> String {
            let filter = randomTopic(["a", "b", "", "+", "$x", "longer than one slab of text"])
            return random.chance(25) ? filter + "/#" : filter
        }
        for round in 0..<1500 {
            let i = random.below(6)
            switch random.below(4) {
            case 0:
                let (filter, qos) = (randomFilter(), UInt8(random.below(3)))
                guard !filter.isEmpty else { continue }
                let granted = broker.subscribe(clients[i], filter, qos: qos)
                guard granted == qos else { return fail("not granted in round \(round)") }
                model[i][filter] = qos
            case 1:
                let filter = random.chance(50) ? model[i].keys.sorted().first ?? "a" : randomFilter()
                guard !filter.isEmpty else { continue }
                broker.unsubscribe(clients[i], filter)
                model[i][filter] = nil
            default:
                let topic = randomTopic(["a", "b", "", "$x", "longer than one slab of text"])
                guard !topic.isEmpty else { continue }
                let qos = UInt8(random.below(3))
                broker.publish(clients[i], topic, "\(round)", qos: qos, id: 1)
                broker.release(clients[i], id: 1)
                for (client, filters) in zip(clients, model) {
                    let granted = filters.filter { matches($0.key, topic) }.values.max()
                    guard receivedQoS(broker, client) == granted.map({ min($0, qos) }).map({ [$0] }) ?? [] else {
                        return fail("\(topic) in round \(round)")
                    }
                }
            }
            guard broker.inUse.subscriptions == model.reduce(0, { $0 + $1.count }),
                broker.inUse.topicNodes == nodes(model)
            else { return fail("counts in round \(round)") }
        }
        for client in clients { broker.disconnect(client) }
        #expect(broker.inUse == .init())
    }

    @Test func `The same filter again replaces the subscription [MQTT-3.8.4-3]`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t", qos: 2)
        broker.subscribe(client, "t", qos: 0)
        broker.publish(client, "t", "p", qos: 2)
        #expect(broker.receive(client) == ["t=p"])
        #expect(broker.inUse.subscriptions == 1)
    }

    @Test func `Unsubscribing wants the very same filter [MQTT-3.10.4-1]`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "a/+")
        for other in ["a", "a/b", "+/+", "a/#", "a/+/", "A/+", "#"] { broker.unsubscribe(client, other) }
        broker.publish(client, "a/b")
        #expect(broker.receive(client) == ["a/b="])
    }

    @Test func `What was queued before is still delivered after unsubscribing [MQTT-3.10.4-3]`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t", qos: 1)
        broker.publish(client, "t", "before", qos: 1)
        broker.unsubscribe(client, "t")
        broker.publish(client, "t", "after", qos: 1)
        #expect(broker.receive(client) == ["t=before qos 1 id 1"])
    }

    @Test func `A forwarded message has no DUP and no RETAIN of the one that came [MQTT-3.3.1-3, MQTT-3.3.1-9]`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t", qos: 1)
        broker.publish(client, packet: Packet.publish("t", [], qos: 1, id: 7, dup: true, retain: true))
        #expect(broker.receive(client) == ["t= qos 1 id 1"])
    }

    @Test func `Messages of one publisher keep their order [MQTT-4.6.0-6]`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "#", qos: 0)
        for i in 0..<300 { broker.publish(client, "t\(i % 3)", "\(i)") }
        #expect(broker.receive(client) == (0..<300).map { "t\($0 % 3)=\($0)" })
    }

    @Test func `Connections with something to send are named once, in the order in which they got it`() {
        let broker = TestBroker()
        let clients = (0..<3).map { broker.connect("c\($0)") }
        broker.subscribe(clients[2], "first")
        for client in clients { broker.subscribe(client, "second") }
        for _ in 0..<2 { broker.publish(clients[0], "first") }
        broker.publish(clients[0], "second")
        let links = broker.takeDirty()
        #expect(links.count == 3)
        #expect(links.first == clients[2].link)
        #expect(broker.takeDirty() == [])
    }

    @Test func `A connection that ends is not named any more`() {
        for ended in 0..<3 {
            let broker = TestBroker()
            let clients = (0..<3).map { broker.connect("c\($0)") }
            for client in clients {
                broker.subscribe(client, client.session == clients[0].session ? "t" : "u")
                broker.publish(client, client.session == clients[0].session ? "t" : "u")
            }
            broker.disconnect(clients[ended])
            broker.publish(clients[(ended + 1) % 3], "t")
            let links = broker.takeDirty()
            #expect(!links.contains(clients[ended].link))
            #expect(links.count == 2)
        }
    }

    @Test func `A blocked connection is not named`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t")
        broker.setBlocked(client, true)
        broker.publish(client, "t")
        #expect(broker.takeDirty() == [])
        #expect(broker.hasOutput(client))
    }

    @Test func `A topic of more levels or bytes than allowed reaches nobody, and is counted`() {
        let broker = TestBroker {
            $0.maxTopicLevels = 3
            $0.maxTopicBytes = 16
        }
        let client = broker.connect("c")
        broker.subscribe(client, "#")
        let outcomes = ["a/b/c", "a/b/c/d", "0123456789abcdef", "0123456789abcdefg"].map { broker.publish(client, $0) }
        #expect(outcomes == [.done, .done, .done, .done])
        #expect(broker.receive(client) == ["a/b/c=", "0123456789abcdef="])
        #expect(broker.drops.topicTooLong == 2)
    }

    private func receivedQoS(_ broker: TestBroker, _ client: TestBroker.Client) -> [UInt8] {
        broker.receive(client).map { packet in
            guard let qos = packet.split(separator: " qos ").dropFirst().first?.first else { return 0 }
            let id = UInt16(packet.split(separator: " id ")[1])!
            if qos == "2" { broker.acknowledge(client, .pubrec, id: id) }
            broker.acknowledge(client, qos == "1" ? .puback : .pubcomp, id: id)
            return qos == "1" ? 1 : 2
        }
    }

    /// How many different beginnings all filters have.
    private func nodes(_ model: [[String: UInt8]]) -> Int {
        var paths: Set<[Substring]> = []
        for filter in model.flatMap(\.keys) {
            let levels = filter.split(separator: "/", omittingEmptySubsequences: false)
            for count in 1...levels.count { paths.insert(Array(levels[..<count])) }
        }
        return paths.count
    }
}
