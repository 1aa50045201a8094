import Broker
import TestWorld
import Testing

/// What waits for a client, by the keys that say it.
@Suite struct QueueTests {
    private func waiting(_ config: String, _ send: (Client) -> Void) -> (world: World, payloads: [UInt8]) {
        let world = World(config)
        world.connect().enter("c", clean: false).subscribe("t", qos: 1).leave()
        send(world.connect().enter("s"))
        let all = world.connect().exchange(Packet.connect("c", clean: false))
        return (world, packets(all).dropFirst().compactMap(\.last))
    }

    @Test(arguments: [("oldest", [3, 4, 5]), ("newest", [1, 2, 3])] as [(String, [UInt8])])
    func `a full queue drops what queue_policy says`(policy: String, left: [UInt8]) {
        let (world, payloads) = waiting("queue_policy \(policy)\nmax_queued_messages 3") { sender in
            for i: UInt8 in 1...5 { sender.exchange(Packet.publish("t", [i], qos: 1, packetID: UInt16(i))) }
        }
        #expect(payloads == left)
        world.pass(seconds: 1.1)
        #expect(world.server.drops.queueFull == 2)
    }

    @Test(arguments: [(true, [1, 2]), (false, [2])] as [(Bool, [UInt8])])
    func `messages of QoS 0 wait for an absent client if queue_qos0_messages says so`(waits: Bool, left: [UInt8]) {
        let (_, payloads) = waiting("queue_qos0_messages \(waits)") { sender in
            sender.exchange(Packet.publish("t", [1]) + Packet.publish("t", [2], qos: 1, packetID: 1))
        }
        #expect(payloads == left)
    }

    @Test func `a reload changes the policy for the messages to come`() {
        let (_, payloads) = waiting("queue_policy newest\nmax_queued_messages 2") { sender in
            for i: UInt8 in 1...3 { sender.exchange(Packet.publish("t", [i], qos: 1, packetID: UInt16(i))) }
            sender.world.reload("queue_policy oldest\nmax_queued_messages 2")
            sender.exchange(Packet.publish("t", [4], qos: 1, packetID: 4))
        }
        #expect(payloads == [2, 4])
    }

    @Test(arguments: [(0, []), (1, [0x40, 2, 0, 7]), (2, [0x50, 2, 0, 7])] as [(UInt8, [UInt8])])
    func `a payload may be as long as message_size_limit, and a longer one is acknowledged and dropped`(
        qos: UInt8, acknowledgement: [UInt8]
    ) {
        let world = World("message_size_limit 10")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        func publish(_ count: Int) -> [UInt8] {
            sender.exchange(Packet.publish("t", [UInt8](repeating: 1, count: count), qos: qos, packetID: 7))
        }
        #expect(publish(11) == acknowledgement)
        #expect(reader.received() == [])
        // Of QoS 2 the id is taken: a repetition is one, and counted once.
        if qos == 2 {
            #expect(publish(11) == acknowledgement)
            sender.exchange([0x62, 2, 0, 7])
        }
        #expect(publish(10) == acknowledgement)
        #expect(reader.received() == Packet.publish("t", [UInt8](repeating: 1, count: 10)))
        #expect(world.server.drops.payloadTooLong == 1)
    }
}
