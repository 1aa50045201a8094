import Base
import Broker
import TestWorld
import Testing

/// What happens when something is used up.
@Suite struct PressureTests {
    @Test func `connections beyond the limit are turned away and the others go on`() {
        let world = World("max_connections 2", connections: 8)
        let first = world.connect().enter("a")
        _ = world.connect().enter("b")
        let third = world.connect()
        world.settle()
        #expect(third.isClosed)
        #expect(first.exchange(Packet.ping) == [0xD0, 0])
        first.exchange(Packet.disconnect)
        _ = world.connect().enter("d")
        world.pass(seconds: 1.2)
        #expect(world.log.contains("event=refused connections=1"))
    }

    @Test func `more clients than fit are refused with 0x03`() {
        let world = World("max_connections 2\nglobal_max_clients 2")
        world.connect().enter("a", clean: false).leave()
        world.connect().enter("b", clean: false).leave()
        #expect(world.connect().exchange(Packet.connect("c")) == [0x20, 2, 0, 3])
        #expect(world.closeReasons.last == "server-full")
        _ = world.connect().enter("a", clean: false)
    }

    @Test func `a message longer than the limit ends its sender only`() {
        let world = World()
        let bystander = world.connect().enter("b")
        let client = world.connect().enter("c")
        client.exchange(Packet.publish("t", [UInt8](repeating: 0, count: 4096)))
        #expect(client.isClosed)
        #expect(world.closeReasons == ["packet-too-large"])
        #expect(bystander.exchange(Packet.ping) == [0xD0, 0])
    }

    @Test func `subscriptions beyond the limit are answered with 0x80 [MQTT-3.8.4-5]`() {
        let world = World("max_subscriptions_per_client 2")
        let client = world.connect().enter("c").subscribe("a").subscribe("b")
        #expect(client.exchange(Packet.subscribe(1, "c", qos: 0)) == [0x90, 3, 0, 1, 0x80])
        #expect(client.exchange(Packet.subscribe(1, "b", qos: 1)) == [0x90, 3, 0, 1, 1], "replacing takes no room")
    }

    @Test func `a queue at its limit drops the newest and the count is logged`() {
        let world = World("max_queued_messages 3")
        world.connect().enter("r", clean: false).subscribe("t", qos: 1).leave()
        let sender = world.connect().enter("s")
        for i in 1...5 { sender.exchange(Packet.publish("t", [UInt8(i)], qos: 1, packetID: UInt16(i))) }
        #expect(world.server.drops.queueFull == 2)
        world.pass(seconds: 1.2)
        #expect(world.log.contains("event=dropped queue-full="))
        let received = world.connect().exchange(Packet.connect("r", clean: false))
        let oldest = (1...3).flatMap { Packet.publish("t", [UInt8($0)], qos: 1, packetID: UInt16($0)) }
        #expect(received.prefix(4) == [0x20, 2, 1, 0])
        #expect(Array(received.dropFirst(4)) == oldest)
    }

    @Test func `a burst longer than the queue limit reaches a client that reads`() {
        let world = World("max_queued_messages 4")
        let receiver = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        let burst = (0..<100).flatMap { Packet.publish("t", [UInt8($0)]) }
        sender.exchange(burst)
        #expect(receiver.received() == burst)
        #expect(world.server.drops == DropCounters())
    }

    @Test func `publishers wait while the store is nearly full, and nothing is lost`() {
        let world = World("max_queued_messages 0\nmax_queued_bytes 0\nmax_messages 32")
        let receiver = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        world.server.io.setSendRoom(receiver.peer, 0)
        let burst = (0..<100).flatMap { Packet.publish("t", [UInt8($0)]) }
        sender.exchange(burst)
        #expect(world.server.inUse.messages >= 24)
        #expect(world.server.inUse.messages <= 32)
        world.server.io.setSendRoom(receiver.peer, Int.max)
        world.settle()
        #expect(receiver.received() == burst)
        #expect(world.server.drops == DropCounters())
    }

    @Test func `a store full for one that never reads does not silence the others`() {
        let world = World("max_queued_messages 0\nmax_queued_bytes 0\nmax_messages 32")
        let stuck = world.connect().enter("stuck").subscribe("t")
        let other = world.connect().enter("other").subscribe("u")
        let sender = world.connect().enter("s")
        world.server.io.setSendRoom(stuck.peer, 0)
        sender.exchange((0..<200).flatMap { Packet.publish("t", [UInt8($0)]) })
        world.pass(seconds: 90)
        #expect(stuck.isClosed)
        #expect(world.closeReasons == ["output-stalled"])
        sender.exchange(Packet.publish("u", [1]))
        world.pass(seconds: 2)
        #expect(other.received() == Packet.publish("u", [1]))
    }

