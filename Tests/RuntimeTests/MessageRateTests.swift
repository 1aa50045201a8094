import Base
import Broker
import TestWorld
import Testing

/// `max_message_rate`: who sends faster is read no faster.
@Suite struct MessageRateTests {
    private func burst(_ range: Range<Int>, qos: UInt8 = 0) -> [UInt8] {
        range.flatMap { Packet.publish("t", [UInt8($0)], qos: qos, packetID: qos == 0 ? 0 : UInt16($0 + 1)) }
    }

    @Test func `a burst is taken as fast as allowed, in order, and nothing is lost`() {
        let world = World("max_message_rate 10")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        world.pass(seconds: 1)
        sender.exchange(burst(0..<25))
        #expect(reader.received() == burst(0..<10))
        world.pass(seconds: 0.9)
        #expect(reader.received() == [])
        world.pass(seconds: 0.3)
        #expect(reader.received() == burst(10..<20))
        world.pass(seconds: 1)
        #expect(reader.received() == burst(20..<25))
        #expect(world.server.drops == DropCounters())
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `whoever keeps to the rate is never held up`() {
        let world = World("max_message_rate 10")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        for i in 0..<40 {
            sender.exchange(burst(i..<(i + 1)))
            #expect(reader.received() == burst(i..<(i + 1)))
            world.pass(seconds: 0.12)
        }
    }

    @Test func `messages of QoS 1 are acknowledged as they are taken`() {
        let world = World("max_message_rate 3")
        let sender = world.connect().enter("s")
        #expect(sender.exchange(burst(0..<7, qos: 1)).count == 3 * 4)
        world.pass(seconds: 1.1)
        #expect(sender.received().count == 3 * 4)
        world.pass(seconds: 1.1)
        #expect(sender.received() == Packet.acknowledge(0x40, 7))
    }

    @Test func `what stands behind the messages waits with them, and others do not`() {
        let world = World("max_message_rate 2")
        let other = world.connect().enter("o")
        let sender = world.connect().enter("s")
        #expect(sender.exchange(burst(0..<3) + Packet.ping) == [])
        #expect(other.exchange(burst(0..<1) + Packet.ping) == [0xD0, 0])
        world.pass(seconds: 1.1)
        #expect(sender.received() == [0xD0, 0])
    }

    @Test func `only messages count`() {
        let world = World("max_message_rate 2")
        let client = world.connect().enter("c")
        for _ in 0..<20 { #expect(client.exchange(Packet.ping) == [0xD0, 0]) }
    }

    @Test func `a client that is held up still gets what is for it`() {
        let world = World("max_message_rate 2")
        let client = world.connect().enter("c").subscribe("for-c")
        client.exchange(burst(0..<5))
        world.connect().enter("s").exchange(Packet.publish("for-c", [7]))
        #expect(client.received() == Packet.publish("for-c", [7]))
    }

    @Test func `keep-alive does not blame a client for what is not read`() {
        let world = World("max_message_rate 2")
        let client = world.connect().enter("c", keepAlive: 1)
        client.exchange(burst(0..<12))
        for _ in 0..<6 {
            client.exchange(Packet.ping)
            world.pass(seconds: 1)
        }
        #expect(!client.isClosed)
        world.pass(seconds: 2)
        #expect(client.received().count == 6 * 2, "all pings are answered in the end")
        #expect(world.closeReasons == ["keep-alive-expired"], "the silence since then is the client's")
    }

    @Test(arguments: 1..<20)
    func `a packet of which a part came is whole in the end`(cut: Int) {
        let world = World("max_message_rate 2\nstall_timeout 5")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        let stream = burst(0..<4)
        sender.exchange(Array(stream[..<cut]))
        sender.exchange(Array(stream[cut...]))
        world.pass(seconds: 2.5)
        #expect(reader.received() == stream)
        #expect(!sender.isClosed)
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `a client that says goodbye behind its messages has them all delivered`() {
        let world = World("max_message_rate 2")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s", keepAlive: 10)
        sender.send(burst(0..<5) + Packet.disconnect)
        sender.leave()
        world.pass(seconds: 3)
        #expect(reader.received() == burst(0..<5))
        #expect(world.closeReasons == ["disconnect"])
        // No deadline of it is left, which would be somebody else's.
        world.pass(seconds: 20)
    }

    @Test func `a client that breaks off has all delivered that has arrived, at once`() {
        let world = World("max_message_rate 2")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        sender.exchange(burst(0..<5))
        sender.send(burst(5..<8))
        world.server.io.peerClose(sender.peer, isOrderly: false, hasArrived: true)
        world.settle()
        #expect(reader.received() == burst(0..<8))
        #expect(world.closeReasons == ["network-error"])
        #expect(world.server.packetSlabsInUse == 0)
    }

    @Test func `after weeks of silence a client has its whole rate`() {
        let world = World("max_message_rate 2")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        sender.exchange(burst(0..<1))
        for _ in 0..<30 {
            world.server.io.advance(byMs: 86_400_000)
            world.settle()
        }
        sender.exchange(burst(1..<2))
        sender.exchange(burst(2..<3))
        #expect(reader.received() == burst(0..<3))
        world.pass(seconds: 1.2)
        sender.exchange(burst(3..<4))
        #expect(reader.received() == burst(3..<4))
    }

    @Test func `a clock that wraps makes no difference`() {
        let world = World("max_message_rate 2", clock: Tick(ms: UInt32.max - 800))
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        sender.exchange(burst(0..<6))
        #expect(reader.received() == burst(0..<2))
        world.pass(seconds: 1.1)
        #expect(reader.received() == burst(2..<4))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `however a stream is cut, no second takes more than the rate, and nothing is lost`(seed: UInt64) {
        var state = seed
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let world = World("max_message_rate 5")
        let reader = world.connect().enter("r").subscribe("t")
        let sender = world.connect().enter("s")
        let stream = burst(0..<120)
        var (rest, received, perStep): ([UInt8], [UInt8], [Int]) = (stream, [], [])
        while received.count < stream.count, perStep.count < 600 {
            let piece = below(4) == 0 ? below(90) : 0
            sender.exchange(Array(rest.prefix(piece)))
            rest = Array(rest.dropFirst(piece))
            let now = reader.received()
            received += now
            perStep.append(now.count / 6)
            world.pass(seconds: 0.1)
        }
        #expect(received == stream, "seed \(seed)")
        // Two seconds may meet in a window of one: each has its share at most.
        let windows = perStep.indices.map { perStep[max(0, $0 - 9)...$0].reduce(0, +) }
        #expect(windows.max()! <= 10, "seed \(seed)")
    }
}
