import Base
import Runtime
import Wire

/// A link and a remote broker back to back: the owner publishes and acknowledges as it likes, the remote and the
/// network err, and in the end all is well and everything must have arrived.
public struct LinkSimulation: ~Copyable {
    public let seed: UInt32
    var io: SimIO
    var link: Link
    var far: FarSide
    var random: SimRandom
    let observations: UnsafeMutablePointer<Observation>
    public private(set) var observationCount = 0
    private var digest = Digest()
    public private(set) var stepNumber = 0
    private let stepCount: Int
    private var pauseLeftMs = 0
    let events: UnsafeMutablePointer<Event>
    public private(set) var simulatedMs = 0
    public private(set) var isFinished = false
    var isCalm = false
    private var calmSince = Tick.zero
    private var lastActivity: Tick
    /// Of the last packet that goes to the far side.
    private var lastNumber: UInt16 = 0
    var hasAsked = false
    /// What the owner is not done with, in the order in which it came.
    var tickets = Few<UInt32>(filling: 0)

    public static var bytes: Int { 8 << 20 }
    private static var maxObservations: Int { 4096 }
    private static var pipeBytes: Int { 4096 }

    /// `memory` has `bytes`, zeroed; `rows` has room for `Arena.maxRows`.
    public init(seed: UInt32, memory: UnsafeMutableRawPointer, rows: UnsafeMutablePointer<PlanRow>) {
        var random = SimRandom(seed: seed, stream: 4)
        var arena = Arena(base: memory, capacity: LinkSimulation.bytes, rows: rows)
        observations = arena.carve(
            "observations", key: "sim", count: LinkSimulation.maxObservations, of: Observation.self)
        events = arena.carve("events", key: "sim", count: 16, of: Event.self)
        let start = random.chance(perMille: 500) ? Tick(ms: UInt32.max - UInt32(random.below(300_000))) : .zero
        io = SimIO(
            &arena, connections: 64, pipeBytes: LinkSimulation.pipeBytes, clock: start, seed: seed &* 2_654_435_761)
        io.letsTimePass = false
        if random.chance(perMille: 700) { io.faults = Faults(&random) }
        far = FarSide(&arena, remotes: 1, now: start, seed: seed)
        far.begin(maxDelayMs: random.chance(perMille: 500) ? 3000 : 0)
        var settings = LinkSettings(
            Connect(
                level: .v311, cleanSession: random.chance(perMille: 250), keepAlive: UInt16(random.within(5, 60)),
                clientID: ByteView("link"), will: nil, userName: nil, password: nil))
        var i = random.within(1, 3)
        while i > 0 {
            var place = LinkSettings.Endpoint()
            place.host = ByteView(LinkSimulation.host(random.below(5)))
            _ = settings.add(place)
            i -= 1
        }
        settings.connectTimeoutMs = UInt32(random.within(1, 10) * 1000)
        settings.retryMs = UInt32(random.within(1, 5) * 1000)
        settings.maxRetryMs = settings.retryMs * UInt32(random.within(1, 10))
        settings.isRoundRobin = random.chance(perMille: 300)
        settings.maxInflight = random.within(1, 20)
        settings.queueExpiryMs = random.chance(perMille: 200) ? 60_000 : 0
        settings.dropsOldest = random.chance(perMille: 300)
        settings.beginsAnywhere = random.chance(perMille: 500)
        var limits = LinkLimits()
        limits.maxPacketBytes = 2048
        limits.receiveBytes = 1024
        limits.sendBytes = random.within(300, 2000)
        limits.maxQueued = random.within(3, 100)
        limits.queueBytes = random.within(4000, 40_000)
        limits.maxIncoming = random.within(20, 40)
        link = Link(&arena, settings, limits, token: 32, now: start)
        self.seed = seed
        lastActivity = start
        stepCount = random.within(50, 400)
        self.random = random
        link.start(&io)
    }

    /// By name or by number, of both families.
    private static func host(_ index: Int) -> StaticString {
        switch index {
        case 0: "10.8.0.0"
        case 1: "10.8.0.1"
        case 2: "fd00::"
        default: "r0.sim"
        }
    }

    public subscript(_ index: Int) -> Observation {
        precondition(index < observationCount)
        return observations[index]
    }

    public var now: Tick { io.clock }
    public var settings: LinkSettings { link.settings }
    public var counters: LinkCounters { link.counters }
    public var hasSentAll: Bool { link.hasSentAll }
    public var fingerprint: Digest { digest }
    public func faultCount(_ kind: Faults.Kind) -> UInt32 { io.faultCounts[Int(kind.rawValue)] }

