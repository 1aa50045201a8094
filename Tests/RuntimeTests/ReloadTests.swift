import Base
import Broker
import TestSupport
import TestWorld
import Testing

@testable import Runtime

/// A new board config, while the broker runs.
@Suite struct ReloadTests {
    @Test func `a reload is asked for by a signal, and whoever runs the loop does it`() {
        let world = World()
        let before = world.server.isReloadAsked
        world.server.io.askToReload()
        world.settle()
        let after = world.server.isReloadAsked
        #expect([before, after] == [false, true])
        #expect(world.log == "")
    }

    @Test(arguments: [
        ("password_file p", "password_file can only be added by a restart"),
        ("acl_file a", "acl_file can only be added by a restart"),
        ("per_listener_settings true\nlistener 1883", "per_listener_settings can only be changed by a restart"),
    ])
    func `what would need memory that was not taken at start is an obstacle`(config: String, obstacle: String) {
        let world = World()
        #expect(world.reload(config) == obstacle)
        #expect(world.reload("") == nil)
    }

    @Test func `with per_listener_settings the listeners stay`() {
        let own = "per_listener_settings true\nallow_anonymous true\n"
        let world = World(own + "listener 1883\nlistener 1884")
        let obstacle = "with per_listener_settings, listeners can only be changed by a restart"
        #expect(world.reload(own + "listener 1883") == obstacle)
        #expect(world.reload(own + "listener 1884\nlistener 1883") == obstacle)
        #expect(world.reload(own + "listener 1883\nlistener 1885") == obstacle)
        #expect(world.reload(own + "listener 1883\nlistener 1884\nbind_interface eth0") == obstacle)
        #expect(world.reload(own + "listener 1883\nlistener 1884\nallow_anonymous false") == nil)
        #expect(world.reload("listener 1883") == "per_listener_settings can only be changed by a restart")
    }

    @Test func `files that were there at the start may be taken away and put back`() {
        let world = World("allow_anonymous false\npassword_file p\nacl_file a")
        world.setFiles(passwords: [0: World.passwords("ann")], acls: [0: "topic read #"])
        #expect(world.reload("allow_anonymous true") == nil)
        let client = world.connect().enter("c").subscribe("t")
        #expect(client.exchange(Packet.publish("t", [1])) == Packet.publish("t", [1]))
        let config = "allow_anonymous false\npassword_file p\nacl_file a"
        #expect(world.reload(config, passwords: [0: World.passwords("bob")], acls: [0: "topic t"]) == nil)
        #expect(client.exchange(Packet.publish("u", [1])) == [])
        #expect(world.connect().exchange(Packet.login("a", "ann", "secret")) == Packet.notAuthorised)
        #expect(world.connect().exchange(Packet.login("b", "bob", "secret")) == Packet.accepted)
    }

    @Test func `what only a restart can change is named, and stays as it is`() {
        let world = World("max_messages 100")
        world.reload("max_messages 200\nmax_connections 2\nlistener 1883\nlog_dest syslog\nmax_keepalive 60")
        let keys = world.lines("needs-restart").map { $0.dropFirst("event=needs-restart key=".count) }
        #expect(keys == ["max_connections", "max_messages", "log_dest"])
        #expect(world.server.settings.limits.maxMessages == 100)
        #expect(world.server.settings.limits.maxConnections == 16)
        #expect(world.server.settings.limits.maxKeepAliveSeconds == 60)
        for i in 0..<4 { _ = world.connect().enter("c\(i)", keepAlive: 60) }
        #expect(world.lines("reloaded") == ["event=reloaded access=\"anyone who can reach it\""])
    }

    @Test func `the limit of connections is named as the file names it`() {
        let world = World("max_connections 8")
        world.reload("global_max_connections 9")
        #expect(world.lines("needs-restart") == ["event=needs-restart key=global_max_connections"])
    }

