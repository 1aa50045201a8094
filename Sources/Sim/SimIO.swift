import Base
import Runtime

/// A network, a clock and a log inside the process. The server owns it as its `IO`; a test holds the other ends of the
/// connections through the methods that begin with `peer`.
public struct SimIO: IO, ~Copyable {
    /// The client's end and the server's end of one connection.
    private struct Endpoint {
        var toServer: Pipe
        var toPeer: Pipe
        var address = Address.any
        var state = State.free
        var interest: UInt32 = 0
        var token: UInt32 = 0
        /// The most that one receive of the server takes.
        var receiveLimit = Int.max
        /// Bytes that the server may still write before it would block; the test raises it.
        var sendRoom = Int.max
        /// What the peer has done to its end.
        var peerEnd = PeerEnd.open
    }

    private enum State: UInt8 {
        case free
        /// Waits to be accepted.
        case waiting
        case accepted
        /// Closed by the server; the peer may still read what came before.
        case closed
    }

    private enum PeerEnd: UInt8 {
        case open, finished, broken
    }

    private let endpoints: UnsafeMutablePointer<Endpoint>
    private let endpointCount: Int
    private var clock: Tick
    private var random: UInt32
    private var listenerToken: UInt32?
    private var listenerInterest: UInt32 = 0
    private var isAskedToStop = false
    /// A wait with nothing to report jumps to the end of its time-out; otherwise it answers at once.
    public var letsTimePass = true
    /// How many waits had nothing to report.
    public private(set) var idleWaits = 0
    private let logBytes: UnsafeMutablePointer<UInt8>
    private var logCount = 0

    private static var listenerDescriptor: Int32 { 1 }
    private static var firstDescriptor: Int { 2 }
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
        if isAskedToStop { add(0, Event.stop) }
        if let token = listenerToken, firstWaiting() != nil { add(token, Event.readable & listenerInterest) }
        var i = 0
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

    public mutating func listen(_ address: inout Address) -> IOResult {
        if address.port == 0 { address.port = 1883 }
        return .done(Int(SimIO.listenerDescriptor))
    }

    public mutating func accept(_ listener: Int32, from peer: inout Address) -> IOResult {
        guard let index = firstWaiting() else { return .again }
        endpoints[index].state = .accepted
        peer = endpoints[index].address
        return .done(index + SimIO.firstDescriptor)
    }

    public mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        let endpoint = at(descriptor)
        if endpoint.pointee.peerEnd == .broken { return .closed(isOrderly: false) }
        let got = endpoint.pointee.toServer.read(target, limit: min(count, endpoint.pointee.receiveLimit))
        if got > 0 { return .done(got) }
        return endpoint.pointee.peerEnd == .finished ? .closed(isOrderly: true) : .again
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

    public mutating func watch(_ descriptor: Int32, interest: UInt32, token: UInt32) -> IOResult {
        rewatch(descriptor, interest: interest, token: token)
        return .done(0)
    }

    public mutating func rewatch(_ descriptor: Int32, interest: UInt32, token: UInt32) {
        if descriptor == SimIO.listenerDescriptor {
            listenerToken = token
            listenerInterest = interest
        } else {
            at(descriptor).pointee.interest = interest
            at(descriptor).pointee.token = token
        }
    }

    public mutating func close(_ descriptor: Int32) {
        if descriptor != SimIO.listenerDescriptor { at(descriptor).pointee.state = .closed }
    }

    public mutating func log(_ line: ByteView) {
        precondition(logCount + line.count <= SimIO.logCapacity, "the log of a simulation is too long")
        line.copy(to: logBytes + logCount)
        logCount += line.count
    }

    private func at(_ descriptor: Int32) -> UnsafeMutablePointer<Endpoint> {
        let index = Int(descriptor) - SimIO.firstDescriptor
        precondition(index >= 0 && index < endpointCount && endpoints[index].state == .accepted, "a closed descriptor")
        return endpoints + index
    }

    private func firstWaiting() -> Int? {
        var i = 0
        while i < endpointCount {
            if endpoints[i].state == .waiting { return i }
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
    public mutating func askToStop() { isAskedToStop = true }
    /// All lines logged so far.
    public var logText: ByteView { ByteView(logBytes, logCount) }

    /// A new connection, or nil when there is no room for one.
    public mutating func peerConnect(from address: Address) -> Int? {
        var i = 0
        while i < endpointCount, endpoints[i].state != .free { i += 1 }
        guard i < endpointCount else { return nil }
        endpoints[i].state = .waiting
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

    /// Ends the connection: after what was sent, or at once and with everything under way lost.
    public mutating func peerClose(_ peer: Int, isOrderly: Bool) {
        endpoints[peer].peerEnd = isOrderly ? .finished : .broken
        if !isOrderly { endpoints[peer].toServer.removeAll() }
    }

    /// The server has closed its end.
    public func peerIsClosed(_ peer: Int) -> Bool { endpoints[peer].state == .closed }

    /// One receive of the server gets at most so many bytes.
    public mutating func setReceiveLimit(_ peer: Int, _ bytes: Int) { endpoints[peer].receiveLimit = bytes }
    /// The server can write so many bytes more.
    public mutating func setSendRoom(_ peer: Int, _ bytes: Int) { endpoints[peer].sendRoom = bytes }
}
