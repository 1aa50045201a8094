import Base
import Runtime
import TestSupport
import Testing
import Wire

struct LinkPublishTests {
    private func publish(_ world: LinkWorld, _ payload: StaticString, _ qos: QoS, retain: Bool = false) {
        #expect(world.publish(payload, qos, retain: retain) == .taken)
    }

    @Test func `packet ids begin anywhere, where the broker may know those of an earlier run`() {
        let world = LinkWorld(settings: { $0.beginsAnywhere = true })
        world.net.random = 0xABCD_1233
        world.connect()
        #expect(world.publish("p", .exactlyOnce) == .taken)
        world.turn()
        #expect(world.sent() == hex("34 06 00 01 't' 12 34 'p'"))
    }

    @Test func `QoS 0 is sent once and forgotten [MQTT-4.3.1-1]`() {
        let world = LinkWorld()
        world.connect()
        publish(world, "p", .atMostOnce, retain: true)
        world.turn()
        #expect(world.sent() == hex("31 04 00 01 't' 'p'"))
        #expect(world.hasSentAll)
    }

    @Test func `QoS 1 is kept until PUBACK [MQTT-4.3.2-1]`() {
        let world = LinkWorld()
        world.connect()
        publish(world, "p", .atLeastOnce)
        world.turn()
        #expect(world.sent() == hex("32 06 00 01 't' 00 01 'p'"))
        #expect(!world.hasSentAll)
        #expect(world.receive("40 02 00 01") == ["published 1"])
        #expect(world.hasSentAll && world.queuedCount == 0)
    }

    @Test func `QoS 2 goes through PUBREC, PUBREL and PUBCOMP [MQTT-4.3.3-1]`() {
        let world = LinkWorld()
        world.connect()
        publish(world, "p", .exactlyOnce)
        world.turn()
        #expect(world.sent() == hex("34 06 00 01 't' 00 01 'p'"))
        #expect(world.receive("50 02 00 01") == [])
        #expect(world.sent() == hex("62 02 00 01"))
        #expect(world.receive("70 02 00 01") == ["published 1"])
        #expect(world.hasSentAll)
    }

    @Test func `What was not acknowledged is sent again, in order, and says so [MQTT-4.4.0-1, MQTT-4.6.0-1]`() {
        let world = LinkWorld(clean: false)
        world.connect()
        for payload: StaticString in ["a", "b", "c", "d"] { publish(world, payload, .atLeastOnce) }
        publish(world, "e", .exactlyOnce)
        world.turn()
        world.receive("40 02 00 02")
        world.receive("50 02 00 05")
        #expect(world.breakOff() == ["ended closed"])
        #expect(world.connect(LinkWorld.connackPresent) == ["connected present"])
        world.turn()
        // [MQTT-3.3.1-1]; the broker has the last one already.
        let repeated = hex("3a 06 00 01 't' 00 01 'a' 3a 06 00 01 't' 00 03 'c' 3a 06 00 01 't' 00 04 'd'")
        #expect(world.sent() == repeated + hex("62 02 00 05"))
        #expect(world.receive("40 02 00 01 40 02 00 03 40 02 00 04 70 02 00 05").count == 4)
        #expect(world.hasSentAll)
    }

