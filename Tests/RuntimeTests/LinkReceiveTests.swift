import Base
import Runtime
import TestSupport
import TestWorld
import Testing
import Wire

struct LinkReceiveTests {
    @Test func `QoS 1 is acknowledged when the owner is done with it [MQTT-4.3.2-2]`() {
        let world = LinkWorld()
        world.acknowledges = false
        world.connect()
        #expect(world.receive("32 06 00 01 't' 00 07 'p'") == ["message t p"])
        #expect(world.sent() == [])
        world.acknowledge(0)
        #expect(world.sent() == hex("40 02 00 07"))
    }

    @Test func `QoS 2 is passed on once, however often it comes before PUBREL [MQTT-4.3.3-2]`() {
        let world = LinkWorld()
        world.connect()
        #expect(world.receive("34 06 00 01 't' 00 07 'p'") == ["message t p"])
        #expect(world.receive("3c 06 00 01 't' 00 07 'p'") == [])
        #expect(world.sent() == hex("50 02 00 07 50 02 00 07"))
        #expect(world.receive("62 02 00 07") == [])
        #expect(world.sent() == hex("70 02 00 07"))
        #expect(world.receive("34 06 00 01 't' 00 07 'p'") == ["message t p"])
    }

    /// Takes packets of 16 bytes, and reads 8 at a time.
    private func narrowWorld() -> LinkWorld {
        let world = LinkWorld(
            limits: {
                $0.maxPacketBytes = 16
                $0.receiveBytes = 8
            }, settings: { $0.skipsTooLong = true })
        world.connect()
        return world
    }

    @Test(arguments: [(0, ""), (1, "40 02 00 07"), (2, "50 02 00 07")] as [(UInt8, String)])
    func `a message that is too long is acknowledged and passed over`(qos: UInt8, answer: String) {
        for topicBytes in [1, 15, 16, 30, 46 - (qos > 0 ? 2 : 0)] {
            let topic = String(repeating: "t", count: topicBytes)
            let payload = [UInt8](repeating: 0x70, count: 48 - 2 - topicBytes - (qos > 0 ? 2 : 0))
            let world = narrowWorld()
            let packet = Packet.publish(topic, payload, qos: qos, packetID: 7)
            #expect(world.receive(packet + hex("30 04 00 01 't' 'p'")) == ["message t p"])
            #expect(world.sent() == hex(answer))
            #expect(world.counters.skipped == 1)
        }
    }

    @Test(arguments: [
        ("32 30 00 01 't' 00 00", "bad-packet-id"), ("32 30 00 2d", "malformed"), ("36 30 00 01", "malformed"),
        ("90 30", "packet-too-large"),
    ])
    func `what is too long and breaks the rules besides ends the connection`(packet: String, reason: String) {
        #expect(narrowWorld().receive(packet) == ["ended violation \(reason)"])
    }

    @Test func `a connection that breaks within a message that is too long leaves nothing behind`() {
        let world = narrowWorld()
        #expect(world.receive("32 30 00 01 't' 00 07 'p'") == [])
        #expect(world.breakOff() == ["ended closed"])
        world.connect(LinkWorld.connackPresent)
        #expect(world.receive("30 04 00 01 't' 'p'") == ["message t p"])
    }

    @Test func `PUBREL of an unknown id is answered, since PUBCOMP may have been lost`() {
        let world = LinkWorld()
        world.connect()
        world.receive("62 02 00 07")
        #expect(world.sent() == hex("70 02 00 07"))
    }

    @Test func `Acknowledgements go out in the order of the messages, whichever is done first [MQTT-4.6.0-2]`() {
        let world = LinkWorld()
        world.acknowledges = false
        world.connect()
        world.receive("32 06 00 01 't' 00 01 'a' 32 06 00 01 't' 00 02 'b' 34 06 00 01 't' 00 03 'c'")
        world.acknowledge(2)
        world.acknowledge(1)
        #expect(world.sent() == [])
        world.acknowledge(0)
        #expect(world.sent() == hex("40 02 00 01 40 02 00 02 50 02 00 03"))
    }

    @Test func `A message that comes again while its owner is not done with it is not a new one`() {
        let world = LinkWorld(clean: false)
        world.acknowledges = false
        world.connect()
        #expect(world.receive("32 06 00 01 't' 00 05 'p' 34 06 00 01 't' 00 06 'q'").count == 2)
        #expect(world.breakOff() == ["ended closed"])
        world.connect(LinkWorld.connackPresent)
        #expect(world.receive("3a 06 00 01 't' 00 05 'p'") == [])
        world.acknowledge(0)
        #expect(world.sent() == hex("40 02 00 05"))
        // Done while it was not known whether it would come again.
        world.acknowledge(1)
        #expect(world.sent() == [])
        #expect(world.receive("3c 06 00 01 't' 00 06 'q'") == [])
        #expect(world.sent() == hex("50 02 00 06"))
    }

    @Test func `Another message with the id of one that did not come again is a new one`() {
        let world = LinkWorld(clean: false)
        world.acknowledges = false
        world.connect()
        world.receive("32 06 00 01 't' 00 05 'p'")
        _ = world.breakOff()
        world.connect(LinkWorld.connackPresent)
        #expect(world.receive("32 06 00 01 't' 00 05 'q'") == ["message t q"])
        world.acknowledge(0)
        #expect(world.sent() == [])
        world.acknowledge(1)
        #expect(world.sent() == hex("40 02 00 05"))
    }

