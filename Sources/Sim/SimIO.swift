import Base
import Runtime

/// A network, a clock and a log inside the process. The server owns it as its `IO`; a test holds the other ends of the
/// connections through the methods that begin with `peer`.
public struct SimIO: ~Copyable {
    let endpoints: UnsafeMutablePointer<Endpoint>
    let endpointCount: Int
    var clock: Tick
    /// What the wall clock says when the other one begins.
    public var wallStart: UInt32 = 1_798_761_600
    private var random: SimRandom
    public var faults = Faults()
    /// How often each kind of fault happened, by its raw value.
    public private(set) var faultCounts = InlineArray<10, UInt32>(repeating: 0)
    private var listeners = InlineArray<16, SimListener>(repeating: SimListener())
    /// Bits of `Event` that the process is asked for by signals.
    var signals: UInt32 = 0
    /// Files of unix sockets that were removed.
    public private(set) var removedPaths = 0
    /// There is no network: nobody can be called.
    public var isCutOff = false
    /// No address can be listened on.
    public var isAddressAbsent = false
    /// A wait with nothing to report jumps to the end of its time-out; otherwise it answers at once.
    public var letsTimePass = true
    /// How many waits had nothing to report.
    public private(set) var idleWaits = 0
    /// On its way to the server; held back while the test wants it so.
    private var verdict: Event?
    public var holdsVerdict = false
    /// Names that are looked up.
    var lookups = InlineArray<9, SimLookup>(repeating: SimLookup())
    /// The one whose answer the last wait has told of.
    var toldLookup = 0
    public var log: SimLog

    // Listeners have the descriptors from 1 on.
    static var firstDescriptor: Int { 17 }

    /// Room for `connections` at a time over the whole run, each with `pipeBytes` in each direction.
    public init(_ arena: inout Arena, connections: Int, pipeBytes: Int, clock: Tick, seed: UInt32) {
        endpoints = arena.carve("endpoints", key: "sim", count: connections, of: Endpoint.self)
        endpointCount = connections
        log = SimLog(&arena)
        self.clock = clock
        random = SimRandom(seed: seed)
        let pipes = arena.carve("pipes", key: "sim", count: 2 * connections * pipeBytes, of: UInt8.self)
        var i = 0
        while i < connections {
            let base = pipes + 2 * i * pipeBytes
            (endpoints + i).initialize(
                to: Endpoint(
                    toServer: Pipe(base, capacity: pipeBytes), toPeer: Pipe(base + pipeBytes, capacity: pipeBytes)))
            i += 1
        }
    }

    // The server's side.

    public mutating func now() -> Tick { clock }

    public mutating func entropy() -> UInt32 { random.next() }

    public mutating func wait(_ events: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int {
        var count = 0
        var isLate = false
        func add(_ token: UInt32, _ flags: UInt32) {
            guard flags != 0, count < capacity else { return }
            events[count] = Event(token: token, flags: flags)
            count += 1
        }
        if signals != 0 { add(0, signals) }
        signals &= Event.stop
        if let answer = verdict, !holdsVerdict {
            add(answer.token, answer.flags)
            verdict = nil
        }
        if let index = nextAnswer() { add(lookups[index].token, Event.resolved) }
        var i = 0
        while i < listeners.count {
            if listeners[i].isOpen, firstWaiting(at: Int32(i + 1)) != nil {
                add(listeners[i].token, Event.readable & listeners[i].interest)
            }
            i += 1
        }
        let first = errs(.reordered, faults.reordered) ? random.below(endpointCount) : 0
        i = 0
        while i < endpointCount {
            let index = (first + i) % endpointCount
            i += 1
            guard endpoints[index].state == .accepted || endpoints[index].state == .refused else { continue }
            let flags = readiness(endpoints[index])
            if flags != 0, errs(.lateEvent, faults.lateEvent) {
                isLate = true
            } else {
                add(endpoints[index].token, flags)
            }
        }
        if count == 0, !isLate {
            idleWaits += 1
            if letsTimePass, timeoutMs > 0 { advance(byMs: UInt32(timeoutMs)) }
        }
        return count
    }

    /// Whether a fault happens now.
    mutating func errs(_ kind: Faults.Kind, _ perMille: Int) -> Bool {
        guard perMille > 0, random.chance(perMille: perMille) else { return false }
        count(kind)
        return true
    }

    mutating func count(_ kind: Faults.Kind) { faultCounts[Int(kind.rawValue)] &+= 1 }

    public mutating func listenLocal(_ path: ByteView) -> IOResult { open(port: 0) }
    public mutating func removeLocal(_ path: ByteView) { removedPaths += 1 }

    public mutating func listen(_ address: inout Address, interface: ByteView) -> IOResult {
        if isAddressAbsent { return .absent }
        if address.port == 0 { address.port = 1883 }
        return open(port: address.port)
    }

    /// `EADDRINUSE` when somebody listens on the port already.
    private mutating func open(port: UInt16) -> IOResult {
        var place = 0
        while place < listeners.count, listeners[place].isOpen { place += 1 }
        guard place < listeners.count else { return .exhausted }
        if listener(on: port) != nil { return .failed(98) }
        listeners[place] = SimListener(isOpen: true, port: port)
        return .done(place + 1)
    }

    func listener(on port: UInt16) -> Int32? {
        var i = 0
        while i < listeners.count {
            if listeners[i].isOpen, listeners[i].port == port { return Int32(i + 1) }
            i += 1
        }
        return nil
    }

    public mutating func accept(_ listener: Int32, from peer: inout Address) -> IOResult {
        guard let index = firstWaiting(at: listener) else { return .again }
        if errs(.refusedAccept, faults.refusedAccept) { return .exhausted }
        endpoints[index].state = .accepted
        peer = endpoints[index].address
        return .done(index + SimIO.firstDescriptor)
    }

    public mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        let endpoint = at(descriptor)
        if isHeld(endpoint.pointee.serverHeldUntil) || errs(.emptyReceive, faults.emptyReceive) { return .again }
        var limit = min(count, endpoint.pointee.receiveLimit)
        if errs(.shortReceive, faults.shortReceive) { limit = min(limit, random.within(1, 9)) }
        let got = endpoint.pointee.toServer.read(target, limit: limit)
        if got > 0 { return .done(got) }
        switch endpoint.pointee.peerEnd {
        case .open: return .again
        case .finished: return .closed(isOrderly: true)
        case .broken: return .closed(isOrderly: false)
        }
    }

