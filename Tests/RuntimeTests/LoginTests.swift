import Base
import Broker
import TestSupport
import TestWorld
import Testing

/// How a password is compared outside the loop, and what happens meanwhile.
@Suite struct LoginTests {
    private func world(_ config: String = "", isOpen: Bool = false) -> World {
        let world = World("allow_anonymous \(isOpen)\npassword_file p\n" + config)
        world.setFiles(passwords: [0: World.passwords("ann", "bob")])
        return world
    }

    @Test func `whoever has the right password is let in [MQTT-3.1.4-4]`() {
        let world = world()
        let client = world.connect()
        #expect(client.exchange(Packet.login("c", "ann", "secret")) == Packet.accepted)
        #expect(client.exchange(Packet.ping) == [0xD0, 0])
        #expect(world.server.packetSlabsInUse == 0)
    }

    /// The same answer for all, so that nobody learns which names there are.
    @Test(arguments: [
        ("ann", "wrong", "bad-user-name-or-password"), ("ann", "", "bad-user-name-or-password"),
        ("nobody", "secret", "bad-user-name-or-password"), ("", "secret", "bad-user-name-or-password"),
        ("ann", nil, "bad-user-name-or-password"), (nil, nil, "not-authorised"),
    ] as [(String?, String?, String)])
    func `whoever has not is answered 0x05 and turned away [MQTT-3.2.2-4, MQTT-3.2.2-5]`(
        user: String?, password: String?, reason: String
    ) {
        let world = world()
        let client = world.connect()
        #expect(client.exchange(Packet.login("c", user, password)) == Packet.notAuthorised)
        #expect(client.isClosed)
        #expect(world.closeReasons == [reason])
        #expect(world.server.inUse == Broker.InUse())
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `clients without a name come in where anonymous ones may, and only they`() {
        let world = world(isOpen: true)
        #expect(world.connect().exchange(Packet.login("a", nil, nil)) == Packet.accepted)
        #expect(world.connect().exchange(Packet.login("b", "ann", "wrong")) == Packet.notAuthorised)
    }

    @Test func `without a password file a name is a claim that nobody checks`() {
        let open = World()
        #expect(open.connect().exchange(Packet.login("a", "ann", "anything")) == Packet.accepted)
        let closed = World("allow_anonymous false")
        #expect(closed.connect().exchange(Packet.login("a", "ann", "anything")) == Packet.notAuthorised)
        #expect(closed.closeReasons == ["not-authorised"])
    }

    @Test func `what stands behind CONNECT waits for the verdict, and is done then in its order`() {
        let world = world()
        world.server.io.holdsVerdict = true
        let client = world.connect()
        let rest = Packet.subscribe(1, "t", qos: 0) + Packet.publish("t", [7]) + Packet.ping
        #expect(client.exchange(Packet.login("c", "ann", "secret") + rest) == [])
        #expect(client.exchange(Packet.ping) == [], "what comes later is not even read")
        world.server.io.holdsVerdict = false
        world.settle()
        let replies: [UInt8] = Packet.accepted + [0x90, 3, 0, 1, 0, 0xD0, 0]
        #expect(client.received() == replies + Packet.publish("t", [7]) + [0xD0, 0])
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `what stands behind a CONNECT that is refused is ignored [MQTT-3.1.4-5]`() {
        let world = world()
        let retained = Packet.framed(0x31, Packet.text("t") + [7])
        world.connect().exchange(Packet.login("c", "ann", "wrong") + retained)
        let reader = world.connect()
        reader.exchange(Packet.login("r", "bob", "secret"))
        #expect(reader.exchange(Packet.subscribe(1, "#", qos: 0)) == [0x90, 3, 0, 1, 0])
    }

    @Test func `CONNECT may come byte by byte, with more behind it`() {
        let world = world()
        let client = world.connect()
        var replies: [UInt8] = []
        for byte in Packet.login("c", "ann", "secret") + Packet.ping { replies += client.exchange([byte]) }
        #expect(replies == Packet.accepted + [0xD0, 0])
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `a second CONNECT behind the first is a violation, once the first is let in [MQTT-3.1.0-2]`() {
        let world = world()
        let connect = Packet.login("c", "ann", "secret")
        #expect(world.connect().exchange(connect + connect) == Packet.accepted)
        #expect(world.closeReasons == ["second-connect"])
    }

    @Test func `others are served while a password is compared`() {
        let world = world(isOpen: true)
        let other = world.connect().enter("other")
        world.server.io.holdsVerdict = true
        let client = world.connect()
        client.exchange(Packet.login("c", "ann", "secret"))
        #expect(other.exchange(Packet.ping) == [0xD0, 0])
        #expect(world.connect().exchange(Packet.connect("third")) == Packet.accepted)
        world.server.io.holdsVerdict = false
        world.settle()
        #expect(client.received() == Packet.accepted)
    }

    @Test func `passwords are compared one at a time, in the order of the CONNECTs`() {
        let world = world()
        world.server.io.holdsVerdict = true
        let clients = (0..<8).map { index in
            let client = world.connect()
            client.exchange(Packet.login("c\(index)", "ann", index % 3 == 2 ? "wrong" : "secret"))
            return client
        }
        world.server.io.holdsVerdict = false
        world.settle()
        let replies = clients.map { $0.received()[3] }
        #expect(replies == [0, 0, 5, 0, 0, 5, 0, 0])
        let named = world.lines("connected").compactMap { $0.split(separator: " ").first { $0.hasPrefix("client=") } }
        #expect(named == ["client=c0", "client=c1", "client=c3", "client=c4", "client=c6", "client=c7"])
    }

    @Test(arguments: [true, false])
    func `a client that leaves while its password is compared holds up nobody`(isOrderly: Bool) {
        let world = world()
        world.server.io.holdsVerdict = true
        let first = world.connect()
        first.exchange(Packet.login("first", "ann", "secret"))
        let second = world.connect()
        second.exchange(Packet.login("second", "ann", "secret"))
        first.leave(isOrderly: isOrderly)
        world.server.io.holdsVerdict = false
        world.settle()
        #expect(second.received() == Packet.accepted)
        #expect(first.isClosed)
        #expect(world.server.connectionCount == 1)
        #expect(world.server.inUse.sessions == 1)
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `a verdict for one that has left is not taken for the one that has its place now`() {
        let world = world("max_connections 1")
        world.server.io.holdsVerdict = true
        let first = world.connect()
        first.exchange(Packet.login("first", "ann", "secret"))
        first.leave(isOrderly: false)
        let second = world.connect()
        second.exchange(Packet.login("second", "ann", "wrong"))
        #expect(second.received() == [])
        world.server.io.holdsVerdict = false
        world.settle()
        #expect(second.received() == Packet.notAuthorised)
    }

    @Test(arguments: [0, 1, 2])
    func `a client that leaves while it waits for its turn is passed over`(place: Int) {
        let world = world()
        world.server.io.holdsVerdict = true
        let clients = (0..<4).map { index in
            let client = world.connect()
            client.exchange(Packet.login("c\(index)", "ann", "secret"))
            return client
        }
        clients[1 + place].leave(isOrderly: false)
        world.server.io.holdsVerdict = false
        world.settle()
        for (index, client) in clients.enumerated() where index != 1 + place {
            #expect(client.received() == Packet.accepted)
        }
        #expect(world.server.connectionCount == 3)
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test(arguments: [0, 1])
    func `a client that breaks off with more behind its CONNECT does no harm`(place: Int) {
        let world = world()
        world.server.io.holdsVerdict = true
        let clients = (0..<2).map { index in
            let client = world.connect()
            client.exchange(Packet.login("c\(index)", "ann", "secret"))
            return client
        }
        clients[place].send(Packet.ping)
        world.server.io.peerClose(clients[place].peer, isOrderly: false, hasArrived: true)
        world.settle()
        world.server.io.holdsVerdict = false
        world.settle()
        #expect(clients[1 - place].received() == Packet.accepted)
        #expect(clients[place].isClosed)
        #expect(world.connect().exchange(Packet.login("last", "ann", "secret")) == Packet.accepted)
        #expect(world.server.connectionCount == 2)
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `a verdict that takes longer than CONNECT may is too late`() {
        let world = world("connect_timeout 5")
        world.server.io.holdsVerdict = true
        let client = world.connect()
        client.exchange(Packet.login("c", "ann", "secret"))
        world.pass(seconds: 4.8)
        #expect(!client.isClosed)
        world.pass(seconds: 0.5)
        #expect(world.closeReasons == ["connect-timeout"])
        world.server.io.holdsVerdict = false
        world.settle()
        #expect(world.server.inUse.sessions == 0)
        #expect(world.connect().exchange(Packet.login("c", "ann", "secret")) == Packet.accepted)
    }

    @Test func `only whoever is let in takes over a client id [MQTT-3.1.4-2]`() {
        let world = world()
        let first = world.connect()
        first.exchange(Packet.login("c", "ann", "secret"))
        world.connect().exchange(Packet.login("c", "ann", "wrong"))
        #expect(!first.isClosed)
        world.connect().exchange(Packet.login("c", "bob", "secret"))
        #expect(first.isClosed)
        #expect(world.closeReasons == ["bad-user-name-or-password", "taken-over"])
    }

    @Test func `a user who is struck off while waiting is not let in`() {
        let world = world()
        world.server.io.holdsVerdict = true
        let clients = ["ann", "bob", "ann"].map { user in
            let client = world.connect()
            client.exchange(Packet.login(user, user, "secret"))
            return client
        }
        world.setFiles(passwords: [0: World.passwords("ann")])
        world.server.io.holdsVerdict = false
        world.settle()
        #expect(clients.map { $0.received() } == [Packet.accepted, Packet.notAuthorised, Packet.accepted])
    }

    @Test(arguments: [1024, 1025])
    func `a password may have 1024 bytes`(count: Int) {
        let world = world()
        let client = world.connect()
        // In this world it is wrong; the question is whether anybody looks.
        client.exchange(Packet.login("c", "ann", String(repeating: "p", count: count)))
        #expect(client.isClosed)
        #expect(world.closeReasons == ["bad-user-name-or-password"])
        #expect(world.connect().exchange(Packet.login("c", "ann", "secret")) == Packet.accepted)
    }

    @Test func `each listener has its own users with per_listener_settings`() {
        let world = World(
            """
            allow_anonymous false
            per_listener_settings true
            listener 1883
            password_file p
            listener 1884
            allow_anonymous true
            listener 1885
            password_file q
            """)
        world.setFiles(passwords: [1: World.passwords("ann"), 3: World.passwords("bob")])
        func code(_ port: UInt16, _ user: String?) -> UInt8 {
            let client = world.connect(port: port, host: UInt32(port))
            return client.exchange(Packet.login("c", user, user.map { _ in "secret" }))[3]
        }
        #expect([code(1883, nil), code(1883, "ann"), code(1883, "bob")] == [5, 0, 5])
        #expect([code(1884, nil), code(1884, "ann"), code(1884, "bob")] == [0, 0, 0])
        #expect([code(1885, nil), code(1885, "ann"), code(1885, "bob")] == [5, 5, 0])
    }
}
