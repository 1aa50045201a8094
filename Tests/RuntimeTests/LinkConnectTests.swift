import Base
import Glibc
import Runtime
import TestSupport
import Testing

struct LinkConnectTests {
    private static let connect = hex("10 0d 00 04 'MQTT' 04 02 00 3c 00 01 'c'")

    @Test func `A link connects, sends CONNECT, and is up when CONNACK says so [MQTT-3.1.0-1]`() {
        let world = LinkWorld()
        world.start()
        #expect(world.sent() == [])
        #expect(world.turn(flags: Event.writable) == [])
        #expect(world.sent() == LinkConnectTests.connect)
        #expect(!world.isUp)
        #expect(world.receive(LinkWorld.connack) == ["connected"])
        #expect(world.isUp)
    }

    @Test func `A CONNECT that the system takes byte by byte arrives whole`() {
        let world = LinkWorld()
        world.start()
        world.net.sendRoom = 1
        world.turn(flags: Event.writable)
        for _ in 1..<LinkConnectTests.connect.count {
            #expect(world.net.interest & Event.writable != 0)
            world.net.sendRoom = 1
            world.turn(flags: Event.writable)
        }
        #expect(world.sent() == LinkConnectTests.connect)
        #expect(world.receive(LinkWorld.connack) == ["connected"])
    }

    @Test func `Each address of a name and each endpoint is tried before an attempt has failed`() {
        let world = LinkWorld(hosts: ["broker.example", "localhost", "10.0.0.3"])
        world.net.refusals = [ECONNREFUSED, EHOSTUNREACH, ECONNREFUSED, ECONNREFUSED, ENETUNREACH]
        world.net.answers = [Address(v4: 0x0A00_0001, port: 0), Address(v4: 0x0A00_0002, port: 0)]
        world.net.answer = .addresses(2)
        world.start()
        #expect(world.net.asked == ["broker.example"])
        #expect(world.turn(flags: Event.resolved) == ["ended unreachable \(ENETUNREACH)"])
        let tried = world.net.connects
        #expect(tried.map(\.port) == [1883, 1883, 1883, 1883, 1883])
        #expect(tried[0] == Address(v4: 0x0A00_0001, port: 1883) && tried[1] == Address(v4: 0x0A00_0002, port: 1883))
        #expect(tried[2].isLoopback && tried[3].isLoopback && tried[2].isV4 && !tried[3].isV4)
        #expect(world.net.open == 0)
    }

    @Test func `An attempt that the system reports as failed later goes on with the next address`() {
        let world = LinkWorld(hosts: ["10.0.0.1", "10.0.0.2"])
        world.start()
        world.net.connectResult = ECONNREFUSED
        #expect(world.turn(flags: Event.writable | Event.failed) == [])
        #expect(world.net.open == 1 && world.net.connects.count == 2)
        #expect(world.turn(flags: Event.failed) == ["ended unreachable \(ECONNREFUSED)"])
        #expect(world.net.open == 0)
    }

    @Test(arguments: [(true, "ended notFound"), (false, "ended notResolved")])
    func `A name without an address, and one that nobody can tell, are different failures`(
        isKnown: Bool, told: String
    ) {
        let world = LinkWorld(hosts: ["broker.example"])
        world.net.answer = isKnown ? .notFound : .unavailable
        world.start()
        #expect(world.turn(flags: Event.resolved) == [told])
    }

    @Test func `An address that does not answer, or a server that does not, is given up in time`() {
        let world = LinkWorld(hosts: ["10.0.0.1", "10.0.0.2"])
        world.start()
        #expect(world.turn(afterMs: 9999) == [])
        #expect(world.net.connects.count == 1)
        #expect(world.turn(afterMs: 1) == [])
        #expect(world.net.connects.count == 2)
        world.turn(flags: Event.writable)
        #expect(world.turn(afterMs: 9999) == [])
        #expect(world.turn(afterMs: 1) == ["ended timedOut"])
        #expect(world.net.open == 0)
    }

    @Test func `A refusal tells the code, and the connection is closed`() {
        let world = LinkWorld()
        #expect(world.connect(hex("20 02 00 05")) == ["ended refused 5"])
        #expect(world.net.open == 0 && world.isIdle)
    }

