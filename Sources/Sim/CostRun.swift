import Base
import Broker
import Config
import Runtime
import Wire

/// A broker and the clients of a workload in a world where nothing else costs anything: what a message costs is the
/// difference between one run and another with more messages. First comes a part in which all that the clients get is
/// looked at; later it is counted.
public struct CostRun: ~Copyable {
    private let shape: Shape
    var server: Server<CostIO>
    private var script: CostScript
    /// What each subscriber gets in one round, in which every publisher says all it has once.
    private let expected: UnsafeMutablePointer<Expected>
    /// Messages that reach a subscriber, connections, pings, or seconds.
    public private(set) var messagesPerRound = 1

    private struct Expected {
        var messages = 0
        /// Of `CostPeer.messageSum`.
        var sum: UInt32 = 0
    }

    /// Bytes that a run of any workload takes at most.
    public static var bytes: Int { 64 << 20 }
    private static var config: StaticString {
        """
        allow_anonymous true
        listener 1883
        max_subscriptions_per_client 11000
        max_subscriptions 12000
        max_topic_nodes 40000
        sys_interval 10

        """
    }

    /// `memory` has `bytes`, zeroed. `rows` is working memory of `Arena.maxRows`.
    public init(_ workload: Workload, memory: UnsafeMutableRawPointer, rows: UnsafeMutablePointer<PlanRow>) {
        guard case .settings(var settings) = ConfigFile.parse(ByteView(CostRun.config)) else {
            preconditionFailure("the config of a cost run is wrong")
        }
        shape = workload.shape
        if !shape.hasSystemTopics { settings.limits.sysIntervalSeconds = 0 }
        let planned = Plan(settings, rows: rows).total
        // Where pages begin, as for the broker itself.
        let ownStart = (planned + 4095) & ~4095
        var ownArena = Arena(base: memory + ownStart, capacity: CostRun.bytes - ownStart, rows: rows)
        let io = CostIO(&ownArena, peers: shape.peerCount)
        script = CostScript(&ownArena, shape)
        expected = ownArena.carve("expected", key: "sim", count: shape.subscribers + 1, of: Expected.self)
        expected.initialize(repeating: Expected(), count: shape.subscribers + 1)
        var arena = Arena(base: memory, capacity: planned, rows: rows)
        server = Server(io, &arena, settings: settings)
        arena.freeze()
        server.commitAccess(settings, passwords: InlineArray(repeating: nil), acls: InlineArray(repeating: nil))
        precondition(server.open() == nil)
        enter()
        subscribe()
        if shape.publishers > 0 { preparePublishers() }
        prepareOthers()
    }

    var firstSubscriber: Int { shape.publishers }
    private var firstOther: Int { shape.peerCount - shape.others }

    /// Lets the server work until it waits for something that does not come.
    mutating func settle() {
        let idle = server.io.idleWaits
        while server.io.idleWaits == idle { _ = server.turn() }
    }

    mutating func say(_ peer: Int, _ script: ByteView, partBytes: Int, parts: Int = 1) {
        server.io.peers[peer].say(script, partBytes: partBytes, parts: parts)
        server.io.queue(peer)
    }

    /// Everybody connects, and those that come and go do so once.
    private mutating func enter() {
        var i = 0
        while i < shape.peerCount {
            let connect = script.connect(i)
            server.io.peers[i].leaves = shape.does == .connecting
            say(i, connect, partBytes: connect.count)
            server.io.knock(i)
            i += 1
        }
        settle()
    }

    private mutating func subscribe() {
        var i = 0
        while i < shape.subscribers {
            let packets = script.subscriptions(i)
            say(firstSubscriber + i, packets, partBytes: packets.count)
            i += 1
        }
        if shape.unrelatedFilters > 0 {
            let packets = script.unrelatedSubscriptions()
            say(firstSubscriber + shape.subscribers, packets, partBytes: packets.count)
        }
        settle()
    }

    /// Their scripts, and what the subscribers will get of them.
    private mutating func preparePublishers() {
        messagesPerRound = 0
        var i = 0
        while i < shape.publishers {
            let messages = script.messages(i)
            server.io.peers[i].script = messages
            server.io.peers[i].partBytes = messages.count / shape.batches
            server.io.peers[i].awaited = shape.qos == 1 ? .puback : .pubcomp
            server.io.peers[i].awaitedPerPart = shape.qos == 0 ? 0 : shape.batch
            expect(messages, of: i)
            i += 1
        }
        if shape.isRetained {
            say(0, server.io.peers[0].script, partBytes: server.io.peers[0].partBytes)
            settle()
            let all = script.subscribeToAll()
            server.io.peers[firstSubscriber].script = all
            server.io.peers[firstSubscriber].partBytes = all.count
            server.io.peers[firstSubscriber].awaited = .publish
            server.io.peers[firstSubscriber].awaitedPerPart = shape.cycle
        }
    }

