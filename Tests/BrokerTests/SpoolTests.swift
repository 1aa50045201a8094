import Base
import Broker
import Config
import TestSupport
import Testing
import Wire

struct SpoolTests {
    @Test func `What is published while the remote is away waits for it, in order`() {
        let spooled = Spooled()
        for i in 1...5 { spooled.publish("t\(i % 2)", "\(i)", qos: UInt8(1 + i % 2)) }
        spooled.come()
        #expect(spooled.drain() == ["t1=1", "t0=2", "t1=3", "t0=4", "t1=5"])
    }

    @Test(arguments: [false, true])
    func `QoS 0 waits for a remote that is away only where spool_qos0 says so`(isKept: Bool) {
        let spooled = Spooled("spool_qos0 \(isKept)")
        spooled.publish("t", "0", qos: 0)
        #expect(spooled.drops.offline == (isKept ? 0 : 1))
        spooled.come()
        #expect(spooled.drain() == (isKept ? ["t=0"] : []))
    }

    @Test func `QoS 0 that waits when the remote leaves is dropped and counted`() {
        let spooled = Spooled()
        spooled.come()
        spooled.publish("t", "0", qos: 0)
        spooled.publish("t", "1", qos: 1)
        spooled.leave()
        #expect(spooled.drops.offline == 1)
        spooled.come()
        #expect(spooled.drain() == ["t=1"])
    }

    @Test(arguments: [
        ("newest", ["a=1", "b=2"]), ("oldest", ["b=4", "c=5"]), ("latest", ["b=4", "c=5"]),
    ])
    func `A full spool drops what its policy says, and counts it`(policy: String, left: [String]) {
        let spooled = Spooled("spool_messages 2\nspool_policy \(policy)")
        for (i, topic) in ["a", "b", "a", "b", "c"].enumerated() { spooled.publish(topic, "\(i + 1)") }
        #expect(spooled.drops.total == 3)
        spooled.come()
        #expect(spooled.drain() == left)
    }

    @Test func `With the policy latest, one message of each topic waits, its last one`() {
        let spooled = Spooled("spool_policy latest")
        for i in 1...100 { spooled.publish("t\(i % 3)", "\(i)") }
        #expect(spooled.waiting == 3)
        #expect(spooled.drops.replaced == 97)
        spooled.come()
        #expect(spooled.drain().sorted() == ["t0=99", "t1=100", "t2=98"])
    }

    @Test func `With the policy latest, nothing is replaced while the remote is there`() {
        let spooled = Spooled("spool_policy latest")
        spooled.come()
        for i in 1...5 { spooled.publish("t", "\(i)") }
        #expect(spooled.drain() == ["t=1", "t=2", "t=3", "t=4", "t=5"])
    }

    @Test func `What is under way when the remote leaves is not replaced by later values`() {
        let spooled = Spooled("spool_policy latest")
        spooled.publish("t", "1")
        spooled.come()
        let sent = spooled.next()!
        spooled.leave()
        spooled.publish("t", "2")
        spooled.come()
        #expect(sent.words == "t=1")
        #expect(spooled.drain() == ["t=2"])
    }

    @Test func `Bytes are limited as well as messages`() {
        let spooled = Spooled("spool_size 300K\nspool_policy oldest")
        let long = String(repeating: "x", count: 100_000)
        for i in 1...4 { spooled.publish("t", "\(i)" + long) }
        #expect(spooled.drops.full == 1)
        #expect(spooled.waiting == 3)
    }

    @Test func `What has waited too long goes, while the remote is away`() {
        let spooled = Spooled("spool_expiry 10s")
        spooled.publish("t", "1")
        spooled.world.pass(ms: 6000)
        spooled.publish("t", "2")
        spooled.world.pass(ms: 5000)
        #expect(spooled.drops.expired == 1)
        #expect(spooled.waiting == 1)
        #expect(spooled.world.drops.expired == 0)
    }

    @Test func `What has waited too long goes, also when later values have taken the place of earlier ones`() {
        let spooled = Spooled("spool_expiry 10s\nspool_policy latest")
        spooled.publish("a", "1")
        spooled.world.pass(ms: 1000)
        spooled.publish("b", "2")
        spooled.world.pass(ms: 5000)
        spooled.publish("a", "3")
        spooled.world.pass(ms: 5001)
        #expect(spooled.drops.expired == 1)
        spooled.come()
        #expect(spooled.drain() == ["a=3"])
    }

    @Test func `What becomes too old while the backlog is sent goes, too`() {
        let spooled = Spooled("spool_expiry 10s")
        spooled.publish("t", "1")
        spooled.come()
        spooled.world.pass(ms: 10_000)
        #expect(spooled.next() == nil)
        #expect(spooled.drops.expired == 1)
    }

    @Test func `Live messages take turns with the backlog`() {
        let spooled = Spooled()
        for i in 1...4 { spooled.publish("old", "\(i)") }
        spooled.come()
        for i in 1...3 { spooled.publish("new", "\(i)") }
        #expect(spooled.drain() == ["old=1", "new=1", "old=2", "new=2", "old=3", "new=3", "old=4"])
    }

