import Base
import Broker
import TestSupport
import TestWorld
import Testing

@testable import Runtime

/// Clients that do anything at any time, on a network that cuts as it likes, with passwords, rates, limits that are
/// near and reloads in between: nothing traps, and all is given back.
@Suite struct ChaosTests {
    private static func config(_ random: inout SplitMix64) -> String {
        """
        log_type none
        allow_anonymous \(random.chance(70))
        password_file p
        acl_file a
        max_connections 8
        global_max_clients 10
        listener 1883
        \(random.chance(30) ? "max_connections 3" : "")
        \(random.chance(60) ? "listener 1884" : "")
        max_message_rate \(random.pick([0, 1, 5, 50]))
        max_connect_rate \(random.pick([0, 2, 20]))
        max_keepalive \(random.pick([0, 30]))
        stall_timeout \(random.pick([2, 20]))
        connect_timeout \(random.pick([2, 10]))
        max_queued_messages \(random.pick([0, 3, 30]))
        queue_policy \(random.pick(["oldest", "newest"]))
        queue_qos0_messages \(random.chance(50))
        max_retained_messages \(random.pick([0, 3, 40]))
        retain_available \(random.chance(80))
        message_size_limit \(random.pick([0, 100]))
        offline_message_expiry \(random.pick([0, 5]))
        persistent_client_expiration \(random.pick([0, 20]))
        sys_interval 3
        packet_store_size \(random.pick(["4K", "8K", "32K"]))
        max_messages \(random.pick([56, 200]))
        message_store_size \(random.pick(["8K", "64K"]))
        max_deliveries \(random.pick([16, 200]))
        max_subscriptions \(random.pick([5, 64]))
        max_topic_nodes \(random.pick([8, 64]))
        max_incoming_inflight \(random.pick([4, 40]))
        receive_buffer_size \(random.pick(["1K", "4K"]))
        max_inflight_messages \(random.pick([1, 20]))
        """
    }

    private static func files(_ world: World, _ random: inout SplitMix64) {
        let users = random.chance(80) ? World.passwords("ann", "bob") : World.passwords("bob")
        let acls = [
            "topic #\nuser ann\ntopic #\nuser bob\ntopic #", "topic read #\npattern write %c/#\nuser ann\ntopic a",
            "# none",
        ]
        world.setFiles(passwords: [0: users], acls: [0: random.pick(acls)])
    }

    private static func packet(_ random: inout SplitMix64) -> [UInt8] {
        let topic = random.pick(["a", "a/b", "c1/x", "$SYS/x", "b//c", "a/b/c/d"])
        let id = UInt16(1 + random.below(5))
        switch random.below(12) {
        case 0, 1, 2, 3:
            let qos = UInt8(random.below(3))
            let payload = [UInt8](repeating: 7, count: random.pick([0, 1, 20, 300, 3000]))
            var packet = Packet.publish(topic, payload, qos: qos, packetID: qos == 0 ? 0 : id)
            if random.chance(30) { packet[0] |= 1 }
            return packet
        case 4, 5:
            let filter = random.pick(["#", "a/#", "+", "a", "$SYS/#", "+/x"])
            return Packet.subscribe(UInt8(id), filter, qos: UInt8(random.below(3)))
        case 6: return Packet.framed(0xA2, [0, 1] + Packet.text(random.pick(["#", "a/#", "+"])))
        case 7: return Packet.acknowledge(random.pick([0x40, 0x50, 0x70]), id)
        case 8: return Packet.acknowledge(0x62, id)
        case 9: return Packet.ping
        case 10: return random.chance(20) ? Packet.disconnect : Packet.ping
        default: return random.chance(10) ? [UInt8(random.below(256)), UInt8(random.below(4)), 0, 1] : Packet.ping
        }
    }

    private static func connect(_ random: inout SplitMix64) -> [UInt8] {
        let id = random.pick(["c0", "c1", "c2", "c3", "c4", ""])
        let clean = id.isEmpty || random.chance(50)
        let user: String? = random.pick([nil, nil, "ann", "bob", "nobody", "a+"])
        let password = random.chance(80) ? "secret" : random.pick(["wrong", "", String(repeating: "p", count: 1100)])
        guard user == nil, random.chance(40) else {
            return Packet.login(id, user, user == nil ? nil : password, clean: clean)
        }
        let flags: UInt8 = 4 | UInt8(random.below(3)) << 3 | (random.chance(30) ? 0x20 : 0) | (clean ? 2 : 0)
        let will = Packet.text(random.pick(["a", "$SYS/w", "w"])) + Packet.text(random.pick(["gone", ""]))
        let fixed = Packet.text("MQTT") + [random.chance(10) ? 0x84 : 4, flags, 0, 5]
        return Packet.framed(0x10, fixed + Packet.text(id) + will)
    }

