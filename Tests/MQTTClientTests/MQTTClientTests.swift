import Glibc
import MQTTClient
import Testing

/// What callbacks have told, for another thread to wait for.
final class Told: @unchecked Sendable {
    private var lines: [String] = []
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init(_ client: MQTTClient) {
        pthread_mutex_init(mutex, nil)
        client.onConnect = { self.add($0 ? "connected present" : "connected") }
        client.onSubscribe = { self.add("subscribed \($0) \($1.map { "\($0.rawValue)" } ?? "refused")") }
        client.onPublish = { _ in self.add("published") }
        client.onMessage = {
            self.add("message \($0.topic) \($0.text) \($0.qos.rawValue)\($0.isRetained ? " retained" : "")")
        }
        client.onDisconnect = { self.add("disconnected \($0)") }
    }

    private func add(_ line: String) {
        pthread_mutex_lock(mutex)
        lines.append(line)
        pthread_mutex_unlock(mutex)
    }

    var all: [String] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return lines
    }

    /// Waits until a line was told so often.
    func wait(for line: String, count: Int = 1) -> Bool {
        for _ in 0..<2500 {
            if all.count(where: { $0 == line }) >= count { return true }
            usleep(4000)
        }
        return false
    }
}

@Suite(.serialized) struct MQTTClientTests {
    private func client(
        _ port: UInt16, change: (inout MQTTClient.Configuration) -> Void = { _ in }
    ) throws -> (MQTTClient, Told) {
        var configuration = MQTTClient.Configuration(host: "127.0.0.1", port: port)
        configuration.reconnectDelayMs = 20
        configuration.maxReconnectDelayMs = 50
        change(&configuration)
        let client = try MQTTClient(configuration)
        return (client, Told(client))
    }

