import Base
import Broker
import Config
import Runtime

/// A broker and its clients in a world of their own: a network, a clock and chance, all of one seed.
///
/// The broker is the real one. The clients keep to the standard, and tell all they do and see as `Observation`s, which
/// whoever calls `step` reads after each one. A run has three parts: clients act at random on a network that errs; the
/// network is perfect and everybody comes back, until all is at rest; everybody leaves, and the broker must be as it
/// was before.
public struct Simulation: ~Copyable {
    public let scenario: Scenario
    var server: Server<SimIO>
    /// Where a bridge connects to.
    var far: FarSide
    let clients: UnsafeMutablePointer<SimClient>
    /// All but the last one act at random; that one looks at what is retained in the end.
    let clientCount: Int
    var random: SimRandom
    public let limits: Limits
    /// Of the last step.
    private let observations: UnsafeMutablePointer<Observation>
    public private(set) var observationCount = 0
    var digest = Digest()
    public private(set) var stepNumber = 0
    public private(set) var messagesSent = 0
    public private(set) var messagesReceived = 0
    public private(set) var simulatedMs = 0
    var part = Part.acting
    /// Of a pause that takes several steps.
    var pauseLeftMs = 0
    /// The next topic whose retained message is to be cleared.
    var topicToClear = 0
    /// The last client has subscribed to everything, to see what is retained.
    var hasAskedForAll = false
    /// When anything but a ping was last observed.
    var lastActivity: Tick
    var partBegan: Tick
    /// By number of the pool.
    var usedAtStart = InlineArray<16, Int>(repeating: 0)

    enum Part: UInt8 {
        case acting, calming, checking, clearing, leaving, finished
    }

    private static var maxObservations: Int { 8192 }
    private static var pipeBytes: Int { 4096 }
    private static var endpointCount: Int { 64 }

    /// Bytes that a run of any seed takes at most.
    public static var bytes: Int { 8 << 20 }

    /// `memory` has `bytes`, zeroed. `rows` and `text` are working memory: of `Arena.maxRows` and
    /// `Scenario.configBytes`.
    public init(
        _ scenario: Scenario, memory: UnsafeMutableRawPointer, rows: UnsafeMutablePointer<PlanRow>,
        text: UnsafeMutablePointer<UInt8>
    ) {
        var config = Line(text, capacity: Scenario.configBytes)
        scenario.writeConfig(&config)
        guard case .settings(let settings) = ConfigFile.parse(config.view) else {
            preconditionFailure("the config of a scenario is wrong")
        }
        let planned = Plan(settings, rows: rows).total
        var ownArena = Arena(base: memory + planned, capacity: Simulation.bytes - planned, rows: rows)
        clientCount = scenario.clientCount + 1
        clients = ownArena.carve("clients", key: "sim", count: clientCount, of: SimClient.self)
        observations = ownArena.carve(
            "observations", key: "sim", count: Simulation.maxObservations, of: Observation.self)
        let buffers = ownArena.carve(
            "buffers", key: "sim", count: 2 * clientCount * SimClient.bufferBytes, of: UInt8.self)
        var i = 0
        while i < clientCount {
            let input = buffers + 2 * i * SimClient.bufferBytes
            (clients + i).initialize(
                to: SimClient(number: UInt8(i), input: input, output: input + SimClient.bufferBytes))
            i += 1
        }
        var io = SimIO(
            &ownArena, connections: Simulation.endpointCount, pipeBytes: Simulation.pipeBytes, clock: scenario.start,
            seed: scenario.seed &* 2_654_435_761)
        io.letsTimePass = false
        far = FarSide(&ownArena, remotes: scenario.bridge.count, now: scenario.start, seed: scenario.seed)
        if scenario.isBridge {
            far.begin(maxDelayMs: scenario.isFaultless ? 0 : 3000)
            far.use(scenario.bridge)
        }
        var arena = Arena(base: memory, capacity: planned, rows: rows)
        server = Server(io, &arena, settings: settings, hostName: ByteView("sim"))
        arena.freeze()
        self.scenario = scenario
        random = SimRandom(seed: scenario.seed, stream: 1)
        limits = settings.limits
        lastActivity = scenario.start
        partBegan = scenario.start
        var acls = InlineArray<9, ByteView?>(repeating: nil)
        if scenario.usesACL {
            server.beginAccess()
            acls[0] = server.keepAccess(ByteView(Vocabulary.acl))
        }
        server.commitAccess(settings, passwords: InlineArray(repeating: nil), acls: acls)
        precondition(server.open() == nil)
        precondition(server.openBridges() == nil)
        if scenario.isBridge, scenario.bridge.isWarm { warmUp() }
        server.io.faults = scenario.faults
        i = 0
        while let use = server.poolUse(i) {
            usedAtStart[i] = use.inUse
            i += 1
        }
    }

    /// What was observed in the last step, in order.
    public subscript(_ index: Int) -> Observation {
        precondition(index < observationCount)
        return observations[index]
    }

    mutating func see(_ observation: Observation) {
        precondition(observationCount < Simulation.maxObservations, "too much happens in one step")
        observations[observationCount] = observation
        observationCount += 1
        observation.add(to: &digest)
        if observation.kind != .pinging, observation.kind != .ponged { lastActivity = now }
        if observation.kind == .publishing { messagesSent += 1 }
        if observation.kind == .delivered { messagesReceived += 1 }
    }