    private mutating func expect(_ messages: ByteView, of publisher: Int) {
        let messageBytes = messages.count / shape.cycle
        var message = 0
        while message < shape.cycle {
            let sum = CostPeer.messageSum(messages.slice(message * messageBytes, (message + 1) * messageBytes))
            let topic = shape.topic(publisher, message)
            var i = 0
            while i < shape.subscribers {
                if shape.receives(i, topic) {
                    expected[i].messages += 1
                    expected[i].sum = expected[i].sum &+ sum
                    messagesPerRound += 1
                }
                i += 1
            }
            message += 1
        }
    }

    private mutating func prepareOthers() {
        switch shape.does {
        case .nothing: break
        case .connecting: messagesPerRound = shape.others
        case .pinging: repeatAnswered(script.ping(), .pingresp)
        case .subscribing: repeatAnswered(script.subscribeAcross(), .suback)
        }
    }

    /// What the first of the others says, one at a time, and the answer to each.
    private mutating func repeatAnswered(_ packet: ByteView, _ answer: PacketType) {
        server.io.peers[firstOther].script = packet
        server.io.peers[firstOther].partBytes = packet.count
        server.io.peers[firstOther].awaited = answer
        server.io.peers[firstOther].awaitedPerPart = 1
    }

    /// So many rounds. Answers whether everybody got what is theirs, and nothing else.
    public mutating func run(rounds: Int, isChecking: Bool) -> Bool {
        var i = 0
        while i < shape.peerCount {
            server.io.peers[i].beginCounting(
                // Who has nothing to answer is not kept from counting.
                isReading: isChecking || shape.qos > 0 || shape.publishers == 0 || shape.isRetained,
                isChecking: isChecking)
            i += 1
        }
        let ended = server.io.connectionsEnded
        begin(rounds)
        settle()
        if shape.publishers == 0, shape.does == .nothing {
            i = 1
            while i < rounds {
                settle()
                i += 1
            }
        }
        let expectedEnds = shape.does == .connecting ? rounds * shape.others : 0
        return server.io.connectionsEnded - ended == expectedEnds && haveAll(rounds, isChecking: isChecking)
    }

    private mutating func begin(_ rounds: Int) {
        var i = 0
        if shape.isRetained {
            repeatScript(firstSubscriber, rounds)
            return
        }
        while i < shape.publishers {
            repeatScript(i, rounds * shape.batches)
            i += 1
        }
        switch shape.does {
        case .nothing: break
        case .pinging, .subscribing: repeatScript(firstOther, rounds)
        case .connecting:
            server.io.callsLeft = (rounds - 1) * shape.others
            i = 0
            while i < shape.others {
                repeatScript(i, 1)
                server.io.knock(i)
                i += 1
            }
        }
    }

    private mutating func repeatScript(_ peer: Int, _ parts: Int) {
        say(peer, server.io.peers[peer].script, partBytes: server.io.peers[peer].partBytes, parts: parts)
    }

    private func haveAll(_ rounds: Int, isChecking: Bool) -> Bool {
        var i = 0
        while i < shape.subscribers {
            let peer = server.io.peers[firstSubscriber + i]
            let messages = expected[i].messages * rounds
            if peer.isReading {
                guard peer.messages == messages else { return false }
            } else {
                guard peer.bytes == messages * peer.messageBytes else { return false }
            }
            if isChecking, peer.sum != expected[i].sum &* UInt32(rounds) { return false }
            i += 1
        }
        i = 0
        while shape.isPublishing, i < shape.publishers {
            guard server.io.peers[i].others == Int(shape.qos) * shape.cycle * rounds else { return false }
            i += 1
        }
        switch shape.does {
        case .nothing: return true
        case .pinging, .subscribing: return server.io.peers[firstOther].others == rounds
        case .connecting:
            var others = 0
            i = 0
            while i < shape.others {
                others += server.io.peers[i].others
                i += 1
            }
            return others == rounds * shape.others
        }
    }
}
