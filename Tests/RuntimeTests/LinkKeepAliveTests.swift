import Base
import Runtime
import TestSupport
import Testing

struct LinkKeepAliveTests {
    @Test func `PINGREQ goes out when nothing else was sent for the keep-alive time [MQTT-3.1.2-23]`() {
        let world = LinkWorld(keepAlive: 30)
        world.connect()
        world.turn(afterMs: 20_000)
        #expect(world.publish("", .atMostOnce) == .taken)
        world.turn()
        world.receive("30 03 00 01 'x'")
        _ = world.sent()
        world.turn(afterMs: 29_999)
        #expect(world.sent() == [])
        world.turn(afterMs: 1)
        #expect(world.sent() == hex("c0 00"))
        #expect(world.receive("d0 00") == [])
        #expect(world.turn(afterMs: 29_999) == [] && world.sent() == [])
        world.turn(afterMs: 1)
        #expect(world.sent() == hex("c0 00"))
    }

    @Test func `A broker that does not answer PINGREQ is given up after twenty seconds`() {
        let world = LinkWorld(keepAlive: 30)
        world.connect()
        world.turn(afterMs: 30_000)
        #expect(world.turn(afterMs: 19_999) == [])
        #expect(world.turn(afterMs: 1) == ["ended silent"])
        #expect(world.net.open == 0)
    }

    @Test func `A broker that is heard of is alive, though PINGRESP is late`() {
        let world = LinkWorld(keepAlive: 30)
        world.connect()
        world.turn(afterMs: 30_000)
        world.turn(afterMs: 19_000)
        world.receive("30 03 00 01 't'")
        #expect(world.turn(afterMs: 19_999) == [])
        #expect(world.turn(afterMs: 1) == ["ended silent"])
    }

    @Test func `One who only publishes asks, too, whether the broker is there`() {
        let world = LinkWorld(keepAlive: 30)
        world.connect()
        for _ in 0..<30 {
            #expect(world.publish("", .atMostOnce) == .taken)
            #expect(world.turn(afterMs: 1000) == [])
        }
        #expect(world.sent().suffix(2) == hex("c0 00"))
    }

    @Test func `A network that takes nothing is given up, and nobody turns in circles until then`() {
        let world = LinkWorld(keepAlive: 30)
        world.connect()
        world.net.sendRoom = 0
        // As many requests as there is room for.
        while world.subscribe("a/b/c/d/e/f/g", .atMostOnce) != nil {}
        world.turn(afterMs: 30_000)
        #expect(world.msUntilDue == 20_000)
        #expect(world.turn(afterMs: 19_999) == [])
        #expect(world.turn(afterMs: 1) == ["ended silent"])
    }

    @Test func `Without keep-alive nothing is sent and nobody is given up [MQTT-3.1.2-24]`() {
        let world = LinkWorld(keepAlive: 0)
        world.connect()
        #expect(world.turn(afterMs: 2_000_000_000) == [])
        #expect(world.sent() == [])
        #expect(world.msUntilDue == nil)
    }

    @Test func `What the owner does not take is not read, and the silence is not the broker's`() {
        let world = LinkWorld(keepAlive: 30)
        world.connect()
        world.receive(hex("30 03 00 01 'a' 30 03 00 01 'b' 30 03 00 01 'c'"), takes: 1)
        #expect(world.hasMore && world.net.interest & Event.readable == 0)
        for _ in 0..<10 { #expect(world.turn(afterMs: 10_000, takes: 0) == []) }
        #expect(world.isUp)
        // Still it is kept alive, whether or not the answers are seen.
        #expect(world.sent() == hex("c0 00 c0 00 c0 00"))
        #expect(world.turn() == ["message b ", "message c "])
        #expect(world.net.interest & Event.readable != 0)
    }
}
