import Base
import TestSupport
import Testing
import Wire

/// Clients that do anything at any time against a broker with hardly any room: nothing traps, what they see is in
/// order, and what they held is given back.
struct ChaosTests {
    /// A client's side: what it was sent and has not finished.
    private struct Peer {
        var client: TestBroker.Client?
        /// Ids of exchanges that were begun and not ended.
        var open: Set<UInt16> = []
        /// What it was sent of a packet that is not all there.
        var partial: [UInt8] = []
        /// QoS 2 ids of its own.
        var nextID: UInt16 = 1
    }

    private static let acl = """
        topic #
        pattern deny secret/%c
        user ann
        topic read #
        topic write a/#
        """

    @Test(arguments: seeds, [true, false])
    func `Whatever clients do, no id is used twice at a time, and everything is given back`(
        seed: UInt64, isSimple: Bool
    ) {
        var random = SplitMix64(seed: seed)
        let broker = TestBroker(start: UInt32.max - 5_000_000, acl: isSimple ? nil : ChaosTests.acl) {
            if !isSimple {
                $0.queuePolicy = .dropOldest
                $0.queuesQoS0 = true
                $0.maxRetainedMessages = 6
                $0.maxRetainedBytes = 1500
            }
            $0.maxClients = 5
            $0.maxSubscriptions = 12
            $0.maxSubscriptionsPerClient = 4
            $0.maxTopicNodes = 16
            $0.maxMessages = 24
            $0.messageStoreBytes = 8192
            $0.maxDeliveries = 40
            $0.maxQueuedMessages = 15
            $0.maxQueuedBytes = 3000
            $0.maxInflightMessages = 4
            $0.maxIncomingInflight = 12
            $0.offlineMessageExpirySeconds = 600
            $0.persistentClientExpirationSeconds = 7200
        }
        var peers = [Peer](repeating: Peer(), count: 6)
        for round in 0..<6000 {
            let i = random.below(6)
            let problem = step(broker, &peers[i], "c\(i)", &random)
            if let problem { return fail("round \(round): \(problem)") }
        }
        // Whoever is known can be taken over, and leaves with nothing.
        for i in peers.indices {
            let client = broker.connectOutcome(Packet.connect("c\(i)", isClean: true)).client
            if let client { broker.disconnect(client) }
        }
        let client = broker.connect("c0")
        for topic in ChaosTests.topics(of: peers) {
            broker.publish(client, packet: Packet.publish(topic, [], retain: true))
        }
        broker.disconnect(client)
        #expect(broker.retained == .init())
        #expect(broker.inUse == .init())
    }

    private static func topics(_ id: String) -> [String] {
        ["a", "a/b", "a/b/c", "d", "", "secret"].map { $0 + "/" + id }
    }

    private static func topics(of peers: [Peer]) -> [String] { peers.indices.flatMap { topics("c\($0)") } + ["w"] }

    /// One thing that a client may do. Answers what is wrong with what it sees.
    private func step(_ broker: TestBroker, _ peer: inout Peer, _ id: String, _ random: inout SplitMix64) -> String? {
        guard let client = peer.client else {
            guard random.chance(30) else {
                broker.pass(seconds: Double(random.below(random.chance(5) ? 8000 : 60)))
                return nil
            }
            let will = Packet.Will(
                topic: random.pick(["w", "a/" + id, "$SYS/w"]), payload: random.pick(["", "gone"]),
                qos: UInt8(random.below(3)), retain: random.chance(30))
            let packet = Packet.connect(
                id, isClean: random.chance(30), user: random.pick([nil, "ann"]), will: random.chance(40) ? will : nil,
                isBridge: random.chance(10))
            let connected = broker.connectOutcome(packet).client
            peer.client = connected
            peer.partial = []
            if let connected, !connected.isSessionPresent { peer.open = [] }
            return nil
        }
        let topics = ChaosTests.topics(id)
        switch random.below(12) {
        case 0:
            broker.disconnect(client, isOrderly: random.chance(50))
            peer.client = nil
        case 1:
            // Gone without a word: the next CONNECT takes over.
            peer.client = nil
        case 2:
            let filter = random.pick(["#", "a/#", "+/b/+", "a/+", "d/+", "+/c1"])
            broker.subscribe(client, filter, qos: UInt8(random.below(3)))
        case 3:
            broker.unsubscribe(client, random.pick(["#", "a/#", "+/b/+", "a/+"]))
        case 4, 5, 6:
            let qos = UInt8(random.below(3))
            let payload = [UInt8](repeating: 1, count: random.below(random.chance(10) ? 2000 : 60))
            let packet = Packet.publish(
                random.pick(topics), random.chance(15) ? [] : payload, qos: qos, id: peer.nextID,
                retain: random.chance(25))
            let outcome = broker.publish(client, packet: packet)
            if qos == 2, outcome == .done { peer.nextID = peer.nextID % 6 + 1 }
        case 7:
            broker.release(client, id: UInt16(1 + random.below(6)))
        case 8:
            return finish(broker, client, &peer, &random)
        default:
            return take(broker.write(client, limit: random.chance(30) ? random.below(40) : Int.max), &peer)
        }
        return nil
    }

    /// Acknowledges something, mostly what is due.
    private func finish(
        _ broker: TestBroker, _ client: TestBroker.Client, _ peer: inout Peer, _ random: inout SplitMix64
    ) -> String? {
        guard let id = peer.open.sorted().first(where: { _ in random.chance(60) }) else { return nil }
        let outcomes = [PacketType.puback, .pubrec, .pubcomp].map { broker.acknowledge(client, $0, id: id) }
        guard let last = outcomes.last else { return nil }
        if outcomes[0] == .done {
            peer.open.remove(id)
            // The two after it are for nobody.
            return outcomes == [.done, .release, .done] ? nil : "\(outcomes) for id \(id)"
        }
        guard outcomes[1] == .release, last == .done else { return "\(outcomes) for id \(id)" }
        peer.open.remove(id)
        return nil
    }

    /// Reads what was sent. A new packet has an id that is not open, a repeated one an id that is.
    private func take(_ bytes: [UInt8], _ peer: inout Peer) -> String? {
        peer.partial += bytes
        while !peer.partial.isEmpty {
            let packet = peer.partial
            let (problem, count) = packet.withUnsafeBufferPointer { buffer -> (String?, Int) in
                let view = ByteView(buffer.baseAddress!, buffer.count)
                guard case .frame(let frame, let count) = FrameReader.next(view, maxPacketBytes: 1 << 20) else {
                    return (nil, 0)
                }
                return (judge(frame, &peer), count)
            }
            if let problem { return problem }
            if count == 0 { return nil }
            peer.partial.removeFirst(count)
        }
        return nil
    }

    private func judge(_ frame: Frame, _ peer: inout Peer) -> String? {
        if frame.type == .pubrel, case .packet(let id) = Acknowledgement.decode(frame.body) {
            return !peer.open.contains(id) ? "PUBREL \(id) for nothing" : nil
        }
        guard frame.type == .publish, case .packet(let publish) = Publish.decode(frame) else { return "no PUBLISH" }
        guard publish.qos != .atMostOnce else { return nil }
        // A packet that was cut off comes again with DUP, and the client never saw it.
        let isNew = peer.open.insert(publish.packetID).inserted
        return isNew || publish.isDuplicate ? nil : "id \(publish.packetID) is in use"
    }
}