    @Test func `A live message does not overtake the backlog of its own topic [MQTT-4.6.0-5]`() {
        let spooled = Spooled()
        for i in 1...3 { spooled.publish("t", "\(i)") }
        spooled.come()
        spooled.publish("t", "4")
        spooled.publish("u", "5")
        #expect(spooled.drain() == ["t=1", "u=5", "t=2", "t=3", "t=4"])
    }

    @Test func `When the remote leaves in the middle of the backlog, each topic stays in order`() {
        let spooled = Spooled()
        for i in 1...3 { spooled.publish("t", "\(i)") }
        spooled.come()
        spooled.publish("u", "1")
        #expect(spooled.next()?.words == "t=1")
        spooled.leave()
        spooled.publish("u", "2")
        spooled.publish("t", "4")
        spooled.come()
        spooled.publish("u", "3")
        let all = spooled.drain()
        #expect(all.filter { $0.hasPrefix("t") } == ["t=2", "t=3", "t=4"])
        #expect(all.filter { $0.hasPrefix("u") } == ["u=1", "u=2", "u=3"])
    }

    @Test func `No more than the window are under way at a time`() {
        let spooled = Spooled()
        for i in 1...5 { spooled.publish("t", "\(i)") }
        spooled.come()
        let first = spooled.next(window: 2)!
        _ = spooled.next(window: 2)
        #expect(spooled.next(window: 2) == nil)
        spooled.world.broker.arrived(0, first.number)
        #expect(spooled.next(window: 2)?.words == "t=3")
    }

    @Test func `A number that is not under way, or not any more, is no harm`() {
        let spooled = Spooled()
        spooled.publish("t", "1")
        spooled.come()
        let (_, number) = spooled.next()!
        spooled.world.broker.arrived(0, number)
        spooled.world.broker.arrived(0, number)
        spooled.world.broker.arrived(0, 0)
        #expect(spooled.underWay == 0)
    }

    @Test func `The bridge gets nothing back of what it publishes`() {
        let spooled = Spooled()
        spooled.come()
        withFrame(Packet.publish("t", [1], qos: 1, id: 9)) { frame in
            guard case .packet(let publish) = Publish.decode(frame) else { return }
            _ = spooled.world.broker.publish(spooled.session, publish, now: spooled.world.now)
        }
        #expect(spooled.drain() == [])
    }

    @Test func `RETAIN goes out as it was published`() {
        let spooled = Spooled()
        spooled.come()
        spooled.world.publish(spooled.client, packet: Packet.publish("t", [0x31], qos: 1, id: 1, retain: true))
        spooled.publish("u", "2")
        #expect(spooled.drain() == ["t=1 retain", "u=2"])
    }

    @Test func `A session that is cleaned forgets what waits and what is under way, and counts it`() {
        let spooled = Spooled()
        for i in 1...5 { spooled.publish("t", "\(i)") }
        spooled.come()
        _ = spooled.next()
        spooled.leave()
        spooled.world.broker.cleanSpool(0)
        #expect(spooled.drops.cleaned == 5)
        #expect(spooled.waiting == 0)
        #expect(spooled.world.inUse.messages == 0)
        #expect(spooled.world.inUse.deliveries == 0)
    }

    @Test func `Something dropped is a gap, which is told once`() {
        let spooled = Spooled("spool_messages 1")
        spooled.publish("t", "1")
        #expect(!spooled.hasGaps)
        spooled.publish("t", "2")
        #expect(spooled.hasGaps)
        #expect(!spooled.hasGaps)
    }

    @Test func `What is retained and goes out is sent again when that is asked for`() {
        let spooled = Spooled()
        spooled.world.publish(spooled.client, packet: Packet.publish("t", [0x31], qos: 1, id: 1, retain: true))
        spooled.come()
        #expect(spooled.drain() == ["t=1 retain"])
        withView("#") { spooled.world.broker.syncRetained(0, $0, .exactlyOnce) }
        #expect(spooled.drain() == ["t=1 retain"])
    }

    @Test func `What is retained and stands in the backlog already is not put there again`() {
        let spooled = Spooled()
        spooled.world.publish(spooled.client, packet: Packet.publish("t", [0x31], qos: 1, id: 1, retain: true))
        spooled.come()
        for _ in 1...3 { withView("#") { spooled.world.broker.syncRetained(0, $0, .exactlyOnce) } }
        #expect(spooled.drain() == ["t=1 retain"])
    }

    @Test func `A client on the network cannot take the bridge's place`() {
        let spooled = Spooled()
        let outcome = spooled.world.connectOutcome(Packet.connect("local.cloud", isClean: true))
        #expect(outcome.reason == .badClientID)
        spooled.publish("t", "1")
        #expect(spooled.waiting == 1)
    }

    @Test func `Without a local user name no access rules hold for the bridge; with one, that user's do`() {
        let acl = "user sensor\ntopic #\nuser cloud\ntopic read a\ntopic\t\treadwrite c/#\n"
        for (name, left) in [(nil, ["a=1", "b=2"]), ("cloud", ["a=1"])] as [(String?, [String])] {
            let spooled = Spooled(acl: acl, localName: name)
            let client = spooled.world.connect("s2", user: "sensor")
            spooled.world.publish(client, "a", "1", qos: 1)
            spooled.world.publish(client, "b", "2", qos: 1)
            spooled.come()
            #expect(spooled.drain() == left)
        }
    }
}
