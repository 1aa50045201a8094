import Base
import Broker
import TestWorld
import Testing

/// How connections begin and end, and that nothing is left of them.
@Suite struct LifetimeTests {
    @Test func `keep-alive ends a silent client after one and a half times its period [MQTT-3.1.2-24]`() {
        let world = World()
        let client = world.connect().enter("c", keepAlive: 10)
        world.pass(seconds: 14.9)
        #expect(!client.isClosed)
        world.pass(seconds: 1)
        #expect(world.closeReasons == ["keep-alive-expired"])
    }

    @Test func `any packet keeps a client alive [MQTT-3.1.2-23]`() {
        let world = World()
        let client = world.connect().enter("c", keepAlive: 10)
        for _ in 0..<5 {
            world.pass(seconds: 12)
            #expect(client.exchange(Packet.ping) == [0xD0, 0])
        }
        #expect(!client.isClosed)
    }

    @Test func `what was there in time counts, however late it is read [MQTT-3.1.2-24]`() {
        let world = World()
        let client = world.connect().enter("c", keepAlive: 10)
        client.send(Packet.ping)
        world.server.io.advance(byMs: 60_000)
        world.settle()
        #expect(client.received() == [0xD0, 0] && !client.isClosed)
    }

    @Test func `what was there in time counts, too, when so many are heard of that one turn does not do`() {
        let world = World("max_connections 200\nglobal_max_clients 200", connections: 200)
        let clients = (0..<200).map { world.connect().enter("c\($0)", keepAlive: 10) }
        for client in clients.dropLast() { client.send(Packet.ping) }
        world.server.io.advance(byMs: 60_000)
        world.settle()
        #expect(clients.map(\.isClosed) == (0..<200).map { $0 == 199 })
    }

    @Test func `keep-alive works across the wrap of the clock`() {
        let world = World(clock: Tick(ms: UInt32.max - 5000))
        let client = world.connect().enter("c", keepAlive: 10)
        world.pass(seconds: 14)
        #expect(!client.isClosed)
        world.pass(seconds: 2)
        #expect(client.isClosed)
    }

    @Test func `a client with keep-alive zero may be silent for a day`() {
        let world = World()
        let client = world.connect().enter("c", keepAlive: 0)
        world.server.io.letsTimePass = true
        world.server.io.advance(byMs: 86_400_000)
        world.settle()
        #expect(!client.isClosed)
    }

    @Test func `a keep-alive above the cap is refused with 0x02`() {
        let world = World("max_keepalive 60")
        #expect(world.connect().exchange(Packet.connect("a", keepAlive: 61)) == [0x20, 2, 0, 2])
        #expect(world.connect().exchange(Packet.connect("b", keepAlive: 0)) == [0x20, 2, 0, 2])
        #expect(world.connect().exchange(Packet.connect("c", keepAlive: 60)) == [0x20, 2, 0, 0])
        #expect(world.closeReasons == ["keep-alive-too-long", "keep-alive-too-long"])
    }

    @Test func `a connection without CONNECT is ended at its deadline`() {
        let world = World("connect_timeout 5")
        let client = world.connect()
        client.send(Array(Packet.connect("c").dropLast()))
        world.pass(seconds: 4.5)
        #expect(!client.isClosed)
        world.pass(seconds: 1)
        #expect(world.closeReasons == ["connect-timeout"])
    }