    @Test func `a reload with the same config changes nothing and says so once`() {
        let world = World("max_messages 100")
        let client = world.connect().enter("c")
        let from = world.lineCount
        world.reload("max_messages 100")
        #expect(client.exchange(Packet.ping) == [0xD0, 0])
        let lines = world.log.split(separator: "\n").dropFirst(from)
        #expect(lines == ["event=reloaded access=\"anyone who can reach it\""])
    }

    @Test func `new limits are in force at once`() {
        let world = World()
        let client = world.connect().enter("c").subscribe("t", qos: 1)
        world.reload("max_keepalive 60\nmax_subscriptions_per_client 1\nretain_available false")
        #expect(world.connect().exchange(Packet.connect("d", keepAlive: 61)) == [0x20, 2, 0, 2])
        #expect(client.exchange(Packet.subscribe(1, "u", qos: 0)) == [0x90, 3, 0, 1, 0x80])
        client.exchange(Packet.framed(0x31, Packet.text("r") + [1]))
        #expect(world.server.drops.retainedFull == 1)
    }

    @Test func `new times are in force for connections that are there`() {
        let world = World("stall_timeout 60")
        let reader = world.connect().enter("r").subscribe("t")
        world.server.io.setSendRoom(reader.peer, 0)
        world.connect().enter("s").exchange(Packet.publish("t", [1]))
        world.pass(seconds: 20)
        world.reload("stall_timeout 30")
        world.pass(seconds: 9)
        #expect(!reader.isClosed)
        world.pass(seconds: 2)
        #expect(world.closeReasons == ["output-stalled"])
    }

    @Test func `whoever was to be remembered for ever is not forgotten by a reload that brings a limit`() {
        let world = World("persistent_client_expiration 0")
        world.connect().enter("c", clean: false).subscribe("t", qos: 1).leave()
        world.reload("persistent_client_expiration 1h")
        world.connect().enter("s").exchange(Packet.publish("t", [1], qos: 1, packetID: 1))
        world.pass(seconds: 2)
        #expect(world.connect().exchange(Packet.connect("c", clean: false)).prefix(4) == [0x20, 2, 1, 0])
    }

    @Test func `flags and log levels are in force at once`() {
        let world = World()
        world.reload("allow_zero_length_clientid false\nconnection_messages false\nlog_type none")
        #expect(world.connect().exchange(Packet.connect("")) == [0x20, 2, 0, 2])
        #expect(world.log == "")
        world.reload("log_type all")
        _ = world.connect().enter("c")
        #expect(world.lines("connected").count == 1)
    }

    @Test func `a new password file is for those who come from now on`() {
        let world = World("allow_anonymous false\npassword_file p")
        world.setFiles(passwords: [0: World.passwords("ann")])
        let ann = world.connect()
        ann.exchange(Packet.login("a", "ann", "secret"))
        world.reload("allow_anonymous false\npassword_file p", passwords: [0: World.passwords("bob")])
        #expect(ann.exchange(Packet.ping) == [0xD0, 0])
        #expect(world.connect().exchange(Packet.login("b", "bob", "secret")) == Packet.accepted)
        #expect(world.connect().exchange(Packet.login("c", "ann", "secret")) == Packet.notAuthorised)
    }

    @Test func `a new access file is for the messages of all clients from now on`() {
        let world = World("acl_file a")
        world.setFiles(acls: [0: "topic t"])
        let client = world.connect().enter("c").subscribe("+")
        let message = Packet.publish("t", [1])
        #expect(client.exchange(message) == message)
        world.reload("acl_file a", acls: [0: "topic u"])
        #expect(client.exchange(message) == [])
        #expect(client.exchange(Packet.publish("u", [1])) == Packet.publish("u", [1]))
        #expect(world.server.drops.forbidden == 1)
    }

    @Test func `files that together are too long are refused, and those before stay in force`() {
        let world = World("allow_anonymous false\npassword_file p\nacl_file a\nmax_access_size 300")
        #expect(world.setFiles(passwords: [0: World.passwords("ann", "bob")], acls: [0: "topic #"]))
        let long = (0..<30).map { "topic t\($0)" }.joined(separator: "\n")
        // The first of the two would fit.
        #expect(!world.setFiles(passwords: [0: World.passwords("cy")], acls: [0: long]))
        #expect(world.connect().exchange(Packet.login("a", "ann", "secret")) == Packet.accepted)
        #expect(world.setFiles(passwords: [0: World.passwords("cy")]))
        #expect(world.connect().exchange(Packet.login("b", "cy", "secret")) == Packet.accepted)
    }

