import Base
import TestSupport
import Testing
import Wire

struct ConnectTests {
    @Test func `Nobody is let in where anonymous clients are not`() {
        let broker = TestBroker(allowAnonymous: false)
        #expect(broker.connectOutcome(Packet.connect("c", isClean: true)).reason == .notAuthorised)
        #expect(broker.inUse == .init())
    }

    @Test(arguments: [(23, nil), (24, .badClientID)] as [(Int, CloseReason?)])
    func `A client id may be as long as allowed`(count: Int, reason: CloseReason?) {
        let broker = TestBroker { $0.maxClientIDBytes = 23 }
        let id = String(repeating: "i", count: count)
        #expect(broker.connectOutcome(Packet.connect(id, isClean: true)).reason == reason)
    }

    @Test(arguments: [
        (1, nil), (100, nil), (101, .keepAliveTooLong), (0, .keepAliveTooLong), (65_535, .keepAliveTooLong),
    ] as [(UInt16, CloseReason?)])
    func `A keep-alive may be as long as the cap, and never is longer`(seconds: UInt16, reason: CloseReason?) {
        let broker = TestBroker { $0.maxKeepAliveSeconds = 100 }
        #expect(broker.connectOutcome(Packet.connect("c", isClean: true, keepAlive: seconds)).reason == reason)
    }

    @Test(arguments: [0, 1, 65_535] as [UInt16])
    func `Without a cap a client may ask for any keep-alive, and for none`(seconds: UInt16) {
        let broker = TestBroker { $0.maxKeepAliveSeconds = 0 }
        #expect(broker.connectOutcome(Packet.connect("c", isClean: true, keepAlive: seconds)).reason == nil)
    }

    @Test func `A client without an id gets one of random numbers [MQTT-3.1.3-6]`() throws {
        let broker = TestBroker()
        let packet = Packet.connect("", isClean: true)
        let first = try #require(broker.connectOutcome(packet, random: (0x0123_4567, 0x89AB_CDEF)).client)
        let second = try #require(broker.connectOutcome(packet, random: (0, 1)).client)
        #expect(broker.clientID(first) == "auto-0123456789abcdef")
        #expect(broker.clientID(second) == "auto-0000000000000001")
    }

    @Test(arguments: [1, 23, 24, 25, 48, 128])
    func `A client's id is what it sent, in as many pieces as it takes`(count: Int) {
        let broker = TestBroker()
        let id = (0..<count).map { String($0 % 10) }.joined()
        #expect(broker.clientID(broker.connect(id)) == id)
    }

    /// Clean session before and now, and whether the session is still there [MQTT-3.1.4-3].
    @Test(arguments: [(false, false, true), (false, true, false), (true, false, false), (true, true, false)])
    func `A session is resumed when it was to be kept both times [MQTT-3.1.2-4, MQTT-3.1.2-6, MQTT-3.2.2-1, -2, -3]`(
        wasClean: Bool, isClean: Bool, isPresent: Bool
    ) {
        let broker = TestBroker()
        let before = broker.connect("c", isClean: wasClean)
        broker.subscribe(before, "t")
        broker.disconnect(before)
        let after = broker.connect("c", isClean: isClean)
        #expect(after.isSessionPresent == isPresent)
        #expect(broker.inUse.subscriptions == (isPresent ? 1 : 0))
    }

    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
    func `The client id's older connection is displaced [MQTT-3.1.4-2]`(wasClean: Bool, isClean: Bool) {
        let broker = TestBroker()
        let before = broker.connect("c", isClean: wasClean)
        let after = broker.connect("c", isClean: isClean)
        #expect(after.displaced == before.link)
        #expect(after.isSessionPresent == (!wasClean && !isClean))
        #expect(broker.inUse.sessions == 1)
    }

    @Test func `A session without a connection displaces nobody`() {
        let broker = TestBroker()
        broker.disconnect(broker.connect("c", isClean: false))
        #expect(broker.connect("c", isClean: false).displaced == .none)
    }

    @Test func `A client of another id displaces nobody`() {
        let broker = TestBroker()
        _ = broker.connect("c")
        #expect(broker.connect("C").displaced == .none)
    }

    @Test func `What a clean session held is gone with its connection [MQTT-3.1.2-6]`() {
        let broker = TestBroker()
        let client = broker.connect("c")
        broker.subscribe(client, "t", qos: 2)
        broker.publish(client, "t", "sent", qos: 1)
        _ = broker.drain(client)
        broker.publish(client, "t", "queued", qos: 2, id: 9)
        broker.disconnect(client)
        #expect(broker.inUse == .init())
    }

    @Test func `A displaced clean session leaves nothing either`() {
        let broker = TestBroker()
        let before = broker.connect("c")
        broker.subscribe(before, "t", qos: 2)
        broker.publish(before, "t", "queued", qos: 2, id: 9)
        let after = broker.connect("c")
        #expect(broker.receive(after) == [])
        broker.disconnect(after)
        #expect(broker.inUse == .init())
    }

    @Test(arguments: seeds)
    func `A thousand sessions are found by their ids [MQTT-3.1.3-2]`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let broker = TestBroker {
            $0.maxClients = 1000
            $0.maxClientIDBytes = 1024
        }
        let ids = (0..<1000).map { "client-\($0)-\(random.below(1000))" }
        let sessions = ids.map { broker.connect($0, isClean: false).session }
        for (i, id) in ids.enumerated() where random.chance(50) {
            broker.disconnect(broker.connect(id, isClean: i % 2 == 0))
        }
        for (i, id) in ids.enumerated() {
            let client = broker.connect(id, isClean: false)
            guard !client.isSessionPresent || client.session == sessions[i] else { return fail("\(id)") }
        }
        #expect(broker.inUse.sessions == 1000)
    }
}