    @Test func `a packet that trickles in is no sign of life`() {
        let world = World("stall_timeout 20")
        let client = world.connect().enter("c", keepAlive: 60)
        let packet = Packet.publish("t", [UInt8](repeating: 0, count: 60))
        for byte in packet.prefix(25) where !client.isClosed {
            client.exchange([byte])
            world.pass(seconds: 1)
        }
        #expect(world.closeReasons == ["packet-timeout"])
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `a client that reads nothing is ended after the stall time`() {
        let world = World("stall_timeout 30")
        let receiver = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        world.server.io.setSendRoom(receiver.peer, 3)
        sender.exchange(Packet.publish("t", [1, 2, 3]))
        world.pass(seconds: 29)
        #expect(!receiver.isClosed)
        world.pass(seconds: 2)
        #expect(world.closeReasons == ["output-stalled"])
        #expect(world.server.inUse.messages == 0)
    }

    @Test func `a client that reads slowly but steadily stays, even if the system long says nothing of it`() {
        let world = World("stall_timeout 30")
        let receiver = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        sender.exchange(Packet.publish("t", [UInt8](repeating: 1, count: 200)))
        world.server.io.setSendRoom(receiver.peer, 0)
        sender.exchange(Packet.publish("t", [2]))
        for _ in 0..<8 {
            world.pass(seconds: 20)
            _ = receiver.received(limit: 10)
        }
        #expect(!receiver.isClosed)
        world.pass(seconds: 61)
        #expect(world.closeReasons == ["output-stalled"])
    }

    @Test func `a second connection with the same client id ends the first [MQTT-3.1.4-2]`() {
        let world = World()
        let first = world.connect().enter("c").subscribe("t")
        let second = world.connect().enter("c")
        #expect(first.isClosed)
        #expect(world.closeReasons == ["taken-over"])
        #expect(second.exchange(Packet.publish("t", [1]) + Packet.ping) == [0xD0, 0], "a clean session begins empty")
    }

    @Test func `a persistent session goes on after the connection [MQTT-3.1.2-4, MQTT-3.2.2-2]`() {
        let world = World()
        let first = world.connect().enter("c", clean: false).subscribe("t", qos: 1)
        first.leave()
        world.connect().enter("s").exchange(Packet.publish("t", [7], qos: 1, packetID: 1))
        let again = world.connect().exchange(Packet.connect("c", clean: false))
        #expect(again == [0x20, 2, 1, 0] + Packet.publish("t", [7], qos: 1, packetID: 1))
    }

    @Test func `what was not acknowledged is sent again with DUP and the same id [MQTT-4.4.0-1, MQTT-3.3.1-1]`() {
        let world = World()
        let first = world.connect().enter("c", clean: false).subscribe("t", qos: 2)
        let sender = world.connect().enter("s")
        sender.exchange(Packet.publish("t", [1], qos: 1, packetID: 1) + Packet.publish("t", [2], qos: 2, packetID: 2))
        let one = Packet.publish("t", [1], qos: 1, packetID: 1)
        #expect(first.received() == one + Packet.publish("t", [2], qos: 2, packetID: 2))
        first.leave(isOrderly: false)
        let again = world.connect()
        #expect(
            again.exchange(Packet.connect("c", clean: false)) == [0x20, 2, 1, 0]
                + Packet.publish("t", [1], qos: 1, packetID: 1, isDuplicate: true)
                + Packet.publish("t", [2], qos: 2, packetID: 2, isDuplicate: true))
        let release = Packet.acknowledge(0x62, 2)
        #expect(again.exchange(Packet.acknowledge(0x40, 1) + Packet.acknowledge(0x50, 2)) == release)
        again.leave(isOrderly: false)
        // After PUBREC only PUBREL is sent again [MQTT-4.3.3-1].
        #expect(world.connect().exchange(Packet.connect("c", clean: false)) == [0x20, 2, 1, 0] + release)
    }

    @Test func `an absent client's messages and session expire`() {
        let world = World("offline_message_expiry 1h\npersistent_client_expiration 30d")
        world.connect().enter("c", clean: false).subscribe("t", qos: 1).leave()
        world.connect().enter("s").exchange(Packet.publish("t", [7], qos: 1, packetID: 1) + Packet.disconnect)
        #expect(world.server.inUse.messages == 1)
        world.server.io.advance(byMs: 3_600_500)
        world.settle()
        #expect(world.server.inUse.messages == 0)
        #expect(world.server.drops.expired == 1)
        #expect(world.server.inUse.sessions == 1)
        for _ in 0..<29 {
            world.server.io.advance(byMs: 86_400_000)
            world.settle()
        }
        #expect(world.server.inUse.sessions == 1)
        world.server.io.advance(byMs: 86_400_000)
        world.settle()
        #expect(world.server.inUse == Broker.InUse())
    }

    @Test func `everything is given back when the clients are gone`() {
        let world = World()
        let clients = (0..<10).map {
            world.connect().enter("c\($0)").subscribe("a/\($0)/#", qos: 2).subscribe("a/+/x", qos: 1)
        }
        for client in clients {
            for topic in 0..<10 {
                client.exchange(Packet.publish("a/\(topic)/x", [1, 2, 3], qos: 2, packetID: UInt16(topic + 1)))
            }
        }
        #expect(world.server.inUse.deliveries > 0)
        for (index, client) in clients.enumerated() {
            if index % 2 == 0 { client.exchange(Packet.disconnect) } else { client.leave(isOrderly: index % 3 == 0) }
        }
        #expect(world.server.inUse == Broker.InUse())
        #expect(world.server.connectionCount == 0)
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `stopping says goodbye to all and ends the loop`() {
        let world = World()
        let client = world.connect().enter("c")
        world.server.io.askToStop()
        let goesOn = world.server.turn()
        #expect(!goesOn)
        world.server.shutDown()
        #expect(client.isClosed)
        #expect(world.closeReasons == ["shutdown"])
        #expect(world.log.hasSuffix("event=stopped\n"))
    }
}
