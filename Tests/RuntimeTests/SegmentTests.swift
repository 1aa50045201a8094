import TestWorld
import Testing

/// How the byte stream happens to be cut must not matter.
@Suite struct SegmentTests {
    /// A whole session: subscribe, publish to oneself at every QoS, ping. What is received is not acknowledged, since
    /// an acknowledgement must not come before its message.
    private let session: [[UInt8]] = [
        Packet.subscribe(1, "a/#", qos: 2),
        Packet.publish("a/b", [1]),
        Packet.publish("a/b", [2], qos: 1, packetID: 10),
        Packet.publish("a/b", [3], qos: 2, packetID: 11),
        Packet.acknowledge(0x62, 11),
        Packet.ping,
    ]

    /// Replies and messages may be batched differently, so they are compared packet by packet, each kind in its order.
    private func sorted(_ bytes: [UInt8]) -> [UInt8: [[UInt8]]] {
        var packets: [UInt8: [[UInt8]]] = [:]
        var i = 0
        while i < bytes.count {
            let end = i + 2 + Int(bytes[i + 1])
            packets[bytes[i], default: []].append(Array(bytes[i..<end]))
            i = end
        }
        return packets
    }

    private func play(_ cut: (Client, [UInt8]) -> [UInt8]) -> [UInt8: [[UInt8]]] {
        let world = World()
        let client = world.connect().enter("c")
        var all: [UInt8] = []
        for packet in session { all += cut(client, packet) }
        #expect(world.server.packetSlabsInUse == 0)
        #expect(!client.isClosed)
        return sorted(all)
    }

    @Test func `a session whose packets arrive byte by byte answers the same as one in whole packets`() {
        let whole = play { $0.exchange($1) }
        let bytes = play { client, packet in packet.flatMap { client.exchange([$0]) } }
        #expect(whole == bytes)
        #expect(whole[0x34] == [[0x34, 8, 0, 3, 97, 47, 98, 0, 2, 3]])
    }

    @Test func `a session cut in two at any byte answers the same as one in whole packets`() {
        let whole = play { $0.exchange($1) }
        let stream = session.flatMap { $0 }
        for cut in 1..<stream.count {
            let world = World()
            let client = world.connect().enter("c")
            var all = client.exchange(Array(stream[..<cut]))
            all += client.exchange(Array(stream[cut...]))
            #expect(sorted(all) == whole, "cut at byte \(cut)")
            #expect(world.server.packetSlabsInUse == 0)
        }
    }

    @Test func `a session in a single read answers the same as one in whole packets`() {
        let whole = play { $0.exchange($1) }
        let world = World()
        #expect(sorted(world.connect().enter("c").exchange(session.flatMap { $0 })) == whole)
    }

    @Test func `CONNECT and what follows may come in one read`() {
        let world = World()
        let client = world.connect()
        #expect(client.exchange(Packet.connect("c") + Packet.ping) == [0x20, 2, 0, 0, 0xD0, 0])
    }

    @Test(arguments: [1, 3, 64, 1000])
    func `a long packet read in pieces arrives whole`(piece: Int) {
        let world = World()
        let payload = (0..<3900).map { UInt8(truncatingIfNeeded: $0) }
        let receiver = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        world.server.io.setReceiveLimit(sender.peer, piece)
        sender.exchange(Packet.publish("t", payload))
        #expect(receiver.received() == Packet.publish("t", payload))
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test(arguments: [1, 2, 7, 300])
    func `what a slow socket takes in small bites is neither lost nor torn`(bite: Int) {
        let world = World()
        let receiver = world.connect().enter("r").subscribe("t", qos: 1)
        let sender = world.connect().enter("s")
        world.server.io.setSendRoom(receiver.peer, 0)
        let messages = (0..<5).map { Packet.publish("t", [UInt8](repeating: UInt8($0), count: 700 * $0), qos: 0) }
        for message in messages { sender.exchange(message) }
        // An acknowledgement of our own must not be pushed into the middle of a message.
        receiver.send(Packet.ping)
        var all: [UInt8] = []
        while all.count < messages.joined().count + 2 {
            world.server.io.setSendRoom(receiver.peer, bite)
            world.settle()
            let got = receiver.received()
            #expect(!got.isEmpty)
            if got.isEmpty { return }
            all += got
        }
        let expected = Array(messages.joined())
        let pong = all.indices.first { all[$0] == 0xD0 && Array(all[..<$0]) + Array(all[($0 + 2)...]) == expected }
        #expect(pong != nil, "messages and the PINGRESP are not whole")
    }
}
