import Base
import Runtime
import Wire

/// The remote brokers that the process connects to, and the name servers on the way: they answer or do not, break, come
/// back with or without their sessions, and keep to the standard otherwise.
public struct FarSide: ~Copyable {
    let remotes: UnsafeMutablePointer<SimRemote>
    public let remoteCount: Int
    let visits: UnsafeMutablePointer<Visit>
    var random: SimRandom
    var now: Tick
    /// What was observed since `takeObservations`.
    let observations: UnsafeMutablePointer<Observation>
    public private(set) var observationCount = 0
    /// Names that are being looked up, by number in `SimIO`: when they are answered, and which they are.
    var answerAt = InlineArray<9, Tick?>(repeating: nil)
    var asked = InlineArray<9, UInt8>(repeating: 0)
    /// The longest that a call or a name waits for its answer.
    var maxDelayMs = 0

    static var visitCount: Int { 16 }
    private static var maxObservations: Int { 1024 }

    public init(_ arena: inout Arena, remotes count: Int, now: Tick, seed: UInt32) {
        remotes = arena.carve("remotes", key: "sim", count: max(1, count), of: SimRemote.self)
        remoteCount = count
        let visitCount = count == 0 ? 0 : FarSide.visitCount
        visits = arena.carve("visits", key: "sim", count: max(1, visitCount), of: Visit.self)
        observations = arena.carve(
            "far observations", key: "sim", count: count == 0 ? 1 : FarSide.maxObservations, of: Observation.self)
        let buffers = arena.carve(
            "far buffers", key: "sim", count: max(1, 2 * visitCount * Visit.bufferBytes), of: UInt8.self)
        var i = 0
        while i < count {
            (remotes + i).initialize(to: SimRemote(number: UInt8(SimRemote.firstNumber + i)))
            i += 1
        }
        i = 0
        while i < visitCount {
            let input = buffers + 2 * i * Visit.bufferBytes
            (visits + i).initialize(to: Visit(input: input, output: input + Visit.bufferBytes))
            i += 1
        }
        self.now = now
        random = SimRandom(seed: seed, stream: 3)
    }

    public subscript(_ index: Int) -> Observation {
        precondition(index < observationCount)
        return observations[index]
    }

    public mutating func removeObservations() { observationCount = 0 }

    mutating func see(_ kind: Observation.Kind, _ remote: Int, _ change: (inout Observation) -> Void = { _ in }) {
        precondition(observationCount < FarSide.maxObservations, "too much happens far away")
        observations[observationCount] = Observation(kind, remotes[remote].number, now)
        change(&observations[observationCount])
        observationCount += 1
    }

    mutating func violation(_ violation: Observation.Violation, _ remote: Int) {
        see(.violated, remote) { $0.code = violation.rawValue }
    }

    /// Takes calls and bytes, answers, and sends.
    public mutating func turn(_ io: inout SimIO) {
        guard remoteCount > 0 else { return }
        now = io.clock
        endMoods()
        lookUp(&io)
        while let call = io.peerNextCall() { takeCall(call, &io) }
        var i = 0
        while i < FarSide.visitCount {
            serve(i, &io)
            i += 1
        }
    }

    private mutating func endMoods() {
        var i = 0
        while i < remoteCount {
            if let ends = remotes[i].moodEnds, !now.isBefore(ends) { change(i, .open, until: nil) }
            i += 1
        }
    }

    mutating func delay() -> Tick {
        guard maxDelayMs > 0, random.chance(perMille: 400) else { return now }
        return now.advanced(byMs: UInt32(random.below(maxDelayMs)))
    }

    // Connections.

    private mutating func serve(_ index: Int, _ io: inout SimIO) {
        let visit = visits + index
        switch visit.pointee.phase {
        case .free: return
        case .calling: answerCall(index, &io)
        case .open, .connected: break
        }
        guard visit.pointee.phase == .open || visit.pointee.phase == .connected else { return }
        let mood = remotes[visit.pointee.remote].mood
        guard mood != .blackHole, mood != .mute else {
            // What was under way is lost.
            if io.peerIsClosed(visit.pointee.peer) { end(index, .server, &io) }
            return
        }
        receive(index, &io)
        if visit.pointee.phase != .free { sendMore(visit.pointee.remote) }
        flush(index, &io)
        guard visit.pointee.phase != .free else { return }
        let isSilent = visit.pointee.keepAliveSeconds > 0 && visit.pointee.readsAgainAt == nil
            && now.msSince(visit.pointee.lastHeard) > UInt32(visit.pointee.keepAliveSeconds) * 1500 + 2000
        if (visit.pointee.isEnding && visit.pointee.output.count == 0) || isSilent { close(index, &io) }
    }