    @Test func `What waits for a connection is sent when there is one, behind what is repeated`() {
        let world = LinkWorld()
        world.connect()
        publish(world, "a", .atLeastOnce)
        world.turn()
        #expect(world.breakOff() == ["ended closed"])
        publish(world, "b", .atMostOnce)
        publish(world, "c", .atLeastOnce)
        world.connect()
        #expect(
            world.sent() == hex("3a 06 00 01 't' 00 01 'a' 30 04 00 01 't' 'b' 32 06 00 01 't' 00 02 'c'"))
    }

    @Test func `No more than max-inflight messages are on their way at a time`() {
        let world = LinkWorld(settings: { $0.maxInflight = 2 })
        world.connect()
        for payload: StaticString in ["a", "b", "c"] { publish(world, payload, .atLeastOnce) }
        world.turn()
        #expect(world.sent() == hex("32 06 00 01 't' 00 01 'a' 32 06 00 01 't' 00 02 'b'"))
        world.receive("40 02 00 01")
        #expect(world.sent() == hex("32 06 00 01 't' 00 03 'c'"))
    }

    @Test func `A message longer than all buffers goes out piece by piece, and nothing stands in its middle`() {
        let world = LinkWorld()
        world.connect()
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 30_000)
        world.net.sendRoom = 2000
        #expect(world.publish(payload, .atLeastOnce) == .taken)
        world.turn()
        // An answer that falls due meanwhile.
        world.receive("32 06 00 01 'm' 00 09 'p'")
        while world.net.interest & Event.writable != 0 {
            world.net.sendRoom = 700
            world.turn(flags: Event.writable)
        }
        let header = hex("32 b5 ea 01 00 01 't' 00 01")
        #expect(world.sent() == header + payload + hex("40 02 00 09"))
    }

    @Test func `A file is read as it is sent, from its beginning each time`() {
        let world = LinkWorld()
        world.net.file = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        world.connect()
        #expect(world.publishFile(bytes: 5000) == .taken)
        world.turn()
        #expect(world.sent() == hex("32 8d 27 00 01 't' 00 01") + world.net.file)
        _ = world.breakOff()
        world.connect()
        #expect(world.sent() == hex("3a 8d 27 00 01 't' 00 01") + world.net.file)
    }

    @Test func `A file that has become shorter ends the connection, and its message is given up`() {
        let world = LinkWorld()
        world.net.file = [1, 2, 3]
        world.connect()
        #expect(world.publishFile(bytes: 4) == .taken)
        world.turn()
        #expect(world.turn() == ["ended fileFailed"])
        #expect(world.hasSentAll)
    }

    @Test func `A full queue takes no more, or drops what has waited longest`() {
        let world = LinkWorld(limits: { $0.maxQueued = 2 })
        publish(world, "a", .atLeastOnce)
        publish(world, "b", .atLeastOnce)
        #expect(world.publish("c", .atLeastOnce) == .full)

        let dropping = LinkWorld(limits: { $0.maxQueued = 2 }, settings: { $0.dropsOldest = true })
        for payload: StaticString in ["a", "b", "c"] { publish(dropping, payload, .atMostOnce) }
        #expect(dropping.counters.droppedFull == 1)
        dropping.connect()
        #expect(dropping.sent() == hex("30 04 00 01 't' 'b' 30 04 00 01 't' 'c'"))
    }

    @Test func `A message that could never be kept is refused as too long`() {
        let world = LinkWorld(limits: { $0.queueBytes = 1200 })
        #expect(world.publish([UInt8](repeating: 0, count: 1300), .atLeastOnce) == .tooLong)
        #expect(world.publishFile(bytes: 268_435_450) == .taken)
        #expect(world.publishFile(bytes: 268_435_451) == .tooLong)
    }

    @Test func `What has waited too long for a connection is dropped`() {
        let world = LinkWorld(settings: { $0.queueExpiryMs = 60_000 })
        publish(world, "a", .atLeastOnce)
        world.turn(afterMs: 30_000)
        publish(world, "b", .atLeastOnce)
        #expect(world.msUntilDue == 30_000)
        world.turn(afterMs: 30_000)
        #expect(world.counters.droppedExpired == 1)
        world.connect()
        #expect(world.sent() == hex("32 06 00 01 't' 00 01 'b'"))
    }

    @Test func `A message that is being written is not dropped for its age, and nobody waits for that`() {
        let world = LinkWorld(settings: { $0.queueExpiryMs = 5000 })
        world.connect()
        world.net.sendRoom = 10
        #expect(world.publish([UInt8](repeating: UInt8(ascii: "x"), count: 2000), .atMostOnce) == .taken)
        world.turn()
        publish(world, "b", .atMostOnce)
        world.turn(afterMs: 5000)
        #expect(world.counters.droppedExpired == 1)
        #expect(world.msUntilDue.map { $0 > 0 } == true)
        world.net.sendRoom = 10_000
        world.turn(flags: Event.writable)
        #expect(world.hasSentAll && world.sent().count == 2006)
    }

    @Test func `An acknowledgement of the wrong kind ends the connection, and one of a stranger does not`() {
        let world = LinkWorld()
        world.connect()
        publish(world, "a", .exactlyOnce)
        world.turn()
        #expect(world.receive("40 02 00 63") == [])
        #expect(world.receive("40 02 00 01") == ["ended violation unexpected-packet"])
    }

    @Test func `Packet ids of requests and messages are never the same at a time [MQTT-2.3.1-2]`() {
        let world = LinkWorld()
        world.connect()
        #expect(world.subscribe("f", .atLeastOnce) == 1)
        publish(world, "a", .atLeastOnce)
        #expect(world.unsubscribe("f") == 2)
        world.turn()
        #expect(
            world.sent() == hex("82 06 00 01 00 01 'f' 01 a2 05 00 02 00 01 'f' 32 06 00 01 't' 00 03 'a'"))
        #expect(world.receive("90 03 00 01 01 b0 02 00 02") == ["subscribed 1 1", "unsubscribed 2"])
        // All ids pass by, and the one that the broker has not acknowledged is left out.
        for _ in 4...65_537 {
            publish(world, "x", .atMostOnce)
            _ = world.unsubscribe("f").map { id in
                #expect(id != 3)
                world.receive([0xb0, 2, UInt8(id >> 8), UInt8(id & 255)])
            }
        }
    }
}
