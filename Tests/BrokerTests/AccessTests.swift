import Base
import Broker
import Testing
import Wire

/// Who may read and write what.
struct AccessTests {
    /// Whether the client may publish to `topic`.
    private func mayWrite(_ broker: TestBroker, _ client: TestBroker.Client, _ topic: String) -> Bool {
        let before = broker.drops.forbidden
        broker.publish(client, topic)
        return broker.drops.forbidden == before
    }

    /// Whether the client may subscribe to exactly `topic`.
    private func mayRead(_ broker: TestBroker, _ client: TestBroker.Client, _ topic: String) -> Bool {
        let granted = broker.subscribe(client, topic) != nil
        broker.unsubscribe(client, topic)
        return granted
    }

    /// `r`, `w`, both or nothing.
    private func rights(_ broker: TestBroker, _ client: TestBroker.Client, _ topic: String) -> String {
        (mayRead(broker, client, topic) ? "r" : "") + (mayWrite(broker, client, topic) ? "w" : "")
    }

    @Test func `Without an access file everything is allowed`() {
        let broker = TestBroker()
        #expect(rights(broker, broker.connect("c"), "a") == "rw")
    }

    @Test func `With an empty access file nothing is`() {
        let broker = TestBroker(acl: "# nothing\n")
        #expect(rights(broker, broker.connect("c", user: "ann"), "a") == "")
        #expect(rights(broker, broker.connect("d"), "a") == "")
    }

    @Test(arguments: [
        ("topic a", "rw"), ("topic readwrite a", "rw"), ("topic read a", "r"), ("topic write a", "w"),
        ("topic deny a", ""),
        ("topic b", ""), ("topic #", "rw"), ("topic +", "rw"), ("topic +/+", ""), ("topic read +\ntopic write a", "rw"),
        ("topic a\ntopic deny a", ""), ("topic deny a\ntopic a", ""), ("topic deny +\ntopic write a", ""),
        ("pattern a", "rw"), ("pattern read a", "r"), ("pattern a\npattern deny #", ""),
        ("topic a\npattern deny a", ""),
        ("topic read a\nuser ann\ntopic write a", "r"), ("user ann\ntopic a", ""),
    ])
    func `An anonymous client may what the lines before the first user and the patterns say`(
        acl: String, rights: String
    ) {
        let broker = TestBroker(acl: acl)
        #expect(self.rights(broker, broker.connect("c"), "a") == rights)
    }

    @Test(arguments: [
        ("topic a", ""), ("user ann\ntopic a", "rw"), ("user bob\ntopic a", ""), ("user bob\nuser ann\ntopic a", "rw"),
        ("user ann\nuser bob\ntopic a", ""), ("user ann\ntopic read a\nuser bob\ntopic write a", "r"),
        ("user ann\ntopic read a\nuser bob\ntopic b\nuser ann\ntopic write a", "rw"), ("pattern write a", "w"),
        ("user bob\npattern write a", "w"), ("user Ann\ntopic a", ""), ("user ann2\ntopic a", ""),
        ("user an\ntopic a", ""),
        ("user ann\ntopic a\nuser bob\ntopic deny a", "rw"), ("user ann\ntopic a\nuser ann\ntopic deny a", ""),
        ("user ann smith\ntopic a", ""),
    ])
    func `A user may what the lines behind that user's name and the patterns say`(acl: String, rights: String) {
        let broker = TestBroker(acl: acl)
        #expect(self.rights(broker, broker.connect("c", user: "ann"), "a") == rights)
    }

    /// Pattern, user, client id, topic, and whether it is allowed.
    @Test(arguments: [
        ("%u/a", "ann", "c", "ann/a", true), ("%u/a", "ann", "c", "bob/a", false), ("%u/a", nil, "c", "/a", false),
        ("%c/a", nil, "c", "c/a", true), ("%c/a", nil, "c", "d/a", false),
        ("x/%u/%c/#", "ann", "c", "x/ann/c/y/z", true),
        ("%u%c", "ann", "c", "annc", true), ("%u%u", "ann", "c", "annann", true), ("a%ub", "x", "c", "axb", true),
        ("%x", "ann", "c", "%x", true), ("%", "ann", "c", "%", true), ("%%u", "ann", "c", "%ann", true),
        ("a/%", "ann", "c", "a/%", true), ("%U", "ann", "c", "ann", false),
    ] as [(String, String?, String, String, Bool)])
    func `A pattern has the client's user name and id put in`(
        pattern: String, user: String?, id: String, topic: String, isAllowed: Bool
    ) {
        let broker = TestBroker(acl: "pattern \(pattern)")
        #expect(rights(broker, broker.connect(id, user: user), topic) == (isAllowed ? "rw" : ""))
    }

    @Test func `Only patterns have names put in`() {
        let broker = TestBroker(acl: "topic %c/%u\nuser ann\ntopic %u")
        #expect(rights(broker, broker.connect("c"), "%c/%u") == "rw")
        #expect(rights(broker, broker.connect("c"), "c/") == "")
        #expect(rights(broker, broker.connect("c", user: "ann"), "ann") == "")
    }

    @Test(arguments: ["+", "#", "a/b", "/", "a+", "#x", "x/#"])
    func `A name that could widen a pattern matches nothing`(name: String) {
        let broker = TestBroker(acl: "pattern %u\npattern u/%u/#\npattern c/%c/x")
        let byUser = broker.connect("c", user: name)
        let byID = broker.connect(name)
        for topic in [name, "a", "b", "u/a/b", "u/a/b/x", "u/x", "c/a/x", "c/a/b/x", "c/x/y"] where withView(topic, {
            TopicName.check($0) == nil
        }) {
            #expect(rights(broker, byUser, topic) == "", "\(topic) by user name")
            #expect(rights(broker, byID, topic) == "", "\(topic) by client id")
        }
    }

