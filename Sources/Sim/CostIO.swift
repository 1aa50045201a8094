import Base
import Runtime

/// A network that costs next to nothing, and always the same: the server gets what is prepared, and all it sends is
/// taken at once. Connections have the peers' numbers.
public struct CostIO: ~Copyable {
    let peers: UnsafeMutablePointer<CostPeer>
    /// Those that have something to say, and those that knock.
    private var talking: PeerQueue
    private var knocking: PeerQueue
    private var listenerToken: UInt32 = 0
    private var listenerInterest: UInt32 = 0
    private var clock = Tick.zero
    private var entropyState: UInt32 = 0
    /// Connections that are still to be made again, each when one has ended.
    var callsLeft = 0
    public private(set) var connectionsEnded = 0
    /// Waits in which nothing had happened. Each takes its time-out, but at most `longestWaitMs`.
    public private(set) var idleWaits = 0
    private var longestWaitMs: UInt32 { 1000 }

    static var listener: Int32 { Int32.max }

    init(_ arena: inout Arena, peers count: Int) {
        peers = arena.carve("peers", key: "sim", count: count, of: CostPeer.self)
        talking = PeerQueue(&arena, capacity: count)
        knocking = PeerQueue(&arena, capacity: count)
        let bytes = CostPeer.answerBytes + CostPeer.begunBytes
        let buffers = arena.carve("peer buffers", key: "sim", count: count * bytes, of: UInt8.self)
        var i = 0
        while i < count {
            (peers + i).initialize(to: CostPeer(buffers + i * bytes))
            i += 1
        }
    }

    // The peers' side.

    mutating func knock(_ index: Int) { knocking.append(index) }

    /// Whoever has something to say is heard.
    mutating func queue(_ index: Int) {
        guard peers[index].hasSomethingToSay, peers[index].isOpen, !peers[index].isQueued else { return }
        peers[index].isQueued = true
        talking.append(index)
    }

    var isQuiet: Bool { talking.count == 0 && knocking.count == 0 }
}

// The server's side.
extension CostIO: ClientIO {
    public mutating func now() -> Tick { clock }

    public mutating func entropy() -> UInt32 {
        entropyState = entropyState &* 1_664_525 &+ 1_013_904_223
        return entropyState
    }

    /// A wait with something to tell takes a millisecond.
    public mutating func wait(_ events: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int {
        var count = 0
        if knocking.count > 0, listenerInterest & Event.readable != 0 {
            events[0] = Event(token: listenerToken, flags: Event.readable)
            count = 1
        }
        var left = talking.count
        while left > 0, count < capacity {
            left -= 1
            let peer = peers + talking.takeFirst()
            peer.pointee.isQueued = false
            guard peer.pointee.isOpen else { continue }
            if peer.pointee.interest & Event.readable == 0 {
                queue(peer - peers)
                continue
            }
            events[count] = Event(token: peer.pointee.token, flags: Event.readable)
            count += 1
        }
        if count > 0 {
            clock = clock.advanced(byMs: 1)
        } else if timeoutMs > 0 {
            idleWaits += 1
            clock = clock.advanced(byMs: min(longestWaitMs, UInt32(timeoutMs)))
        }
        return count
    }

    public mutating func listen(_ address: inout Address, interface: ByteView) -> IOResult {
        .done(Int(CostIO.listener))
    }

    public mutating func listenLocal(_ path: ByteView) -> IOResult { .absent }
    public mutating func removeLocal(_ path: ByteView) {}

    public mutating func accept(_ listener: Int32, from peer: inout Address) -> IOResult {
        guard knocking.count > 0 else { return .again }
        let index = knocking.takeFirst()
        peers[index].isOpen = true
        peer = Address(v4: 0x7F00_0001, port: UInt16(40_000 + index))
        return .done(index)
    }

    public mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        let given = peers[Int(descriptor)].give(target, limit: count)
        queue(Int(descriptor))
        return given > 0 ? .done(given) : .again
    }

    public mutating func send(_ descriptor: Int32, _ runs: UnsafePointer<Run>, _ runCount: Int) -> IOResult {
        let peer = peers + Int(descriptor)
        let before = peer.pointee.bytes
        var i = 0
        while i < runCount {
            peer.pointee.take(ByteView(runs[i].start, runs[i].count))
            i += 1
        }
        queue(Int(descriptor))
        return .done(peer.pointee.bytes - before)
    }

    public mutating func unsent(_ descriptor: Int32) -> Int { 0 }

    public mutating func watch(_ descriptor: Int32, interest: UInt32, token: UInt32) -> IOResult {
        rewatch(descriptor, interest: interest, token: token)
        if descriptor != CostIO.listener { queue(Int(descriptor)) }
        return .done(0)
    }

    public mutating func rewatch(_ descriptor: Int32, interest: UInt32, token: UInt32) {
        if descriptor == CostIO.listener {
            listenerInterest = interest
            listenerToken = token
        } else {
            peers[Int(descriptor)].interest = interest
            peers[Int(descriptor)].token = token
        }
    }

    public mutating func close(_ descriptor: Int32) {
        connectionsEnded += 1
        let peer = peers + Int(descriptor)
        peer.pointee.isOpen = false
        guard callsLeft > 0 else { return }
        callsLeft -= 1
        peer.pointee.say(peer.pointee.script, partBytes: peer.pointee.partBytes, parts: 1)
        knock(Int(descriptor))
    }

    public mutating func verify(_ request: LoginRequest) { preconditionFailure("there are no passwords") }
    public mutating func log(_ line: ByteView, _ level: LogLevel) {}
    public mutating func wallSeconds() -> UInt32 { 1_798_761_600 + clock.ms / 1000 }

    // There are no connections of our own.
    public mutating func connect(_ remote: Address, _ options: SocketOptions) -> IOResult { .absent }
    public mutating func connectLocal(_ path: ByteView) -> IOResult { .absent }
    public mutating func connected(_ descriptor: Int32) -> IOResult { .absent }
    public mutating func resolve(_ name: ByteView, token: UInt32) {}
    public mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution {
        .notFound
    }
    public mutating func readFile(
        _ descriptor: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> IOResult { .absent }
    public func errorText(_ error: Int32) -> ByteView { .empty }
}

/// Numbers of peers, first in, first out; each stands in it once at most.
struct PeerQueue {
    private let places: UnsafeMutablePointer<UInt16>
    private let capacity: Int
    private var first = 0
    private(set) var count = 0

    init(_ arena: inout Arena, capacity: Int) {
        places = arena.carve("peer queue", key: "sim", count: capacity, of: UInt16.self)
        self.capacity = capacity
    }

    mutating func append(_ index: Int) {
        precondition(count < capacity)
        let place = first + count
        places[place < capacity ? place : place - capacity] = UInt16(index)
        count += 1
    }

    mutating func takeFirst() -> Int {
        precondition(count > 0)
        let index = Int(places[first])
        first += 1
        if first == capacity { first = 0 }
        count -= 1
        return index
    }
}