    @Test func `Ids that a broker has forgotten, though it has the session, do not fill the window for good`() {
        let world = LinkWorld()
        world.connect()
        for id in 1...8 as ClosedRange<UInt8> {
            #expect(world.receive(hex("34 06 00 01 't' 00") + [id, 0x70]) == ["message t p"])
        }
        #expect(world.receive("34 06 00 01 't' 00 09 'p'") == ["ended violation receive-window-exceeded"])
        world.connect(hex("20 02 01 00"))
        // The oldest make room; what is not the oldest is known as before.
        #expect(world.receive("34 06 00 01 't' 00 09 'p'") == ["message t p"])
        #expect(world.receive("3c 06 00 01 't' 00 02 'p'") == [])
        #expect(world.receive("62 02 00 03") == [])
        for id in 10...16 as ClosedRange<UInt8> {
            #expect(world.receive(hex("34 06 00 01 't' 00") + [id, 0x70]) == ["message t p"])
        }
        #expect(world.receive("34 06 00 01 't' 00 11 'p'") == ["ended violation receive-window-exceeded"])
    }

    @Test func `A broker that has forgotten the session sends nothing again, and old tickets mean nothing`() {
        let world = LinkWorld(clean: false)
        world.acknowledges = false
        world.connect()
        world.receive("34 06 00 01 't' 00 05 'p'")
        _ = world.breakOff()
        world.connect(LinkWorld.connack)
        #expect(world.receive("3c 06 00 01 't' 00 05 'n'") == ["message t n"])
        world.acknowledge(0)
        #expect(world.sent() == [])
        world.acknowledge(1)
        #expect(world.sent() == hex("50 02 00 05"))
    }

    @Test func `With as many messages as can be noted the next waits in the network`() {
        let world = LinkWorld()
        world.acknowledges = false
        world.connect()
        let many = (1...9).flatMap { hex("32 05 00 01 't' 00") + [UInt8($0)] }
        #expect(world.receive(many).count == 8)
        #expect(world.hasMore && world.net.interest & Event.readable == 0)
        world.acknowledge(0)
        #expect(world.tickets.count == 9)
        #expect(world.sent() == hex("40 02 00 01"))
    }

    @Test func `More QoS 2 messages than can be noted end the connection: their PUBRELs would come too late`() {
        let world = LinkWorld()
        world.connect()
        let many = (1...9).flatMap { hex("34 05 00 01 't' 00") + [UInt8($0)] }
        #expect(world.receive(many).last == "ended violation receive-window-exceeded")
    }

    @Test func `Messages that come in pieces of any size are whole`() {
        let bytes = hex("30 04 00 01 'a' 'x' d0 00 32 06 00 01 'b' 00 01 'y' 30 03 00 01 'c'")
        for size in 1...bytes.count {
            let world = LinkWorld()
            world.connect()
            var told: [String] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                told += world.receive(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(told == ["message a x", "message b y", "message c "], "pieces of \(size)")
        }
    }

    @Test func `A message as long as a packet may be is taken, and a longer one ends the connection`() {
        let world = LinkWorld()
        world.connect()
        let longest = hex("30 fd 1f 00 01 't'") + [UInt8](repeating: UInt8(ascii: "x"), count: 4090)
        #expect(longest.count == 4096)
        let told = "message t " + String(repeating: "x", count: 4090)
        #expect(world.receive(longest + longest) == [told, told])
        #expect(world.receive("30 fe 1f") == ["ended violation packet-too-large"])
    }

    @Test func `What came before the end of a connection is taken before the end is told`() {
        let world = LinkWorld()
        world.connect()
        world.net.incoming = hex("30 04 00 01 't' 'a' 30 04 00 01 't' 'b'")
        world.net.isClosedByPeer = true
        var told: [String] = []
        for _ in 0..<3 { told += world.turn(flags: Event.readable | Event.failed) }
        #expect(told == ["message t a", "message t b", "ended closed"])
    }

    /// The broker is gone, and what it sent is in the window.
    private func leftBehind(_ messages: ClosedRange<Int>) -> LinkWorld {
        let world = LinkWorld(clean: false)
        world.connect()
        world.net.incoming = messages.flatMap { hex("32 05 00 01 't' 00") + [UInt8($0)] }
        world.net.isClosedByPeer = true
        // Read, but not taken; and then there is nothing more to read.
        for _ in 0..<2 { #expect(world.turn(flags: Event.readable | Event.failed, takes: 0) == []) }
        world.net.isClosedByPeer = false
        return world
    }

    @Test func `What was taken after the connection had broken is no new message when it comes again`() {
        let world = leftBehind(1...3)
        #expect(world.turn() == ["message t ", "message t ", "message t ", "ended closed"])
        world.connect(LinkWorld.connackPresent)
        #expect(world.receive("3a 05 00 01 't' 00 02 3a 05 00 01 't' 00 03") == [])
        #expect(world.sent() == hex("40 02 00 02 40 02 00 03"))
    }

    @Test func `A broken connection ends though it left more messages than can be noted`() {
        let world = leftBehind(1...20)
        #expect(world.turn().count == 9)
        #expect(world.isIdle)
    }

    @Test func `A broken connection ends though it left more to be answered than there is room for`() {
        let world = LinkWorld(limits: { $0.sendBytes = 64 })
        world.connect()
        world.net.incoming = (1...40).flatMap { hex("62 02 00") + [UInt8($0)] }
        world.net.isClosedByPeer = true
        world.turn(flags: Event.readable | Event.failed, takes: 0)
        #expect(world.turn(flags: Event.readable | Event.failed) == ["ended closed"])
    }
}
