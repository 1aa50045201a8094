import Base
import Runtime

// How names are looked up and calls are answered.
extension FarSide {
    // Names: `r0.sim`, `r1.sim`. All addresses of a remote, in any order.

    mutating func lookUp(_ io: inout SimIO) {
        while let index = io.peerNextLookup() {
            let name = io.lookups[index].name
            precondition(name.count == 6 && name[0] == UInt8(ascii: "r"), "an unknown name")
            asked[index] = name[1] - UInt8(ascii: "0")
            answerAt[index] = delay()
            see(.lookup, Int(asked[index]))
        }
        var i = 0
        while i < answerAt.count {
            if let due = answerAt[i], !now.isBefore(due) {
                let remote = Int(asked[i])
                if remotes[remote].names != .silent {
                    answerAt[i] = nil
                    answer(i, remote, &io)
                }
            }
            i += 1
        }
    }

    private mutating func answer(_ index: Int, _ remote: Int, _ io: inout SimIO) {
        var addresses = InlineArray<4, Address>(repeating: .any)
        let first = random.below(SimRemote.addressCount)
        let count = random.within(1, SimRemote.addressCount)
        var i = 0
        while i < count {
            addresses[i] = FarSide.address(remote, (first + i) % SimRemote.addressCount)
            i += 1
        }
        let names = remotes[remote].names
        let answer: Resolution =
            names == .known ? .addresses(count) : names == .unknown ? .notFound : .unavailable
        see(.lookedUp, remote) { $0.code = names.rawValue }
        io.peerResolve(index, answer, addresses)
    }

    /// The last one is an IPv6 address.
    static func address(_ remote: Int, _ index: Int) -> Address {
        if index == 3 { return Address(words: (0xFD00_0000, 0, 0, UInt32(remote)), port: 1883) }
        return Address(v4: 0x0A08_0000 | UInt32(remote) << 8 | UInt32(index), port: 1883)
    }

    private static func place(_ address: Address) -> (remote: Int, index: Int) {
        address.isV4
            ? (Int(address.words.3 >> 8 & 0xFF), Int(address.words.3 & 0xFF)) : (Int(address.words.3 & 0xFF), 3)
    }

    // Calls.

    mutating func takeCall(_ call: Int, _ io: inout SimIO) {
        var i = 0
        while i < FarSide.visitCount, visits[i].phase != .free { i += 1 }
        precondition(i < FarSide.visitCount, "too many calls at a time")
        let place = FarSide.place(io.peerAddress(call))
        precondition(place.remote < remoteCount, "nobody lives there")
        let visit = visits + i
        visit.pointee.input.removeAll()
        visit.pointee.output.removeAll()
        visit.pointee.phase = .calling
        visit.pointee.peer = call
        visit.pointee.remote = place.remote
        visit.pointee.address = place.index
        visit.pointee.answerAt = delay()
        visit.pointee.readsAgainAt = nil
        visit.pointee.isEnding = false
        see(.called, place.remote) { $0.code = UInt8(place.index) }
    }

    mutating func answerCall(_ index: Int, _ io: inout SimIO) {
        let visit = visits + index
        let remote = remotes + visit.pointee.remote
        let bit: UInt8 = 1 << UInt8(visit.pointee.address)
        if io.peerIsClosed(visit.pointee.peer) {
            release(index, &io)
            return
        }
        guard !now.isBefore(visit.pointee.answerAt), remote.pointee.mood != .blackHole,
            remote.pointee.blackHoles & bit == 0
        else { return }
        let isAccepted = remote.pointee.mood != .refusing && remote.pointee.refusals & bit == 0
        see(.callAnswered, visit.pointee.remote) { $0.flag = isAccepted }
        guard isAccepted else {
            io.peerRefuse(visit.pointee.peer)
            visit.pointee.phase = .free
            return
        }
        io.peerAccept(visit.pointee.peer)
        visit.pointee.phase = .open
        visit.pointee.lastHeard = now
        visit.pointee.keepAliveSeconds = 0
        if remote.pointee.mood == .hangingUp { breakOff(index, &io) }
    }
}
