import Base
import Runtime

/// A network, a clock and a log inside the process. The server owns it as its `IO`; a test holds the other ends of the
/// connections through the methods that begin with `peer`.
public struct SimIO: IO, ~Copyable {
    private let endpoints: UnsafeMutablePointer<Endpoint>
    private let endpointCount: Int
    private var clock: Tick
    private var random: UInt32
    private var listeners = InlineArray<16, SimListener>(repeating: SimListener())
    /// Bits of `Event` that the process is asked for by signals.
    private var signals: UInt32 = 0
    /// Files of unix sockets that were removed.
    public private(set) var removedPaths = 0
    /// No address can be listened on.
    public var isAddressAbsent = false
    /// A wait with nothing to report jumps to the end of its time-out; otherwise it answers at once.
    public var letsTimePass = true
    /// How many waits had nothing to report.
    public private(set) var idleWaits = 0
    /// On its way to the server; held back while the test wants it so.
    private var verdict: Event?
    public var holdsVerdict = false
    private let logBytes: UnsafeMutablePointer<UInt8>
    private var logCount = 0

    // Listeners have the descriptors from 1 on.
    private static var firstDescriptor: Int { 17 }
    private static var logCapacity: Int { 65_536 }

    /// Room for `connections` at a time over the whole run, each with `pipeBytes` in each direction.
    public init(_ arena: inout Arena, connections: Int, pipeBytes: Int, clock: Tick, seed: UInt32) {
        endpoints = arena.carve("endpoints", key: "sim", count: connections, of: Endpoint.self)
        endpointCount = connections
        logBytes = arena.carve("log", key: "sim", count: SimIO.logCapacity, of: UInt8.self)
        self.clock = clock
        random = seed
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

    public mutating func entropy() -> UInt32 {
        // Marsaglia's xorshift32: any sequence serves, so that it is always the same.
        random ^= random << 13
        random ^= random >> 17
        random ^= random << 5
        return random
    }

    public mutating func wait(_ events: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int {
        var count = 0
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
        var i = 0
        while i < listeners.count {
            if listeners[i].isOpen, firstWaiting(at: Int32(i + 1)) != nil {
                add(listeners[i].token, Event.readable & listeners[i].interest)
            }
            i += 1
        }
        i = 0
        while i < endpointCount {
            if endpoints[i].state == .accepted { add(endpoints[i].token, readiness(endpoints[i])) }
            i += 1
        }
        if count == 0 {
            idleWaits += 1
            if letsTimePass, timeoutMs > 0 { advance(byMs: UInt32(timeoutMs)) }
        }
        return count
    }

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

    private func listener(on port: UInt16) -> Int32? {
        var i = 0
        while i < listeners.count {
            if listeners[i].isOpen, listeners[i].port == port { return Int32(i + 1) }
            i += 1
        }
        return nil
    }

    public mutating func accept(_ listener: Int32, from peer: inout Address) -> IOResult {
        guard let index = firstWaiting(at: listener) else { return .again }
        endpoints[index].state = .accepted
        peer = endpoints[index].address
        return .done(index + SimIO.firstDescriptor)
    }

    public mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        let endpoint = at(descriptor)
        let got = endpoint.pointee.toServer.read(target, limit: min(count, endpoint.pointee.receiveLimit))
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
        var sent = 0
        var i = 0
        while i < runCount {
            let part = min(runs[i].count, endpoint.pointee.sendRoom)
            let taken = endpoint.pointee.toPeer.write(ByteView(runs[i].start, part))
            if endpoint.pointee.sendRoom != Int.max { endpoint.pointee.sendRoom -= taken }
            sent += taken
            if taken < runs[i].count { break }
            i += 1
        }
        return sent > 0 ? .done(sent) : .again
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
            at(descriptor).pointee.state = .closed
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
    public mutating func wallSeconds() -> UInt32 { 1_704_067_200 + clock.ms / 1000 }

    public mutating func log(_ line: ByteView, _ level: LogLevel) {
        precondition(logCount + line.count <= SimIO.logCapacity, "the log of a simulation is too long")
        line.copy(to: logBytes + logCount)
        logCount += line.count
    }

    private func at(_ descriptor: Int32) -> UnsafeMutablePointer<Endpoint> {
        let index = Int(descriptor) - SimIO.firstDescriptor
        precondition(index >= 0 && index < endpointCount && endpoints[index].state == .accepted, "a closed descriptor")
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
        var flags: UInt32 = 0
        if endpoint.toServer.count > 0 || endpoint.peerEnd != .open { flags |= Event.readable }
        if min(endpoint.sendRoom, endpoint.toPeer.room) > 0 { flags |= Event.writable }
        flags &= endpoint.interest
        if endpoint.peerEnd == .broken { flags |= Event.failed }
        return flags
    }
}

// The world's side.
extension SimIO {
    public mutating func advance(byMs span: UInt32) { clock = clock.advanced(byMs: span) }
    public mutating func askToStop() { signals |= Event.stop }
    public mutating func askToReload() { signals |= Event.reload }
    public mutating func askToReport() { signals |= Event.report }
    /// All lines logged so far.
    public var logText: ByteView { ByteView(logBytes, logCount) }

    /// A new connection to a port, or to the unix socket when it is zero; nil when nobody listens there, and when there
    /// is no room for one.
    public mutating func peerConnect(from address: Address, port: UInt16 = 1883) -> Int? {
        var i = 0
        while i < endpointCount, endpoints[i].state != .free { i += 1 }
        guard i < endpointCount, let listener = listener(on: port) else { return nil }
        endpoints[i].state = .waiting
        endpoints[i].listener = listener
        endpoints[i].address = address
        return i
    }

    /// Puts bytes on the way to the server; false when they do not fit.
    public mutating func peerSend(_ peer: Int, _ view: ByteView) -> Bool {
        guard endpoints[peer].toServer.room >= view.count else { return false }
        return endpoints[peer].toServer.write(view) == view.count
    }

    /// Takes at most `limit` bytes that the server sent.
    public mutating func peerReceive(_ peer: Int, _ target: UnsafeMutablePointer<UInt8>, limit: Int) -> Int {
        endpoints[peer].toPeer.read(target, limit: limit)
    }

    /// Ends the connection: after what was sent, or at once. Then what is under way is lost, unless it has arrived.
    public mutating func peerClose(_ peer: Int, isOrderly: Bool, hasArrived: Bool = false) {
        endpoints[peer].peerEnd = isOrderly ? .finished : .broken
        if !isOrderly, !hasArrived { endpoints[peer].toServer.removeAll() }
    }

    /// The server has closed its end.
    public func peerIsClosed(_ peer: Int) -> Bool { endpoints[peer].state == .closed }

    /// One receive of the server gets at most so many bytes.
    public mutating func setReceiveLimit(_ peer: Int, _ bytes: Int) { endpoints[peer].receiveLimit = bytes }
    /// The server can write so many bytes more.
    public mutating func setSendRoom(_ peer: Int, _ bytes: Int) { endpoints[peer].sendRoom = bytes }
}
