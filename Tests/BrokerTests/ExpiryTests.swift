import Base
import Testing
import Wire

struct ExpiryTests {
    /// The clock's beginning: zero, and so that it wraps soon.
    static let starts: [UInt32] = [0, UInt32.max - 1_000_000]

    private func absent(_ broker: TestBroker) -> TestBroker.Client {
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: 1)
        broker.disconnect(client)
        return client
    }

    @Test(arguments: starts)
    func `A message waits for an absent client as long as it may, and is dropped then`(start: UInt32) {
        let broker = TestBroker(start: start) { $0.offlineMessageExpirySeconds = 3600 }
        _ = absent(broker)
        broker.publish(broker.connect("p"), "t", "", qos: 1)
        broker.pass(seconds: 3599)
        #expect(broker.inUse.messages == 1)
        broker.pass(seconds: 2)
        #expect(broker.inUse.messages == 0)
        #expect(broker.drops.expired == 1)
    }

    @Test(arguments: starts)
    func `Each message's time counts from when it came`(start: UInt32) {
        let broker = TestBroker(start: start) { $0.offlineMessageExpirySeconds = 3600 }
        _ = absent(broker)
        let publisher = broker.connect("p")
        for i in 0..<4 {
            broker.publish(publisher, "t", "\(i)", qos: 1)
            broker.pass(seconds: 1000)
        }
        #expect(broker.drops.expired == 1)
        #expect(broker.receive(broker.connect("c", isClean: false)) == (1...3).map { "t=\($0) qos 1 id \($0)" })
    }

    @Test func `Without a limit messages wait for ever`() {
        let broker = TestBroker {
            $0.offlineMessageExpirySeconds = 0
            $0.persistentClientExpirationSeconds = 0
        }
        _ = absent(broker)
        broker.publish(broker.connect("p"), "t", "", qos: 1)
        #expect(broker.msUntilExpiry == nil)
        broker.pass(days: 400)
        #expect(broker.receive(broker.connect("c", isClean: false)) == ["t= qos 1 id 1"])
    }

    @Test func `The longest a message can wait is waited`() {
        let broker = TestBroker {
            $0.offlineMessageExpirySeconds = 20 * 86_400
            $0.persistentClientExpirationSeconds = 0
        }
        _ = absent(broker)
        broker.publish(broker.connect("p"), "t", "", qos: 1)
        broker.pass(days: 19.99)
        #expect(broker.inUse.messages == 1)
        broker.pass(days: 0.02)
        #expect(broker.inUse.messages == 0)
    }

    @Test func `A message that was sent once does not expire, its exchange has begun`() {
        let broker = TestBroker {
            $0.offlineMessageExpirySeconds = 3600
            $0.maxInflightMessages = 1
        }
        var client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: 1)
        for i in 1...2 { broker.publish(client, "t", "\(i)", qos: 1) }
        _ = broker.drain(client)
        broker.disconnect(client)
        broker.pass(seconds: 4000)
        #expect(broker.drops.expired == 1)
        client = broker.connect("c", isClean: false)
        #expect(broker.receive(client) == ["t=1 qos 1 id 1 dup"])
    }

    @Test func `Messages behind one that was begun expire in their time`() {
        let broker = TestBroker { $0.offlineMessageExpirySeconds = 3600 }
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: 1)
        broker.publish(client, "t", "begun", qos: 1)
        _ = broker.write(client, limit: 3)
        broker.disconnect(client)
        broker.publish(broker.connect("p"), "t", "late", qos: 1)
        broker.pass(seconds: 3601)
        #expect(broker.drops.expired == 1)
    }

    @Test func `Messages of a connected client do not expire`() {
        let broker = TestBroker { $0.offlineMessageExpirySeconds = 3600 }
        let client = broker.connect("c")
        broker.subscribe(client, "#", qos: 1)
        broker.publish(client, "t", "", qos: 1)
        broker.pass(seconds: 4000)
        #expect(broker.receive(client) == ["t= qos 1 id 1"])
    }

    @Test func `What waited while the client was connected counts when it has gone`() {
        let broker = TestBroker { $0.offlineMessageExpirySeconds = 3600 }
        let client = broker.connect("c", isClean: false)
        broker.subscribe(client, "#", qos: 1)
        broker.publish(client, "t", "", qos: 1)
        broker.pass(seconds: 3000)
        broker.disconnect(client)
        broker.pass(seconds: 601)
        #expect(broker.drops.expired == 1)
    }

    /// Days up to a client's end; beyond 24.8 the clock alone cannot tell them.
    @Test(arguments: [0.04, 10, 25, 40] as [Double], starts)
    func `An absent client is remembered as long as it may, and forgotten then`(days: Double, start: UInt32) {
        let broker = TestBroker(start: start) { $0.persistentClientExpirationSeconds = Int(days * 86_400) }
        _ = absent(broker)
        broker.pass(days: days - 0.001)
        #expect(broker.inUse.sessions == 1)
        broker.pass(days: 0.002)
        #expect(broker.inUse == .init())
    }

    @Test func `Without a limit an absent client is remembered for ever`() {
        let broker = TestBroker { $0.persistentClientExpirationSeconds = 0 }
        _ = absent(broker)
        broker.pass(days: 4000)
        #expect(broker.connect("c", isClean: false).isSessionPresent)
    }

    @Test func `A client that came back has all its time again`() {
        let broker = TestBroker { $0.persistentClientExpirationSeconds = 3 * 86_400 }
        _ = absent(broker)
        for _ in 0..<3 {
            broker.pass(days: 2.9)
            broker.disconnect(broker.connect("c", isClean: false))
        }
        broker.pass(days: 2.9)
        #expect(broker.inUse.sessions == 1)
        broker.pass(days: 0.2)
        #expect(broker.inUse.sessions == 0)
    }

    @Test func `A connected client does not expire [MQTT-4.1.0-2]`() {
        let broker = TestBroker { $0.persistentClientExpirationSeconds = 3600 }
        _ = absent(broker)
        let client = broker.connect("c", isClean: false)
        broker.pass(days: 10)
        #expect(broker.receive(client) == [])
        #expect(broker.inUse.sessions == 1)
    }

    @Test(arguments: [0, 86_400])
    func `Messages that come for an absent client do not lengthen its time`(offlineMessageExpiry: Int) {
        let broker = TestBroker {
            $0.persistentClientExpirationSeconds = 3600
            $0.offlineMessageExpirySeconds = offlineMessageExpiry
        }
        _ = absent(broker)
        broker.pass(seconds: 3000)
        broker.publish(broker.connect("p"), "t", "", qos: 1)
        broker.pass(seconds: 601)
        #expect(broker.inUse.sessions == 1)
        #expect(broker.inUse.messages == 0)
    }

    @Test func `A client that expires takes its messages along, and they are not counted as expired`() {
        let broker = TestBroker {
            $0.persistentClientExpirationSeconds = 3600
            $0.offlineMessageExpirySeconds = 86_400
        }
        _ = absent(broker)
        broker.publish(broker.connect("p"), "t", "", qos: 1)
        broker.pass(seconds: 3601)
        #expect(broker.inUse.messages == 0)
        #expect(broker.drops.expired == 0)
    }
}