    mutating func see(_ observation: Observation) {
        precondition(observationCount < LinkSimulation.maxObservations, "too much happens in one step")
        observations[observationCount] = observation
        observationCount += 1
        observation.add(to: &digest)
        lastActivity = now
    }

    mutating func see(_ kind: Observation.Kind, _ change: (inout Observation) -> Void = { _ in }) {
        var observation = Observation(kind, 0, now)
        change(&observation)
        see(observation)
    }

    /// Lets something happen. False when the run is over.
    public mutating func step() -> Bool {
        observationCount = 0
        guard !isFinished else { return false }
        stepNumber += 1
        if pauseLeftMs > 0 {
            pauseFor(pauseLeftMs)
        } else if isCalm {
            settle()
        } else {
            act()
            if stepNumber >= stepCount { calm() }
        }
        return true
    }

    private mutating func act() {
        switch random.below(100) {
        case 0..<35: publish()
        case 35..<70: far.act(&io)
        case 70..<73: io.isCutOff = random.chance(perMille: 150)
        default: break
        }
        pauseFor(random.chance(perMille: 700) ? random.below(20) : pause())
    }

    /// Long ones take several steps.
    private mutating func pauseFor(_ ms: Int) {
        let part = min(ms, 20_000)
        pauseLeftMs = ms - part
        advance(byMs: part)
    }

    private mutating func pause() -> Int {
        switch random.below(30) {
        case 0: random.below(4_000_000)
        case 1, 2: random.below(60_000)
        case 3, 4, 5: random.below(3000)
        default: random.below(300)
        }
    }

    private mutating func calm() {
        isCalm = true
        calmSince = now
        lastActivity = now
        io.faults = Faults()
        io.isCutOff = false
        far.calm(&io)
        see(.calming)
    }

    private mutating func settle() {
        advance(byMs: 100)
        let isQuiet = link.hasSentAll && link.isUp && hasAsked && tickets.count == 0 && far.isQuiet(io)
        if isQuiet, now.msSince(lastActivity) > 4000 {
            see(.resting)
            isFinished = true
        } else if now.msSince(calmSince) > 600_000 {
            see(.violated) { $0.code = Observation.Violation.neverAtRest.rawValue }
            isFinished = true
        }
    }

    private mutating func publish() {
        var count = random.chance(perMille: 100) ? random.within(2, 30) : 1
        while count > 0 {
            count -= 1
            let name = RemoteName(
                prefix: random.below(RemoteName.prefixCount), topic: random.below(Vocabulary.topicCount))
            let message = SimMessage(
                publisher: 0, number: lastNumber + 1, topic: name.code,
                qos: QoS(rawValue: UInt8(random.below(3))) ?? .atMostOnce, isRetained: random.chance(perMille: 200),
                isWill: false, length: random.chance(perMille: 50) ? 1500 : random.within(SimMessage.headBytes, 200))
            guard give(message, name) else { continue }
            lastNumber += 1
            see(.publishing) {
                $0.message = message
                $0.filter = name.code
            }
        }
    }

    private mutating func give(_ message: SimMessage, _ name: RemoteName) -> Bool {
        var bytes = InlineArray<1600, UInt8>(repeating: 0)
        var span = bytes.mutableSpan
        return span.withUnsafeMutableBufferPointer {
            var topic = Line($0.baseAddress!, capacity: 64)
            name.write(&topic)
            var payload = ByteWriter($0.baseAddress! + 64, capacity: 1536)
            message.writePayload(&payload)
            return link.publish(topic.view, payload.written, message.qos, retain: message.isRetained) == .taken
        }
    }

    /// Time passes in pieces that are short enough for everybody to do what is due.
    private mutating func advance(byMs span: Int) {
        pump()
        var left = span
        while left > 0 {
            // An hour without anybody is told in a minute.
            let piece = min(left, link.isIdle || left < 10_000 ? 500 : 1000)
            io.advance(byMs: UInt32(piece))
            simulatedMs += piece
            left -= piece
            pump()
        }
    }

    private mutating func pump() {
        var turns = isCalm ? 4 : random.within(1, 4)
        while turns > 0 {
            turns -= 1
            far.turn(&io)
            takeFar()
            turn()
            far.turn(&io)
            takeFar()
        }
    }

    private mutating func takeFar() {
        var i = 0
        while i < far.observationCount {
            see(far[i])
            i += 1
        }
        far.removeObservations()
    }
}
