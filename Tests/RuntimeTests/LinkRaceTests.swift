import Base
import Glibc
import Runtime
import TestSupport
import Testing

struct LinkRaceTests {
    private static func v4(_ last: UInt32) -> Address { Address(v4: 0x0A00_0000 | last, port: 1883) }
    private static func v6(_ last: UInt32) -> Address { Address(words: (0xFD00_0000, 0, 0, last), port: 1883) }

    /// A link to a name with these addresses, which have been told; none of them is connected yet.
    private func world(_ addresses: [Address], hosts: [StaticString] = ["broker.example"]) -> LinkWorld {
        let world = LinkWorld(hosts: hosts)
        world.net.connectResult = -1
        world.net.answers = addresses
        world.net.answer = .addresses(addresses.count)
        world.start()
        world.turn(flags: Event.resolved)
        return world
    }

    @Test func `The next address has its chance after a quarter of a second, and the first still has its own`() {
        let world = world([LinkRaceTests.v4(1), LinkRaceTests.v4(2), LinkRaceTests.v4(3)])
        #expect(world.net.connects == [LinkRaceTests.v4(1)])
        #expect(world.msUntilDue == 250)
        world.turn(afterMs: 249)
        #expect(world.net.connects.count == 1)
        world.turn(afterMs: 1)
        world.turn(afterMs: 250)
        #expect(world.net.connects == [LinkRaceTests.v4(1), LinkRaceTests.v4(2), LinkRaceTests.v4(3)])
        #expect(world.net.descriptors == [7, 8, 9])
        world.net.connectResults[8] = 0
        world.turn(flags: Event.writable)
        #expect(world.net.descriptors == [8] && world.net.sender == 8)
        #expect(world.receive(LinkWorld.connack) == ["connected"])
    }

    @Test func `An address that fails hands on at once`() {
        let world = world([LinkRaceTests.v4(1), LinkRaceTests.v4(2), LinkRaceTests.v4(3)])
        world.turn(afterMs: 250)
        world.net.connectResults[7] = ECONNREFUSED
        world.turn(flags: Event.writable | Event.failed)
        #expect(world.net.descriptors == [8, 9])
        #expect(world.net.connects.last == LinkRaceTests.v4(3))
    }

    @Test func `Each address has its whole time, counted from its own beginning`() {
        let world = world([LinkRaceTests.v4(1), LinkRaceTests.v4(2)])
        world.turn(afterMs: 250)
        #expect(world.msUntilDue == 9750)
        world.turn(afterMs: 9750)
        #expect(world.net.descriptors == [8])
        #expect(world.turn(afterMs: 249) == [])
        #expect(world.turn(afterMs: 1) == ["ended timedOut"])
        #expect(world.net.open == 0)
    }

    @Test func `The families take turns, in the order that the resolver gave`() {
        let (v4, v6) = (LinkRaceTests.v4, LinkRaceTests.v6)
        let world = world([v6(1), v6(2), v6(3), v4(1), v4(2)])
        for _ in 0..<4 { world.turn(afterMs: 250) }
        #expect(world.net.connects == [v6(1), v4(1), v6(2), v4(2), v6(3)])
    }

    @Test func `Another broker is not raced with, however slow the first one is`() {
        let world = LinkWorld(hosts: ["10.0.0.1", "10.0.0.2"])
        world.net.connectResult = -1
        world.start()
        #expect(world.msUntilDue == 10_000)
        world.turn(afterMs: 9999)
        #expect(world.net.connects == [LinkRaceTests.v4(1)])
    }

    @Test func `An event of a descriptor that is closed by now means nothing to the one that has won`() {
        let world = world([LinkRaceTests.v4(1), LinkRaceTests.v4(2)])
        world.turn(afterMs: 250)
        world.net.connectResults[8] = 0
        world.turn(flags: Event.writable)
        #expect(world.turn(flags: Event.failed | Event.writable) == [])
        #expect(world.net.descriptors == [8])
    }

    @Test func `Without CONNACK in time the next address is tried, also one that was slower before`() {
        let world = world([LinkRaceTests.v4(1), LinkRaceTests.v4(2)])
        world.turn(afterMs: 250)
        world.net.connectResults[8] = 0
        world.turn(flags: Event.writable)
        world.turn(afterMs: 9999)
        #expect(world.net.descriptors == [8])
        world.net.sent = []
        #expect(world.turn(afterMs: 1) == [])
        #expect(world.net.descriptors == [9] && world.net.connects.last == LinkRaceTests.v4(1))
        world.net.connectResults[9] = 0
        world.turn(flags: Event.writable)
        #expect(world.sent() == hex("10 0d 00 04 'MQTT' 04 02 00 3c 00 01 'c'"))
        #expect(world.turn(afterMs: 10_000) == ["ended timedOut"])
        #expect(world.net.open == 0)
    }