    /// A client, and what it still has to send.
    private final class Peer {
        let client: Client
        var unsent: [UInt8]
        init(_ client: Client, _ unsent: [UInt8]) {
            self.client = client
            self.unsent = unsent
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `whatever happens nothing traps, and all is given back`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let world = World(ChaosTests.config(&random), clock: Tick(ms: UInt32.max - 60_000), connections: 300)
        ChaosTests.files(world, &random)
        var peers: [Peer] = []
        var connections = 0
        for _ in 0..<2500 {
            step(world, &peers, &connections, &random)
            if random.chance(70) { world.settle() } else { _ = world.server.turn() }
            for peer in peers where random.chance(60) { _ = peer.client.received() }
            peers.removeAll { $0.client.isClosed }
        }
        // All leave, and their sessions end.
        world.server.io.holdsVerdict = false
        for peer in peers { peer.client.leave(isOrderly: random.chance(50)) }
        world.reload("log_type none\nallow_anonymous true\nsys_interval 3\nstall_timeout 2\nlistener 1883")
        for peer in 0..<connections { world.server.io.setReceiveLimit(peer, Int.max) }
        world.pass(seconds: 10)
        #expect(world.server.connectionCount == 0)
        #expect(world.server.packetSlabsInUse == 0)
        for id in ["c0", "c1", "c2", "c3", "c4"] {
            world.connect(host: 99).enter(id).exchange(Packet.disconnect)
            world.pass(seconds: 1.1)
        }
        #expect(world.server.inUse.sessions == 0)
        #expect(world.server.inUse.deliveries == 0)
        #expect(world.server.inUse.subscriptions == 0)
        #expect(world.server.inUse.inboundIDs == 0)
    }

    /// One thing that may happen.
    private func step(_ world: World, _ peers: inout [Peer], _ connections: inout Int, _ random: inout SplitMix64) {
        switch random.below(20) {
        case 0, 1, 2:
            guard connections < 290 else { return }
            let address = Address(v4: UInt32(random.below(3)), port: world.nextPort())
            guard let client = world.tryToConnect(port: random.pick([1883, 1883, 1884]), from: address) else { return }
            connections += 1
            peers.append(Peer(client, random.chance(95) ? ChaosTests.connect(&random) : []))
        case 3: world.server.io.holdsVerdict = random.chance(30)
        case 4: world.pass(seconds: random.pick([0.1, 0.5, 1, 5]))
        case 5:
            guard random.chance(20) else { return }
            world.reload(ChaosTests.config(&random))
            ChaosTests.files(world, &random)
        case 6: if random.chance(20) { world.server.io.askToReport() }
        default:
            guard !peers.isEmpty else { return }
            act(world, random.pick(peers), &peers, &random)
        }
    }

    /// One thing that a client, or the network to it, may do.
    private func act(_ world: World, _ peer: Peer, _ peers: inout [Peer], _ random: inout SplitMix64) {
        switch random.below(14) {
        case 0: world.server.io.setSendRoom(peer.client.peer, random.pick([0, 1, 50, Int.max]))
        case 1: world.server.io.setReceiveLimit(peer.client.peer, random.pick([2, 40, Int.max]))
        case 2:
            let (isOrderly, hasArrived) = (random.chance(50), random.chance(50))
            world.server.io.peerClose(peer.client.peer, isOrderly: isOrderly, hasArrived: hasArrived)
            peers.removeAll { $0 === peer }
        default:
            if peer.unsent.count < 4000 {
                for _ in 0..<random.below(6) { peer.unsent += ChaosTests.packet(&random) }
            }
            let piece = random.chance(70) ? peer.unsent.count : random.below(peer.unsent.count + 1)
            peer.client.send(Array(peer.unsent.prefix(piece)))
            peer.unsent.removeFirst(piece)
        }
    }
}
