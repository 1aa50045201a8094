import Base
import Broker
import TestWorld
import Testing

@testable import Runtime

/// How many connections are taken, by which listener, and how fast.
@Suite struct AcceptTests {
    @Test func `no more connections a second are taken than allowed, the others wait, and none is refused`() {
        let world = World("max_connect_rate 3\nglobal_max_clients 40")
        world.pass(seconds: 1)
        let clients = (0..<10).map { _ in world.connect() }
        for (index, client) in clients.enumerated() { client.send(Packet.connect("c\(index)")) }
        var taken: [Int] = []
        for _ in 0..<4 {
            world.settle()
            taken.append(clients.filter { !$0.received().isEmpty }.count)
            world.pass(seconds: 1)
        }
        #expect(taken == [3, 3, 3, 1])
        #expect(world.server.connectionCount == 10)
        world.pass(seconds: 2)
        #expect(!world.log.contains("refused"))
    }

    @Test func `clients that are in are served while others wait`() {
        let world = World("max_connect_rate 1")
        let client = world.connect().enter("c")
        let waiting = world.connect()
        waiting.send(Packet.connect("w"))
        #expect(client.exchange(Packet.ping) == [0xD0, 0])
        #expect(waiting.received() == [])
        world.pass(seconds: 1.1)
        #expect(waiting.received() == Packet.accepted)
    }

    @Test func `the rate is that of all listeners together`() {
        let world = World("max_connect_rate 2\nlistener 1883\nlistener 1884")
        world.pass(seconds: 1)
        let clients = [1883, 1884, 1883, 1884].map { world.connect(port: $0) }
        for (index, client) in clients.enumerated() { client.send(Packet.connect("c\(index)")) }
        world.settle()
        #expect(clients.filter { !$0.received().isEmpty }.count == 2)
        world.pass(seconds: 1.1)
        #expect(clients.filter { !$0.received().isEmpty }.count == 2)
    }

    @Test func `a listener that is opened while connections wait lets them wait, too, without a busy loop`() {
        let world = World("max_connect_rate 1")
        let first = [world.connect().enter("a"), world.connect()]
        world.settle()
        world.reload("max_connect_rate 1\nlistener 1883\nlistener 1884")
        let other = world.connect(port: 1884)
        other.send(Packet.connect("b"))
        world.settle()
        #expect(first[1].received() == [] && other.received() == [])
        world.pass(seconds: 2.5)
        #expect(other.received() == Packet.accepted)
    }

    @Test func `after weeks without a connection the next is taken at once`() {
        let world = World("max_connect_rate 1")
        world.connect().enter("c").exchange(Packet.disconnect)
        for _ in 0..<30 {
            world.server.io.advance(byMs: 86_400_000)
            world.settle()
        }
        _ = world.connect().enter("c")
    }

    @Test func `a listener's limit turns away what comes by that listener only, and is free again when one leaves`() {
        let world = World("listener 1883\nmax_connections 2\nlistener 1884\nglobal_max_connections 10")
        let first = [world.connect().enter("a"), world.connect().enter("b")]
        let third = world.connect()
        world.settle()
        #expect(third.isClosed)
        _ = world.connect(port: 1884).enter("c")
        first[0].exchange(Packet.disconnect)
        _ = world.connect().enter("d")
        world.pass(seconds: 1.1)
        #expect(world.lines("refused") == ["event=refused connections=1"])
    }

    @Test func `all listeners together have the limit of all connections`() {
        let world = World("max_connections 3\nlistener 1883\nlistener 1884\nglobal_max_clients 9")
        let clients = [1883, 1884, 1883, 1884, 1883].map { world.connect(port: $0) }
        world.settle()
        #expect(clients.filter(\.isClosed).count == 2)
    }

    @Test func `listeners are known by their ports, in the ready line, too`() {
        let world = World("listener 1883\nlistener 1884\nlistener 0 /run/mqtt.sock")
        world.server.reportReady()
        let line = "event=ready mode=broker listen=[::]:1883 listen=[::]:1884 listen=/run/mqtt.sock"
        #expect(world.lines("ready")[0].hasPrefix(line + " access=\"differs by listener; --check tells\" memory="))
        _ = world.connect(port: 0).enter("local")
        #expect((0..<2).map { world.server.listenerAddress($0).port } == [1883, 1884])
    }

    @Test func `a client of a unix socket has no address, and is logged as local`() {
        let world = World("listener 0 /run/mqtt.sock")
        let client = world.tryToConnect(port: 0, from: .local)
        client?.exchange(Packet.connect("c"))
        #expect(world.lines("connected")[0].hasPrefix("event=connected address=local client=c "))
    }

    @Test func `an address that is not there is tried again until it is`() {
        let world = World(isAddressAbsent: true)
        #expect(world.tryToConnect(port: 1883, from: .loopback) == nil)
        #expect(world.lines("listen-failed") == ["event=listen-failed listen=[::]:1883"])
        world.pass(seconds: 12)
        #expect(world.tryToConnect(port: 1883, from: .loopback) == nil)
        world.server.io.isAddressAbsent = false
        world.pass(seconds: 5)
        #expect(world.lines("listening") == ["event=listening listen=[::]:1883"])
        _ = world.connect().enter("c")
    }

    @Test func `the same complaint about an address is folded`() {
        let world = World(isAddressAbsent: true)
        world.pass(seconds: 61)
        let lines = world.log.split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("event=listen-failed") }.count <= 7)
        #expect(lines.contains { $0.hasPrefix("event=repeated count=") })
    }

    @Test func `listeners whose addresses are there are served while another is not`() {
        let world = World(isAddressAbsent: true)
        world.server.io.isAddressAbsent = false
        world.reload("listener 1884\nlistener 1883")
        _ = world.connect(port: 1884).enter("early")
        #expect(world.tryToConnect(port: 1883, from: .loopback) == nil)
        world.pass(seconds: 6)
        _ = world.connect(port: 1883).enter("late")
    }

    @Test func `a port that another listener has is refused at start`() {
        let world = World("listener 1883 127.0.0.1\nlistener 1883 ::1")
        #expect(world.openError == 98)
    }
}
