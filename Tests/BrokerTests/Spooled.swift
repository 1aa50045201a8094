import Base
import Broker
import Config
import TestSupport
import Testing
import Wire

/// A broker with one bridge, whose topics go out with QoS 2, and a client that publishes.
final class Spooled {
    let world: TestBroker
    let client: TestBroker.Client
    let session: Handle<Session>

    init(
        _ spool: String = "", topic: String = "#", acl: String? = nil, localName: String? = nil,
        _ change: (inout Limits) -> Void = { _ in }
    ) {
        let section = "connection cloud\naddress 127.0.0.1:1\ntopic \(topic) out 2\n"
            + (localName.map { "local_username \($0)\n" } ?? "") + spool
        let world = TestBroker(acl: acl, bridge: section, change)
        self.world = world
        client = world.connect("sensor", user: acl == nil ? nil : "sensor")
        session = withView("local.cloud") { id in
            guard let localName else {
                return world.broker.openLoopback(0, clientID: id, userName: nil, now: world.now)!
            }
            return withView(localName) { world.broker.openLoopback(0, clientID: id, userName: $0, now: world.now)! }
        }
        withView(topic) { filter in
            _ = world.broker.subscribe(session, Subscribe.Request(filter: filter, qos: .exactlyOnce))
        }
    }

    func publish(_ topic: String, _ payload: String = "", qos: UInt8 = 1) {
        world.publish(client, topic, payload, qos: qos)
        if qos == 2 { world.release(client, id: 1) }
    }

    func come() { world.broker.remoteCame(0, link: Handle<SessionLink>(raw: 40)) }
    func leave() { world.broker.remoteLeft(0, now: world.now) }

    /// What the link takes next, in words, with its number.
    func next(window: Int = 20) -> (words: String, number: UInt16)? {
        guard let forward = world.broker.nextForward(0, window: window, now: world.now) else { return nil }
        var words = forward.topic.text + "="
        world.broker.readForward(0) { words += $0.text }
        if forward.retain { words += " retain" }
        world.broker.forwarded(0)
        return (words, forward.number)
    }

    /// All that the link gets, when each arrives before the next is sent.
    func drain() -> [String] {
        var all: [String] = []
        while let (words, number) = next() {
            all.append(words)
            if number != 0 { world.broker.arrived(0, number) }
        }
        return all
    }

    /// Asking clears it.
    var hasGaps: Bool { world.broker.takeGaps(0) }
    var underWay: Int { world.broker.spoolUse(0).underWay }
    var drops: SpoolDrops { world.broker.spoolDrops(0) }
    var waiting: Int { world.broker.spoolUse(0).messages }
}