    @Test func `listeners are opened and closed, and connections stay`() {
        let world = World("listener 1883\nlistener 1884")
        let clients = [1883, 1884].map { world.connect(port: $0).enter("\($0)") }
        world.reload("listener 1884\nlistener 1885")
        #expect(world.tryToConnect(port: 1883, from: .loopback) == nil)
        for port: UInt16 in [1884, 1885] { _ = world.connect(port: port).enter("new\(port)") }
        for client in clients { #expect(client.exchange(Packet.ping) == [0xD0, 0]) }
        #expect(world.lines("listen") == [
            "event=listener-closed listen=[::]:1883", "event=listening listen=[::]:1885",
        ])
    }

    @Test func `whoever waits at a listener that is closed is turned away`() {
        let world = World("listener 1883\nlistener 1884")
        let client = world.connect(port: 1884)
        world.reload("listener 1883")
        #expect(client.isClosed)
    }

    @Test func `a listener may come back, and go and come as often as one likes`() {
        let world = World("listener 1883\nlistener 1884", connections: 64)
        for round in 0..<20 {
            world.reload("listener 1883")
            #expect(world.tryToConnect(port: 1884, from: .loopback) == nil)
            world.reload("listener 1883\nlistener 1884")
            world.connect(port: 1884).enter("c\(round)").exchange(Packet.disconnect)
        }
        #expect(world.server.connectionCount == 0)
    }

    @Test func `a listener that still has connections keeps its place, and when there is none a restart is needed`() {
        let world = World("listener 1000", connections: 64)
        var clients: [Client] = []
        for port: UInt16 in 1000..<1015 {
            clients.append(world.connect(port: port).enter("c\(port)"))
            world.reload("listener \(port + 1)")
        }
        #expect(world.lines("needs-restart") == [])
        clients.append(world.connect(port: 1015).enter("last"))
        world.reload("listener 1016")
        #expect(world.lines("needs-restart") == ["event=needs-restart key=listener"])
        for client in clients { #expect(client.exchange(Packet.ping) == [0xD0, 0]) }
        clients[3].exchange(Packet.disconnect)
        world.reload("listener 1016")
        _ = world.connect(port: 1016).enter("again")
    }

    @Test func `a listener's limit may change, and counts those who are there`() {
        let world = World()
        let clients = (0..<3).map { world.connect().enter("c\($0)") }
        world.reload("global_max_connections 16\nlistener 1883\nmax_connections 3")
        let fourth = world.connect()
        world.settle()
        #expect(fourth.isClosed)
        clients[0].exchange(Packet.disconnect)
        _ = world.connect().enter("d")
    }

    @Test func `the file of a unix socket is removed when its listener is closed, and at the end`() {
        let world = World("listener 0 /run/a\nlistener 1883")
        world.reload("listener 1883")
        #expect(world.server.io.removedPaths == 1)
        world.reload("listener 0 /run/b\nlistener 1883")
        #expect(world.lines("listening") == ["event=listening listen=/run/b"])
        world.server.shutDown()
        #expect(world.server.io.removedPaths == 2)
    }

    @Test func `a new listener whose address is not there is tried again`() {
        let world = World()
        world.server.io.isAddressAbsent = true
        world.reload("listener 1883\nlistener 1884")
        #expect(world.lines("listen-failed").count == 1)
        world.server.io.isAddressAbsent = false
        world.pass(seconds: 6)
        _ = world.connect(port: 1884).enter("c")
    }

    @Test func `why a config is not put in force is logged`() {
        let world = World()
        world.server.reportReloadFailed(ByteView("board.conf:3: mode: expected broker"))
        #expect(world.log == "event=reload-failed problem=\"board.conf:3: mode: expected broker\"\n")
    }
}