    mutating func see(_ kind: Observation.Kind, _ client: Int, _ change: (inout Observation) -> Void = { _ in }) {
        var observation = Observation(kind, UInt8(client), now)
        change(&observation)
        see(observation)
    }

    mutating func violation(_ violation: Observation.Violation, _ client: Int) {
        see(.violated, client) { $0.code = violation.rawValue }
    }

    public var now: Tick { server.io.clock }
    public var isFinished: Bool { part == .finished }
    /// How often each kind of fault has happened, by raw value.
    public func faultCount(_ kind: Faults.Kind) -> UInt32 { server.io.faultCounts[Int(kind.rawValue)] }
    public var drops: DropCounters { server.drops }
    public func spoolDrops(_ index: Int) -> SpoolDrops { server.spoolDrops(index) }
    public func spoolUse(_ index: Int) -> (messages: Int, bytes: Int, underWay: Int) { server.spoolUse(index) }
    public func isBridgeUp(_ index: Int) -> Bool { server.isBridgeUp(index) }
    public func poolUse(_ index: Int) -> PoolUse? { server.poolUse(index) }
    /// What the server logged, the text only of the last step.
    public var log: SimLog { server.io.log }
    /// Of all that clients and the log have seen so far.
    public var fingerprint: Digest {
        var sum = digest
        sum.add(server.io.log.digest)
        return sum
    }

    /// Lets something happen. False when the run is over.
    public mutating func step() -> Bool {
        observationCount = 0
        server.io.log.removeText()
        guard part != .finished else { return false }
        stepNumber += 1
        if pauseLeftMs > 0 {
            pauseFor(pauseLeftMs)
        } else if part == .acting {
            if scenario.isBridge, random.chance(perMille: 400) { actFar() } else { act() }
            pump()
            pauseFor(random.chance(perMille: 700) ? random.below(20) : pause())
        } else {
            settle()
            pump()
            advance(byMs: 100)
        }
        goOn()
        return true
    }

    /// The remotes are reached before anything goes wrong.
    private mutating func warmUp() {
        var turns = 200
        while turns > 0 {
            turns -= 1
            far.turn(&server.io)
            _ = server.turn()
            server.io.advance(byMs: 100)
        }
        far.removeObservations()
        lastActivity = now
        partBegan = now
    }

    /// Remote brokers do something, or the way to them is cut.
    private mutating func actFar() {
        if random.chance(perMille: 30) {
            server.io.isCutOff = random.chance(perMille: 150)
        } else {
            far.act(&server.io)
            takeFar()
        }
    }

    mutating func takeFar() {
        var i = 0
        while i < far.observationCount {
            see(far[i])
            i += 1
        }
        far.removeObservations()
    }

    /// A long pause takes several steps.
    private mutating func pauseFor(_ ms: Int) {
        let part = min(ms, 20_000)
        pauseLeftMs = ms - part
        advance(byMs: part)
    }

    private mutating func pause() -> Int {
        // An hour, with nobody there, or so.
        if scenario.isBridge, random.chance(perMille: 15) { return random.below(4_000_000) }
        switch random.below(20) {
        case 0: return random.below(20_000)
        case 1, 2, 3: return random.below(3000)
        default: return random.below(300)
        }
    }

    /// Time passes in pieces that are short enough for everybody to do what is due.
    mutating func advance(byMs span: Int) {
        var left = span
        while left > 0 {
            let piece = min(left, 500)
            server.io.advance(byMs: UInt32(piece))
            simulatedMs += piece
            left -= piece
            var i = 0
            while i < clientCount {
                keepAlive(i)
                i += 1
            }
            pump()
        }
    }

    /// On a network without faults PINGREQ is answered in the turn in which it is read, whatever remotes do, and it is
    /// read at once.
    private mutating func checkPings() {
        guard scenario.isBridge, scenario.isFaultless, !scenario.isTight, limits.maxMessageRate == 0 else { return }
        var i = 0
        while i < clientCount {
            let me = clients + i
            if me.pointee.isPinging, me.pointee.phase == .connected, me.pointee.readsAgainAt == nil,
                !me.pointee.hasInsulted, me.pointee.output.count == 0,
                server.io.peerUnsent(me.pointee.peer) == 0 || now.msSince(me.pointee.lastSent) > 1000,
                server.io.peerUnread(me.pointee.peer) == 0
            {
                violation(.unanswered, i)
                me.pointee.isPinging = false
            }
            i += 1
        }
    }

    /// Bytes go to the server, the server works, bytes come back.
    private mutating func pump() {
        var turns = part == .acting ? random.within(1, 4) : 4
        while turns > 0 {
            turns -= 1
            var i = 0
            while i < clientCount {
                flush(i)
                i += 1
            }
            if scenario.isBridge {
                far.turn(&server.io)
                takeFar()
            }
            _ = server.turn()
            if scenario.isBridge {
                far.turn(&server.io)
                takeFar()
            }
            i = 0
            while i < clientCount {
                receive(i)
                i += 1
            }
        }
        checkPings()
    }
}
