import Base

/// Addresses from which logins have failed lately. Each failure beyond a few makes the address wait twice as long.
/// A fixed table: when it is full the address that failed longest ago is forgotten.
struct LoginBackoff {
    private struct Entry {
        var address = Address.any
        var failures: UInt32 = 0
        var failedAt = Tick.zero
    }

    private let entries: UnsafeMutablePointer<Entry>

    private static var count: Int { 32 }

    private static var freeFailures: UInt32 { 3 }
    private static var firstWaitMs: UInt32 { 1000 }
    private static var maxDoublings: UInt32 { 6 }
    private static var memoryMs: UInt32 { 600_000 }

    init(_ arena: inout Arena) {
        entries = arena.carve("failed logins", key: "fixed", count: LoginBackoff.count, of: Entry.self)
        if !arena.isMeasuring { entries.initialize(repeating: Entry(), count: LoginBackoff.count) }
    }

    /// Whether a login from `peer` is to be turned away unheard.
    func mustWait(_ peer: Address, now: Tick) -> Bool {
        guard let index = find(peer) else { return false }
        let entry = entries[index]
        guard entry.failures > LoginBackoff.freeFailures else { return false }
        let doublings = min(entry.failures - LoginBackoff.freeFailures - 1, LoginBackoff.maxDoublings)
        return now.msSince(entry.failedAt) < LoginBackoff.firstWaitMs << doublings
    }

    mutating func failed(_ peer: Address, now: Tick) {
        forgetOld(now)
        let index = find(peer) ?? leastRecent(now)
        let failures = entries[index].failures
        entries[index] = Entry(address: LoginBackoff.host(peer), failures: failures + 1, failedAt: now)
    }

    mutating func succeeded(_ peer: Address) {
        if let index = find(peer) { entries[index] = Entry() }
    }

    /// One host of IPv6 has a whole /64 to choose from.
    private static func host(_ peer: Address) -> Address {
        peer.isV4 ? Address(words: peer.words, port: 0) : Address(words: (peer.words.0, peer.words.1, 0, 0), port: 0)
    }

    private func find(_ peer: Address) -> Int? {
        let host = LoginBackoff.host(peer)
        var i = 0
        while i < LoginBackoff.count {
            if entries[i].failures > 0, entries[i].address == host { return i }
            i += 1
        }
        return nil
    }

    /// At least once in 24 days, so that ticks can be compared.
    mutating func forgetOld(_ now: Tick) {
        var i = 0
        while i < LoginBackoff.count {
            let isOld = now.msSince(entries[i].failedAt) > LoginBackoff.memoryMs
            if entries[i].failures > 0, isOld { entries[i] = Entry() }
            i += 1
        }
    }

    private mutating func leastRecent(_ now: Tick) -> Int {
        var oldest = 0
        var i = 0
        while i < LoginBackoff.count {
            if entries[i].failures == 0 { return i }
            if now.msSince(entries[i].failedAt) > now.msSince(entries[oldest].failedAt) { oldest = i }
            i += 1
        }
        entries[oldest] = Entry()
        return oldest
    }
}