    @Test func `What comes before CONNACK ends the connection [MQTT-3.2.0-1]`() {
        let world = LinkWorld()
        #expect(world.connect(hex("d0 00")) == ["ended violation unexpected-packet"])
        #expect(world.net.open == 0)
    }

    @Test func `The next attempt waits, longer each time, until a connection has lasted`() {
        let world = LinkWorld()
        for longest: UInt32 in [1000, 2000, 4000] {
            world.net.refusals = [ECONNREFUSED]
            world.start()
            #expect(world.turn() == ["ended unreachable \(ECONNREFUSED)"])
            world.net.random = longest / 2
            #expect(world.retry() == longest)
            let tried = world.net.connects.count
            world.turn(afterMs: longest - 1)
            #expect(world.net.connects.count == tried)
            world.net.refusals = [ECONNREFUSED]
            #expect(world.turn(afterMs: 1) == ["ended unreachable \(ECONNREFUSED)"])
            #expect(world.net.connects.count == tried + 1)
        }
        world.connect()
        world.turn(afterMs: 9999)
        #expect(world.breakOff() == ["ended closed"])
        #expect(world.retry() > 4000)
        world.connect()
        world.turn(afterMs: 10_000)
        #expect(world.breakOff() == ["ended closed"])
        #expect(world.retry() <= 1000)
    }

    @Test func `DISCONNECT is sent behind everything else, and then the connection is closed [MQTT-3.14.4-1]`() {
        let world = LinkWorld()
        world.connect()
        #expect(world.publish("p", .atLeastOnce) == .taken)
        world.disconnect()
        world.turn()
        #expect(world.sent() == hex("32 06 00 01 't' 00 01 'p'"))
        world.receive("40 02 00 01")
        #expect(world.sent() == hex("e0 00"))
        #expect(world.turn() == ["ended disconnected"])
        #expect(world.net.open == 0)
    }

    @Test func `A subscriber that leaves reads on until the broker has closed, so that DISCONNECT arrives`() {
        let world = LinkWorld()
        world.connect()
        #expect(world.subscribe("t", .atMostOnce) == 1)
        world.turn()
        world.receive("90 03 00 01 00")
        world.disconnect()
        #expect(world.turn() == [])
        #expect(world.receive("30 04 00 01 't' 'p'") == [])
        #expect(world.net.open == 1)
        #expect(world.breakOff() == ["ended disconnected"])
        #expect(world.net.open == 0)
    }

    @Test func `One whose session may have subscribed reads on as well, so that nothing it sent is lost`() throws {
        let world = LinkWorld(clean: false)
        world.connect(LinkWorld.connackPresent)
        #expect(world.publish("p", .atMostOnce) == .taken)
        world.disconnect()
        #expect(world.turn() == [])
        #expect(world.sent() == hex("30 04 00 01 't' 'p' e0 00"))
        try #require(world.net.open == 1)
        #expect(world.receive("30 04 00 01 't' 'q'") == [])
        #expect(world.breakOff() == ["ended disconnected"])
    }

    @Test func `Leaving does not wait for a broker that does not close for more than five seconds`() {
        let world = LinkWorld()
        world.connect()
        _ = world.subscribe("t", .atMostOnce)
        world.turn()
        world.disconnect()
        #expect(world.turn(afterMs: 4999) == [])
        #expect(world.turn(afterMs: 1) == ["ended disconnected"])
    }

    @Test func `Leaving takes its time while one message after the other arrives, and no more when none does`() {
        let world = LinkWorld(settings: { $0.maxInflight = 1 })
        world.connect()
        for _ in 0..<3 { #expect(world.publish("p", .atLeastOnce) == .taken) }
        world.turn()
        world.disconnect()
        for id in ["01", "02"] {
            #expect(world.turn(afterMs: 4000) == [])
            world.receive("40 02 00 \(id)")
        }
        #expect(world.turn(afterMs: 4999) == [])
        #expect(world.turn(afterMs: 1) == ["ended disconnected"])
    }

    @Test func `An attempt can be broken off at any stage`() {
        let world = LinkWorld(hosts: ["broker.example"])
        world.start()
        world.disconnect()
        #expect(world.turn() == ["ended disconnected"])
        // The answer comes too late to mean anything.
        #expect(world.turn(flags: Event.resolved) == [])
        #expect(world.isIdle && world.net.connects.isEmpty)
    }
}