    public mutating func send(_ descriptor: Int32, _ runs: UnsafePointer<Run>, _ runCount: Int) -> IOResult {
        let endpoint = at(descriptor)
        if endpoint.pointee.peerEnd == .broken { return .closed(isOrderly: false) }
        if errs(.refusedSend, faults.refusedSend) { return .again }
        let most = errs(.shortSend, faults.shortSend) ? shortCount(runs, runCount) : Int.max
        if errs(.delay, faults.delay) { endpoint.pointee.peerHeldUntil = laterTick() }
        var sent = 0
        var i = 0
        while i < runCount {
            let part = min(min(runs[i].count, endpoint.pointee.sendRoom), most - sent)
            let taken = endpoint.pointee.toPeer.write(ByteView(runs[i].start, part))
            if endpoint.pointee.sendRoom != Int.max { endpoint.pointee.sendRoom -= taken }
            sent += taken
            if taken < runs[i].count { break }
            i += 1
        }
        return sent > 0 ? .done(sent) : .again
    }

    /// A few bytes, or all but a few: the ends of what is sent are where packets are cut.
    private mutating func shortCount(_ runs: UnsafePointer<Run>, _ runCount: Int) -> Int {
        if random.chance(perMille: 500) { return random.within(1, 40) }
        var total = 0
        var i = 0
        while i < runCount {
            total += runs[i].count
            i += 1
        }
        return max(1, total - random.within(1, 20))
    }

    public mutating func unsent(_ descriptor: Int32) -> Int { at(descriptor).pointee.toPeer.count }

    public mutating func watch(_ descriptor: Int32, interest: UInt32, token: UInt32) -> IOResult {
        rewatch(descriptor, interest: interest, token: token)
        return .done(0)
    }

    public mutating func rewatch(_ descriptor: Int32, interest: UInt32, token: UInt32) {
        if descriptor < SimIO.firstDescriptor {
            listeners[Int(descriptor) - 1].token = token
            listeners[Int(descriptor) - 1].interest = interest
        } else {
            at(descriptor).pointee.interest = interest
            at(descriptor).pointee.token = token
        }
    }

    public mutating func close(_ descriptor: Int32) {
        if descriptor >= SimIO.firstDescriptor {
            let endpoint = at(descriptor)
            let isUnseen = endpoint.pointee.state == .calling && !endpoint.pointee.isNoticed
            if endpoint.pointee.isForgotten || isUnseen {
                release(endpoint)
            } else {
                endpoint.pointee.state = .closed
            }
            return
        }
        listeners[Int(descriptor) - 1].isOpen = false
        // Whoever still waits there is turned away.
        while let index = firstWaiting(at: descriptor) { endpoints[index].state = .closed }
    }

    /// In this world the password is right when it is `secret`.
    public mutating func verify(_ request: LoginRequest) {
        verdict = Event(token: request.token, flags: request.password.equals("secret") ? Event.granted : Event.denied)
    }

    /// The clock began on 1 January 2024.
    public mutating func wallSeconds() -> UInt32 { wallStart + clock.ms / 1000 }

    public mutating func log(_ line: ByteView, _ level: LogLevel) { log.add(line) }

    func at(_ descriptor: Int32) -> UnsafeMutablePointer<Endpoint> {
        let index = Int(descriptor) - SimIO.firstDescriptor
        precondition(index >= 0 && index < endpointCount && endpoints[index].isOurs, "a closed descriptor")
        return endpoints + index
    }

    private func firstWaiting(at listener: Int32) -> Int? {
        var i = 0
        while i < endpointCount {
            if endpoints[i].state == .waiting, endpoints[i].listener == listener { return i }
            i += 1
        }
        return nil
    }

    private func readiness(_ endpoint: Endpoint) -> UInt32 {
        if endpoint.state == .refused { return Event.failed }
        var flags: UInt32 = 0
        let hasInput = endpoint.toServer.count > 0 || endpoint.peerEnd != .open
        if hasInput, !isHeld(endpoint.serverHeldUntil) { flags |= Event.readable }
        if min(endpoint.sendRoom, endpoint.toPeer.room) > 0 { flags |= Event.writable }
        flags &= endpoint.interest
        if endpoint.peerEnd == .broken { flags |= Event.failed }
        return flags
    }

    func isHeld(_ until: Tick?) -> Bool {
        guard let until else { return false }
        return clock.isBefore(until)
    }

    mutating func laterTick() -> Tick { clock.advanced(byMs: UInt32(random.within(1, Faults.maxDelayMs))) }

    func release(_ endpoint: UnsafeMutablePointer<Endpoint>) {
        endpoint.pointee.toServer.removeAll()
        endpoint.pointee.toPeer.removeAll()
        let (toServer, toPeer) = (endpoint.pointee.toServer, endpoint.pointee.toPeer)
        endpoint.pointee = Endpoint(toServer: toServer, toPeer: toPeer)
    }
}