    private mutating func receive(_ index: Int, _ io: inout SimIO) {
        let visit = visits + index
        if let until = visit.pointee.readsAgainAt, now.isBefore(until) { return }
        visit.pointee.readsAgainAt = nil
        // There may have been no room for the answers.
        takePackets(index, &io)
        while visit.pointee.phase != .free, !visit.pointee.isEnding {
            let held = visit.pointee.input.count
            let got = io.peerReceive(
                visit.pointee.peer, visit.pointee.input.start + held, limit: visit.pointee.input.room)
            guard got > 0 else { break }
            visit.pointee.lastHeard = now
            visit.pointee.input.extend(by: got)
            takePackets(index, &io)
        }
        guard visit.pointee.phase != .free, io.peerIsClosed(visit.pointee.peer),
            visit.pointee.isEnding || io.peerUnread(visit.pointee.peer) == 0
        else { return }
        end(index, .server, &io)
    }

    private mutating func takePackets(_ index: Int, _ io: inout SimIO) {
        let visit = visits + index
        var used = 0
        while visit.pointee.phase != .free, !visit.pointee.isEnding {
            // An answer must always find room.
            guard visit.pointee.output.room > 4096 else { break }
            switch FrameReader.next(visit.pointee.input.written.dropFirst(used), maxPacketBytes: Visit.bufferBytes) {
            case .needMore:
                visit.pointee.input.keep(from: used)
                return
            case .bad:
                violation(.badFrame, visit.pointee.remote)
                visit.pointee.input.removeAll()
                breakOff(index, &io)
                return
            case .frame(let frame, let byteCount):
                used += byteCount
                take(index, frame, &io)
            }
        }
        if visit.pointee.phase != .free { visit.pointee.input.keep(from: used) }
    }

    func flush(_ index: Int, _ io: inout SimIO) {
        let visit = visits + index
        guard visit.pointee.phase == .open || visit.pointee.phase == .connected, visit.pointee.output.count > 0 else {
            return
        }
        let taken = io.peerSend(visit.pointee.peer, some: visit.pointee.output.written)
        visit.pointee.output.keep(from: taken)
    }

    /// The connection breaks at some byte.
    mutating func breakOff(_ index: Int, _ io: inout SimIO) {
        let peer = visits[index].peer
        if !io.peerIsClosed(peer) { io.peerReset(peer, arriving: random.below(io.peerUnsent(peer) + 1)) }
        end(index, .reset, &io)
    }

    /// What was sent arrives, and then the end.
    mutating func close(_ index: Int, _ io: inout SimIO) {
        if !io.peerIsClosed(visits[index].peer) { io.peerClose(visits[index].peer, isOrderly: true) }
        end(index, .orderly, &io)
    }

    /// The connection is over for the remote.
    mutating func end(_ index: Int, _ ending: Observation.Ending, _ io: inout SimIO) {
        let remote = visits[index].remote
        let wasConnected = visits[index].phase == .connected
        if wasConnected {
            let me = remotes + remote
            precondition(me.pointee.visit == index)
            me.pointee.visit = -1
            me.pointee.sentCount = 0
            if me.pointee.isClean { me.pointee.forgetSession() }
        }
        release(index, &io)
        see(.ended, remote) {
            $0.flag = wasConnected
            $0.code = ending.rawValue
        }
    }

    func release(_ index: Int, _ io: inout SimIO) {
        io.peerForget(visits[index].peer)
        visits[index].phase = .free
    }

    /// Nothing is under way, and nobody waits for anything.
    public func isQuiet(_ io: borrowing SimIO) -> Bool {
        var i = 0
        while i < remoteCount {
            if remotes[i].visit >= 0, remotes[i].outgoing.count > 0 { return false }
            i += 1
        }
        i = 0
        while remoteCount > 0, i < FarSide.visitCount {
            let visit = visits + i
            i += 1
            if visit.pointee.phase == .calling || visit.pointee.phase == .open { return false }
            if visit.pointee.phase == .connected,
                visit.pointee.output.count > 0 || io.peerUnsent(visit.pointee.peer) > 0
                    || io.peerUnread(visit.pointee.peer) > 0
            {
                return false
            }
        }
        return true
    }
}
