import Base
import Config
import Sim

@testable import Broker
@testable import Runtime

/// A server on a simulated network. Its memory is that of the world before, which must be gone.
final class World {
    var server: Server<SimIO>
    /// Connections so far; their ends have the numbers below.
    private(set) var connected = 0
    /// What the pools held when nobody had come.
    private let baseline: [Int]

    static let maxConnections = 16

    private static let pipeBytes = 2048
    private static let simBytes = 2 * maxConnections * pipeBytes + (80 << 10)
    private static let serverBytes = 256 << 10
    private nonisolated(unsafe) static let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    private nonisolated(unsafe) static let memory = UnsafeMutableRawPointer.allocate(
        byteCount: simBytes + serverBytes, alignment: 4096)
    private static let plans = (0..<Configs.count).map { index in
        Plan(Configs.settings(index), rows: rows).total
    }

    init(_ index: Int) {
        let settings = Configs.settings(index)
        let bytes = World.plans[index % Configs.count]
        precondition(bytes <= World.serverBytes)
        let start = World.memory + World.simBytes
        start.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        var simArena = Arena(base: World.memory, capacity: World.simBytes, rows: World.rows)
        var io = SimIO(
            &simArena, connections: World.maxConnections, pipeBytes: World.pipeBytes,
            // The clock wraps round a minute later.
            clock: Tick(ms: UInt32.max - 60_000), seed: 0x2545_F491)
        io.letsTimePass = false
        var arena = Arena(base: start, capacity: bytes, rows: World.rows)
        server = Server(io, &arena, settings: settings)
        arena.freeze()
        baseline = World.inUse(server)
        setFiles(settings, index / Configs.count)
        precondition(server.open() == nil)
    }

    private static func inUse(_ server: borrowing Server<SimIO>) -> [Int] {
        var all: [Int] = []
        while let use = server.poolUse(all.count) { all.append(use.inUse) }
        return all
    }

    /// For every set of rules that the settings have, the same files.
    private func setFiles(_ settings: Settings, _ index: Int) {
        var passwords = InlineArray<9, ByteView?>(repeating: nil)
        var acls = InlineArray<9, ByteView?>(repeating: nil)
        server.beginAccess()
        for i in 0..<settings.accessCount {
            if settings.access(i).passwordFile != nil { passwords[i] = server.keepAccess(Files.passwords(index)) }
            if settings.access(i).aclFile != nil { acls[i] = server.keepAccess(Files.acl(index)) }
        }
        server.commitAccess(settings, passwords: passwords, acls: acls)
    }

    /// What the program does when it is asked to read its files again; the upper bits of `index` choose among those.
    func reload(_ index: Int) {
        let settings = Configs.settings(index)
        guard server.obstacle(settings) == nil else { return }
        setFiles(settings, index / Configs.count)
        server.reload(settings)
    }

    /// The number of the new connection's end; nil when nobody listens there, or there were too many already.
    func connect(port: UInt16) -> Int? {
        let address = Address(v4: 0x7F00_0001, port: UInt16(40_000 + connected))
        guard let end = server.io.peerConnect(from: address, port: port) else { return nil }
        connected += 1
        return end
    }

    /// Lets the server run until it has nothing to do now.
    func settle() {
        let idle = server.io.idleWaits
        var turns = 0
        // What one turn leaves for the next is done by the second idle one.
        while server.io.idleWaits < idle + 2 {
            _ = server.turn()
            turns += 1
            precondition(turns < 20_000, "the server does not come to rest")
        }
    }

    func pass(ms: UInt32) {
        server.io.advance(byMs: ms)
        settle()
    }

    /// All have left: in time everything is given back.
    func checkBaseline() {
        server.io.holdsVerdict = false
        settle()
        // Those that still wait to be accepted, to be read, or for their password, come in second by second.
        var seconds = 0
        while !areAllClosed {
            pass(ms: 1000)
            seconds += 1
            precondition(seconds < 30, "a connection stays")
        }
        precondition(server.connectionCount == 0, "a connection stays without its socket")
        // And the sessions stay for a while.
        for _ in 0..<2 { pass(ms: 20_000) }
        precondition(server.packetSlabsInUse == 0, "a piece of a packet stays")
        precondition(server.memory.logins.isEmpty && !server.isLoginAsked, "a password waits for nobody")
        precondition(server.memory.dirty.isEmpty && server.memory.ended.isEmpty && server.memory.paused.count == 0)
        precondition(server.inUse.sessions == 0, "a session outlives its time")
        precondition(server.memory.broker.awayCount == 0, "somebody is away who is not known")
        while let topic = retainedTopic() { withView(topic) { server.memory.broker.removeRetained($0) } }
        precondition(server.memory.broker.retained == Broker.RetainedCount(), "retained messages are counted wrong")
        precondition(World.inUse(server) == baseline, "a pool does not get back what it gave")
        precondition(server.inUse == Broker.InUse(), "something is left of a message or a filter")
    }

    private var areAllClosed: Bool { (0..<connected).allSatisfy { server.io.peerIsClosed($0) } }

    private func retainedTopic() -> [UInt8]? {
        let root = server.memory.broker.tree.root
        return retained(below: root).map { server.memory.broker.store.copyTopic($0, to: topicScratch).array }
    }

    private var topicScratch: UnsafeMutablePointer<UInt8> { server.memory.broker.topicScratch }

    private func retained(below node: Handle<TopicNode>) -> Handle<Message>? {
        var child = server.memory.broker.tree[node].pointee.firstChild
        while child.isSome {
            let message = server.memory.broker.tree[child].pointee.retained
            if message.isSome { return message }
            if let found = retained(below: child) { return found }
            child = server.memory.broker.tree[child].pointee.nextSibling
        }
        return nil
    }
}
