import Base
import Glibc
import Runtime
import TestSupport
import Testing

struct LinkProbeTests {
    /// A link whose first endpoint refuses, so that the second serves.
    private func world(
        hosts: [StaticString] = ["10.0.0.1", "10.0.0.2"], settings adjust: (inout LinkSettings) -> Void = { _ in }
    ) -> LinkWorld {
        let world = LinkWorld(hosts: hosts, keepAlive: 0, settings: adjust)
        world.net.refusals = [ECONNREFUSED]
        world.connect()
        world.net.connects = []
        return world
    }

    private static var primary: Address { Address(v4: 0x0A00_0001, port: 1883) }
    private static var backup: Address { Address(v4: 0x0A00_0002, port: 1883) }

    @Test func `While another serves, the first endpoint is tried every minute, and has it back when it answers`() {
        let world = world()
        #expect(world.msUntilDue == 60_000)
        world.net.refusals = [ECONNREFUSED]
        world.turn(afterMs: 60_000)
        #expect(world.net.connects == [LinkProbeTests.primary])
        #expect(world.isUp && world.msUntilDue == 60_000)
        world.turn(afterMs: 60_000)
        #expect(world.net.connects.count == 2 && world.net.open == 2)
        #expect(world.turn(flags: Event.writable) == [])
        #expect(world.turn() == ["ended primaryIsBack"])
        #expect(world.sent() == hex("e0 00") && world.net.open == 0)
        #expect(world.connect() == ["connected"])
        #expect(world.net.connects.last == LinkProbeTests.primary)
        #expect(world.msUntilDue == nil)
    }

    @Test func `A first endpoint that is a black hole costs the connection nothing`() {
        let world = world()
        world.net.connectResults[8] = -1
        world.turn(afterMs: 60_000)
        #expect(world.net.open == 2)
        #expect(world.receive("30 04 00 01 't' 'q'") == ["message t q"])
        #expect(world.publish("p", .atLeastOnce) == .taken)
        world.turn(flags: Event.writable)
        #expect(world.sent() == hex("32 06 00 01 't' 00 01 'p'"))
        #expect(world.receive("40 02 00 01") == ["published 1"])
        world.turn(afterMs: 10_000)
        #expect(world.net.descriptors == [7] && world.isUp)
        #expect(world.msUntilDue == 50_000)
    }

    @Test func `A failed try is not taken for the end of the connection, whose bytes stay where they are`() {
        let world = world()
        world.net.connectResults[8] = -1
        world.turn(afterMs: 60_000)
        world.receive(hex("30 04 00 01 't' '1' 30 04 00 01 't' '2'"), takes: 1)
        world.net.incoming = hex("30 04 00 01 't' '3'")
        world.net.connectResults[8] = ECONNREFUSED
        world.turn(flags: Event.failed, takes: 0)
        #expect(world.net.descriptors == [7])
        // Broken, it would have been read, whether the owner takes anything or not.
        #expect(world.net.incoming.count == 6)
        #expect(world.receive([]) == ["message t 2", "message t 3"])
    }

    @Test func `Its name is looked up beside the connection`() {
        let world = LinkWorld(hosts: ["broker.example", "10.0.0.2"], keepAlive: 0)
        world.start()
        #expect(world.net.asked == ["broker.example"])
        world.turn(flags: Event.resolved)
        world.turn(flags: Event.writable)
        world.receive(LinkWorld.connack)
        world.net.connects = []
        world.turn(afterMs: 60_000)
        #expect(world.net.asked.count == 2 && world.isUp && world.net.connects.isEmpty)
        world.net.answers = [LinkProbeTests.primary]
        world.net.answer = .addresses(1)
        #expect(world.turn(flags: Event.resolved) == [])
        #expect(world.net.connects == [LinkProbeTests.primary] && world.isUp)
        world.turn(flags: Event.writable)
        world.turn()
        #expect(world.isIdle)
    }

    @Test func `Before the change what is in flight is acknowledged, and what is not sent yet waits for the first`() {
        let world = world(settings: { $0.maxInflight = 1 })
        #expect(world.publish("p", .atLeastOnce) == .taken)
        #expect(world.publish("q", .atLeastOnce) == .taken)
        world.turn(afterMs: 60_000)
        world.net.sent = []
        #expect(world.turn(flags: Event.writable) == [])
        #expect(world.sent() == [] && world.net.descriptors == [7])
        #expect(world.receive("40 02 00 01") == ["published 1"])
        #expect(world.sent() == hex("e0 00"))
        #expect(world.turn() == ["ended primaryIsBack"])
        world.connect()
        world.turn()
        #expect(world.sent() == hex("32 06 00 01 't' 00 02 'q'"))
    }

    @Test func `One that answers and then does not accept is tried less often each time`() {
        let world = world()
        for pause: UInt32 in [60_000, 120_000, 240_000] {
            #expect(world.msUntilDue == pause)
            world.turn(afterMs: pause)
            world.turn(flags: Event.writable)
            #expect(world.turn() == ["ended primaryIsBack"])
            world.start()
            world.turn(flags: Event.writable)
            #expect(world.breakOff() == [])
            world.turn(flags: Event.writable)
            #expect(world.receive(LinkWorld.connack) == ["connected"])
            #expect(world.net.connects.last == LinkProbeTests.backup)
        }
    }

    @Test func `An owner who leaves meanwhile has left, and the first endpoint is not waited for`() {
        let world = world()
        world.net.connectResults[8] = -1
        world.turn(afterMs: 60_000)
        world.disconnect()
        #expect(world.turn() == [])
        #expect(world.turn() == ["ended disconnected"])
        #expect(world.net.open == 0)
    }

    @Test func `With a round robin the first is not preferred, and each attempt begins behind the one used last`() {
        let world = LinkWorld(
            hosts: ["10.0.0.1", "10.0.0.2", "10.0.0.3"], keepAlive: 0, settings: { $0.isRoundRobin = true })
        for last: UInt32 in [1, 2, 3, 1] {
            world.connect()
            #expect(world.net.connects.last == Address(v4: 0x0A00_0000 | last, port: 1883))
            #expect(world.msUntilDue == nil)
            #expect(world.breakOff() == ["ended closed"])
        }
        world.net.refusals = [ECONNREFUSED]
        world.connect()
        #expect(world.net.connects.last == Address(v4: 0x0A00_0003, port: 1883))
    }

    @Test func `What the owner changes holds from the next attempt on`() {
        let world = LinkWorld()
        world.connect()
        world.change { settings in
            settings.endpoints[0].host = ByteView("10.0.0.9")
            settings.retryMs = 7000
            settings.maxRetryMs = 7000
            settings.stableMs = 5000
        }
        #expect(world.isUp)
        #expect(world.breakOff() == ["ended closed"])
        world.net.random = 3500
        #expect(world.retry() == 7000)
        world.turn(afterMs: 7000)
        #expect(world.net.connects.last == Address(v4: 0x0A00_0009, port: 1883))
    }
}