    @Test(arguments: [MQTTClient.QoS.atMostOnce, .atLeastOnce, .exactlyOnce])
    func `A message goes out and comes back with its QoS, and everything is told`(qos: MQTTClient.QoS) throws {
        let broker = LocalBroker()
        let (client, told) = try client(broker.port)
        try client.subscribe("a/#", qos)
        client.start()
        #expect(told.wait(for: "subscribed a/# \(qos.rawValue)"))
        try client.publish("a/b", "hello", qos)
        #expect(told.wait(for: "message a/b hello \(qos.rawValue)"))
        if qos != .atMostOnce { #expect(told.wait(for: "published")) }
        client.stop()
        #expect(told.wait(for: "disconnected stopped"))
        #expect(told.all.first == "connected")
        broker.stop()
    }

    @Test func `What was published before there is a connection is sent when there is one`() throws {
        let broker = LocalBroker()
        let (client, told) = try client(broker.port)
        try client.subscribe("t")
        try client.publish("kept", "x", .atLeastOnce, retain: true)
        client.start()
        #expect(told.wait(for: "published"))
        try client.subscribe("kept", .exactlyOnce)
        #expect(told.wait(for: "message kept x 1 retained"))
        client.stop()
        #expect(told.wait(for: "disconnected stopped"))
        broker.stop()
    }

    @Test func `A client whose broker was away connects and subscribes again, and sends what has waited`() throws {
        let broker = LocalBroker()
        let (client, told) = try client(broker.port)
        try client.subscribe("t", .atLeastOnce)
        client.start()
        #expect(told.wait(for: "subscribed t 1"))
        broker.stop()
        #expect(told.wait(for: "disconnected closed by the broker"))
        // Kept until there is a broker again; another test may not take the port meanwhile, as these run one by one.
        try client.publish("t", "later", .atLeastOnce)
        #expect(told.wait(for: "disconnected unreachable, error \(ECONNREFUSED)"))
        let again = LocalBroker(port: broker.port)
        #expect(told.wait(for: "subscribed t 1", count: 2))
        client.stop()
        #expect(told.wait(for: "disconnected stopped"))
        #expect(told.all.contains("published"))
        again.stop()
    }

    @Test(arguments: [MQTTClient.QoS.atLeastOnce, .exactlyOnce], 1...3 as ClosedRange<UInt64>)
    func `Over a network that breaks all the time nothing is lost, and QoS 2 comes once [MQTT-4.3.3-2, MQTT-4.4.0-1]`(
        qos: MQTTClient.QoS, seed: UInt64
    ) throws {
        let broker = LocalBroker()
        let relay = CuttingRelay(to: broker.port, seed: seed)
        let names = ["sender", "receiver"]
        let (sender, sent) = try client(relay.port) { $0.clientID = names[0]; $0.cleanSession = false }
        let (receiver, told) = try client(relay.port) { $0.clientID = names[1]; $0.cleanSession = false }
        try receiver.subscribe("t", qos)
        receiver.start()
        #expect(told.wait(for: "subscribed t \(qos.rawValue)"))
        sender.start()
        for number in 0..<300 { try sender.publish("t", "\(number)", qos) }
        let expected = (0..<300).map { "message t \($0) \(qos.rawValue)" }
        #expect(told.wait(for: expected[250]))
        #expect(relay.cuts > 3)
        relay.mend()
        #expect(told.wait(for: expected[299]))
        #expect(sent.wait(for: "published", count: 300))
        sender.stop()
        receiver.stop()
        #expect(sent.wait(for: "disconnected stopped") && told.wait(for: "disconnected stopped"))
        let messages = told.all.filter { $0.hasPrefix("message ") }
        if qos == .exactlyOnce {
            #expect(messages == expected)
        } else {
            // In order, but for what is repeated.
            var seen: Set<String> = []
            #expect(messages.filter { seen.insert($0).inserted } == expected)
        }
        relay.end()
        broker.stop()
    }

    @Test func `A message longer than may be taken is passed over, and the connection lasts`() throws {
        let broker = LocalBroker()
        let (client, told) = try client(broker.port) { $0.maxPacketBytes = 1024 }
        try client.subscribe("t", .atLeastOnce)
        client.start()
        #expect(told.wait(for: "subscribed t 1"))
        try client.publish("t", String(repeating: "x", count: 2000), .atLeastOnce)
        try client.publish("t", "short", .atLeastOnce)
        #expect(told.wait(for: "message t short 1"))
        client.stop()
        #expect(told.wait(for: "disconnected stopped"))
        #expect(told.all.count { $0 == "connected" } == 1)
        broker.stop()
    }

    @Test func `A refused login is told with its code, and tried again`() throws {
        let broker = LocalBroker("allow_zero_length_clientid false")
        let (client, told) = try client(broker.port)
        client.start()
        #expect(told.wait(for: "disconnected refused with code 2", count: 2))
        client.stop()
        #expect(told.wait(for: "disconnected stopped"))
        broker.stop()
    }

    @Test func `A name is looked up without standing in the way of stop`() throws {
        let (client, told) = try client(1) { $0.host = "no-such-host.invalid" }
        client.start()
        client.stop()
        #expect(told.wait(for: "disconnected stopped"))
    }

    @Test func `Callbacks may publish, subscribe and stop`() throws {
        let broker = LocalBroker()
        let (client, told) = try client(broker.port)
        client.onMessage = { message in
            if message.topic == "ask" { _ = try? client.publish("answer", message.text + "!", .exactlyOnce) }
            if message.topic == "answer" { client.stop() }
        }
        client.onSubscribe = { filter, _ in
            if filter == "ask" { try? client.subscribe("answer") }
            if filter == "answer" { _ = try? client.publish("ask", "who") }
        }
        try client.subscribe("ask")
        client.run()
        // What stop finds on its way is brought to its end.
        #expect(told.all == ["connected", "published", "disconnected stopped"])
        broker.stop()
    }

    @Test func `More messages than may wait are not taken`() throws {
        let (client, _) = try client(1) { $0.maxQueuedMessages = 2 }
        #expect(try client.publish("t", "1"))
        #expect(try client.publish("t", "2"))
        #expect(try !client.publish("t", "3"))
    }

    @Test func `Messages that wait are bounded in their bytes, too`() throws {
        let (client, _) = try client(1) { $0.maxQueuedBytes = 4096 }
        let message = MQTTClient.Message(topic: "t", payload: Array(repeating: 0, count: 2000))
        #expect(try client.publish(message))
        #expect(try client.publish(message))
        #expect(try !client.publish(message))
    }

    @Test func `A client that has more to send than it may keep stops without a broker, too`() throws {
        let (client, told) = try client(1) { $0.maxQueuedMessages = 2 }
        client.start()
        #expect(told.wait(for: "disconnected unreachable, error \(ECONNREFUSED)"))
        var taken = 0
        for _ in 0..<2500 where taken < 4 {
            if try client.publish("t", "x", .atLeastOnce) { taken += 1 } else { usleep(2000) }
        }
        #expect(taken == 4)
        client.stop()
        #expect(told.wait(for: "disconnected stopped"))
    }

    @Test func `What is published behind a subscription comes back by it`() throws {
        let broker = LocalBroker()
        let (client, told) = try client(broker.port)
        client.start()
        #expect(told.wait(for: "connected"))
        for round in 0..<20 {
            try client.subscribe("t/\(round)")
            try client.publish("t/\(round)", "x")
            #expect(told.wait(for: "message t/\(round) x 0"))
        }
        client.stop()
        #expect(told.wait(for: "disconnected stopped"))
        broker.stop()
    }

    @Test func `A subscription that is given up without a connection is given up in the session that is kept`() throws {
        let broker = LocalBroker()
        let (first, toldFirst) = try client(broker.port) { $0.clientID = "c"; $0.cleanSession = false }
        try first.subscribe("old")
        first.start()
        #expect(toldFirst.wait(for: "subscribed old 0"))
        first.stop()
        #expect(toldFirst.wait(for: "disconnected stopped"))
        let (second, told) = try client(broker.port) { $0.clientID = "c"; $0.cleanSession = false }
        second.unsubscribe("old")
        try second.subscribe("new")
        second.start()
        #expect(told.wait(for: "connected present"))
        #expect(told.wait(for: "subscribed new 0"))
        try second.publish("old", "x")
        try second.publish("new", "x")
        #expect(told.wait(for: "message new x 0"))
        #expect(!told.all.contains("message old x 0"))
        second.stop()
        #expect(told.wait(for: "disconnected stopped"))
        broker.stop()
    }

    @Test func `What is no topic, no filter or no configuration is refused with a reason`() throws {
        let (client, _) = try client(1)
        #expect(throws: MQTTClient.Problem.self) { try client.publish("a/+", "x") }
        #expect(throws: MQTTClient.Problem.self) { try client.publish("", "x") }
        #expect(throws: MQTTClient.Problem.self) { try client.subscribe("a#") }
        let wrong: [(String, (inout MQTTClient.Configuration) -> Void)] = [
            ("host", { $0.host = "" }), ("clientID", { $0.cleanSession = false }),
            ("password", { $0.password = [1] }), ("maxPacketBytes", { $0.maxPacketBytes = 100 }),
            ("maxQueuedMessages", { $0.maxQueuedMessages = 0 }), ("maxQueuedBytes", { $0.maxQueuedBytes = 1 }),
            ("will", { $0.will = MQTTClient.Message(topic: "#", payload: []) }),
            ("maxInflightMessages", { $0.maxInflightMessages = 0 }), ("reconnectDelayMs", { $0.reconnectDelayMs = 0 }),
            ("connectTimeoutSeconds", { $0.connectTimeoutSeconds = 0 }),
        ]
        for (name, change) in wrong {
            var configuration = MQTTClient.Configuration()
            change(&configuration)
            let problem = #expect(throws: MQTTClient.Problem.self) { try MQTTClient(configuration) }
            #expect(problem?.description.hasPrefix(name + ":") == true)
        }
    }
}