    @Test func `when packet buffers are used up the oldest unfinished packet gives way`() {
        let world = World("packet_store_size 4K\nmax_packet_size 4K")
        let slow = world.connect().enter("slow")
        slow.exchange(Array(Packet.publish("t", [UInt8](repeating: 0, count: 4000)).prefix(3000)))
        let second = world.connect().enter("second")
        let packet = Packet.publish("t", [UInt8](repeating: 0, count: 4000))
        second.exchange(Array(packet.prefix(2000)))
        #expect(slow.isClosed)
        #expect(world.closeReasons == ["server-full"])
        #expect(second.exchange(Array(packet.dropFirst(2000)) + Packet.ping) == [0xD0, 0])
    }

    @Test func `when replies that nobody takes use up the packet buffers, whoever comes with half a packet is ended`() {
        let world = World("packet_store_size 4K\nstall_timeout 5\nmax_messages 2000\nmessage_store_size 1M")
        let stuck = world.connect().enter("stuck")
        world.server.io.setSendRoom(stuck.peer, 0)
        stuck.exchange((0..<2000).flatMap { _ in Packet.ping })
        let client = world.connect().enter("c", keepAlive: 1)
        client.exchange(Array(Packet.publish("t", [UInt8](repeating: 0, count: 900)).dropLast()))
        #expect(client.isClosed)
        #expect(world.closeReasons == ["server-full"])
        // No deadline of it is left, which would be somebody else's.
        world.pass(seconds: 10)
        #expect(world.closeReasons == ["server-full", "output-stalled"])
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `QoS 2 messages beyond what one client may have open end it`() {
        let world = World("max_incoming_inflight 8")
        let client = world.connect().enter("c")
        let reply = client.exchange(
            Packet.publish("t", [1], qos: 2, packetID: 1) + Packet.publish("t", [1], qos: 2, packetID: 2)
                + Packet.publish("t", [1], qos: 2, packetID: 1))
        #expect(reply == Packet.acknowledge(0x50, 1) + Packet.acknowledge(0x50, 2) + Packet.acknowledge(0x50, 1))
        #expect(client.exchange(Packet.publish("t", [1], qos: 2, packetID: 3)) == [])
        world.pass(seconds: 1.1)
        #expect(world.closeReasons == ["receive-window-exceeded"])
    }

    // Found by simulation: a client that first repeats its own messages whenever it comes back was ended before it
    // could say anything else, for ever.
    @Test func `a client whose message is refused may still release and acknowledge others [MQTT-4.8.0-2]`() {
        let world = World("max_incoming_inflight 4")
        let client = world.connect().enter("c").subscribe("#", qos: 1)
        #expect(client.exchange(Packet.publish("t", [1], qos: 2, packetID: 1)).prefix(4) == [0x50, 2, 0, 1])
        #expect(client.exchange(Packet.publish("t", [2], qos: 2, packetID: 2)) == [])
        // What comes behind a refused message would overtake it.
        #expect(client.exchange(Packet.publish("t", [3]) + Packet.publish("t", [4], qos: 1, packetID: 3)) == [])
        #expect(client.exchange(Packet.publish("t", [1], qos: 2, packetID: 1)) == Packet.acknowledge(0x50, 1))
        #expect(client.exchange(Packet.acknowledge(0x62, 1) + Packet.acknowledge(0x40, 1)) == [0x70, 2, 0, 1])
        #expect(world.server.inUse.inboundIDs == 0)
        #expect(world.server.inUse.deliveries == 0)
        #expect(world.server.drops.storeFull == 1)
        world.pass(seconds: 1.1)
        #expect(world.closeReasons == ["receive-window-exceeded"])
    }

    // Found by simulation: the answer stood in the middle of the message and was read as a part of it.
    @Test func `a connection that ends within a message gets no answer any more`() {
        let world = World()
        let client = world.connect().enter("c").subscribe("t")
        let room = 20
        world.server.io.setSendRoom(client.peer, room)
        world.connect().enter("p").exchange(Packet.publish("t", [UInt8](repeating: 7, count: 100)))
        #expect(client.received().count == room)
        world.server.io.setSendRoom(client.peer, 1000)
        // The answer is due in the turn that ends the connection.
        #expect(client.exchange(Packet.ping + [0, 0]) == [])
        #expect(world.closeReasons == ["bad-type"])
    }
}
