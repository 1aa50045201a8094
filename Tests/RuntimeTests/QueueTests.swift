import Broker
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

    @Test(arguments: [(10, false), (11, true)])
    func `a payload may be as long as message_size_limit, and a longer one ends its sender`(
        count: Int, isTooLong: Bool
    ) {
        let world = World("message_size_limit 10")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        let message = Packet.publish("t", [UInt8](repeating: 1, count: count))
        sender.exchange(message)
        #expect(sender.isClosed == isTooLong)
        #expect(world.closeReasons == (isTooLong ? ["packet-too-large"] : []))
        #expect(reader.received() == (isTooLong ? [] : message))
    }
}
