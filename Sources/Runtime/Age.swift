import Base

// Ticks that lie 24.8 days apart or more can no longer be compared. What remembers when something happened last,
// however long ago, is therefore looked at once a day: what is old becomes just old enough.
extension Server where Net: ~Copyable {
    var dayMs: UInt32 { 86_400_000 }

    mutating func ageTicks() {
        guard now.msSince(agedAt) >= dayMs else { return }
        agedAt = now
        acceptSecond = aged(acceptSecond)
        reporter.age(now: now, limit: dayMs)
        memory.failedLogins.forgetOld(now)
        var index = 0
        while index < memory.connections.capacity {
            if let handle = memory.connections.handle(at: index) {
                let connection = memory.connections[handle]
                connection.pointee.rateSecond = aged(connection.pointee.rateSecond)
            }
            index += 1
        }
        index = 0
        while index < memory.bridgeCount {
            memory.bridges[index].reportedAt = aged(memory.bridges[index].reportedAt)
            index += 1
        }
    }

    /// A day is older than anything that is counted by the second or by a few of them.
    private func aged(_ tick: Tick) -> Tick { now.msSince(tick) > dayMs ? Tick(ms: now.ms &- dayMs) : tick }
}