    @Test func `One that closes before CONNACK is followed by the next at once`() {
        let world = LinkWorld(hosts: ["10.0.0.1", "10.0.0.2"])
        world.start()
        world.turn(flags: Event.writable)
        #expect(world.breakOff() == [])
        #expect(world.net.connects == [LinkRaceTests.v4(1), LinkRaceTests.v4(2)])
        world.turn(flags: Event.writable)
        #expect(world.receive(LinkWorld.connack) == ["connected"])
        #expect(world.net.descriptors == [8])
    }

    @Test func `One that is no MQTT broker is followed by the next at once`() {
        let world = LinkWorld(hosts: ["10.0.0.1", "10.0.0.2"])
        #expect(world.connect(hex("'HTTP/1.1' 0d 0a")) == [])
        #expect(world.net.descriptors == [8])
        world.turn(flags: Event.writable)
        #expect(world.receive(LinkWorld.connack) == ["connected"])
    }

    @Test(arguments: [2, 3, 4, 5])
    func `A broker that refuses makes room for the next, and with none left the last refusal is told`(code: UInt8) {
        let world = LinkWorld(hosts: ["10.0.0.1", "10.0.0.2"])
        #expect(world.connect([0x20, 2, 0, code]) == [])
        #expect(world.net.connects == [LinkRaceTests.v4(1), LinkRaceTests.v4(2)])
        world.turn(flags: Event.writable)
        #expect(world.receive("20 02 00 03") == ["ended refused 3"])
        #expect(world.net.open == 0 && world.isIdle)
    }

    @Test func `A refusal of the protocol's level ends the attempt, as the owner may have another`() {
        let world = LinkWorld(hosts: ["10.0.0.1", "10.0.0.2"])
        #expect(world.connect([0x20, 2, 0, 1]) == ["ended refused 1"])
        #expect(world.net.connects.count == 1)
    }

    @Test func `A race can be broken off, and leaves nothing open`() {
        let world = world([LinkRaceTests.v4(1), LinkRaceTests.v4(2)])
        world.turn(afterMs: 250)
        world.disconnect()
        #expect(world.turn() == ["ended disconnected"])
        #expect(world.net.open == 0)
    }

    @Test func `A name that nobody answers for is given up after half a minute, and the next endpoint has its turn`() {
        let world = LinkWorld(hosts: ["broker.example", "10.0.0.2"])
        world.start()
        world.turn(afterMs: 29_999)
        #expect(world.net.connects.isEmpty)
        world.turn(afterMs: 1)
        #expect(world.net.connects == [LinkRaceTests.v4(2)])
        // Too late.
        world.net.answer = .addresses(1)
        world.turn(flags: Event.resolved)
        #expect(world.net.connects.count == 1)
    }

    @Test func `An event for a question that was replaced by another says nothing`() {
        let world = LinkWorld(hosts: ["broker.example"])
        world.net.answer = .pending
        world.start()
        #expect(world.turn(flags: Event.resolved) == [])
        world.net.answer = .notFound
        #expect(world.turn(flags: Event.resolved) == ["ended notFound"])
    }

    @Test func `When sending fails, what the broker has said before is read`() {
        let world = LinkWorld()
        world.start()
        world.net.isDeaf = true
        world.net.isClosedByPeer = true
        world.net.incoming = hex("20 02 00 05")
        #expect(world.turn(flags: Event.writable) == ["ended refused 5"])
        #expect(world.net.open == 0)
    }

    @Test func `When sending fails and nothing is left to be read, the connection is lost`() {
        let world = LinkWorld()
        world.connect()
        #expect(world.publish("p", .atLeastOnce) == .taken)
        world.net.isDeaf = true
        world.net.incoming = hex("30 04 00 01 't' 'q'")
        #expect(world.turn() == [])
        #expect(world.msUntilDue == 0)
        #expect(world.turn() == ["message t q"])
        #expect(world.turn(flags: Event.readable | Event.failed) == ["ended lost"])
        #expect(world.net.open == 0)
    }
}