    @Test func `A pattern that would be longer than a topic may be matches nothing, and does not trap`() {
        let broker = TestBroker(acl: "pattern %u/%u/%u\npattern deny x") { $0.maxTopicBytes = 64 }
        let client = broker.connect("c", user: String(repeating: "u", count: 30))
        #expect(rights(broker, client, "a") == "")
    }

    @Test func `A wildcard may be subscribed to, and brings what may be read [MQTT-3.3.5-2]`() {
        let broker = TestBroker(acl: "topic read a/#\ntopic deny a/secret\nuser pub\ntopic write #")
        let reader = broker.connect("r")
        let publisher = broker.connect("p", user: "pub")
        #expect(broker.subscribe(reader, "#") == 0)
        for topic in ["a", "a/b", "a/secret", "b"] { broker.publish(publisher, topic) }
        #expect(broker.receive(reader) == ["a=", "a/b="])
        #expect(broker.drops == .init(), "what a reader may not have is no loss")
    }

    @Test func `A single topic that may not be read is not granted [MQTT-3.8.4-5]`() {
        let broker = TestBroker(acl: "topic read a")
        let client = broker.connect("c")
        #expect(broker.subscribe(client, "b", qos: 1) == nil)
        #expect(broker.subscribe(client, "a", qos: 1) == 1)
        #expect(broker.inUse.subscriptions == 1)
    }

    @Test func `Retained messages that may not be read are not sent`() {
        let broker = TestBroker(acl: "topic read a\nuser pub\ntopic write #")
        let publisher = broker.connect("p", user: "pub")
        for topic in ["a", "b"] { broker.publish(publisher, packet: Packet.publish(topic, [0x31], retain: true)) }
        let client = broker.connect("c")
        broker.subscribe(client, "+")
        #expect(broker.receive(client) == ["a=1 retain"])
    }

    @Test(arguments: [0, 1, 2] as [UInt8])
    func `A message that may not be written is answered as any, and goes nowhere [MQTT-3.3.5-2]`(qos: UInt8) {
        let broker = TestBroker(acl: "topic read #")
        let client = broker.connect("c")
        broker.subscribe(client, "#", qos: 2)
        for _ in 0..<2 {
            let packet = Packet.publish("t", [0x31], qos: qos, id: 7, retain: true)
            #expect(broker.publish(client, packet: packet) == .done)
        }
        #expect(broker.receive(client) == [])
        #expect(broker.retained == .init())
        // A repetition at QoS 2 is known by its id.
        #expect(broker.drops.forbidden == (qos == 2 ? 1 : 2))
        #expect(broker.inUse.inboundIDs == (qos == 2 ? 1 : 0))
    }

    @Test(arguments: ["$SYS/a", "$SYS/"])
    func `Below $SYS nobody but the broker publishes, whatever the access file says`(topic: String) {
        for acl in [nil, "topic $SYS/#"] {
            let broker = TestBroker(acl: acl)
            #expect(!mayWrite(broker, broker.connect("c"), topic))
        }
        let broker = TestBroker()
        #expect(mayWrite(broker, broker.connect("c"), "$SYSTEM/a"))
    }

    @Test func `What waits for a client is delivered only if whoever comes back may read it`() {
        let broker = TestBroker(acl: "user ann\ntopic #\nuser bob\ntopic read b")
        broker.disconnect(subscribed(broker, broker.connect("c", isClean: false, user: "ann")))
        let publisher = broker.connect("p", user: "ann")
        for topic in ["a", "b"] { broker.publish(publisher, topic, "away", qos: 1) }
        let client = broker.connect("c", isClean: false, user: "bob")
        for topic in ["a", "b"] { broker.publish(publisher, topic, "here", qos: 1) }
        #expect(broker.receive(client).map { String($0.prefix(6)) } == ["b=away", "b=here"])
        broker.disconnect(client)
        broker.disconnect(publisher)
        _ = broker.connect("c", isClean: true, user: "ann")
        #expect(broker.inUse.messages == 0)
    }

    private func subscribed(_ broker: TestBroker, _ client: TestBroker.Client) -> TestBroker.Client {
        broker.subscribe(client, "#", qos: 1)
        return client
    }

    @Test(arguments: [(24, nil), (25, .badUserNameOrPassword)] as [(Int, CloseReason?)])
    func `A user name that is kept may be as long as a client id`(count: Int, reason: CloseReason?) {
        let packet = Packet.connect("c", isClean: true, user: String(repeating: "u", count: count))
        for acl in ["topic #", nil] {
            let broker = TestBroker(acl: acl) { $0.maxClientIDBytes = 24 }
            #expect(broker.connectOutcome(packet).reason == (acl == nil ? nil : reason))
        }
    }

    @Test func `User names are given back with their sessions`() {
        let broker = TestBroker(acl: "topic #") { $0.maxClients = 4 }
        for round in 0..<200 {
            let user = String(repeating: "u", count: 60 + round % 20)
            let client = broker.connect("c", isClean: round % 3 == 0, user: user)
            if round % 2 == 0 { broker.disconnect(client) }
        }
        broker.disconnect(broker.connect("c"))
        #expect(broker.inUse == .init())
    }
}
