/// Deadlines of numbered things (the records of a pool, by index), without scanning and without sorting.
///
/// A ring of slots, each a slice of time with a list of the deadlines that fall into it. A deadline beyond the ring's
/// span waits in the last slot and is put back when that comes round. Deadlines are never reported early, and at most
/// `slotMs` late plus the time the caller stayed away.
public struct TimerWheel: ~Copyable {
    /// Per number: neighbours in its slot's list and the deadline. Numbers are stored plus one; zero is "none".
    private struct Entry {
        var next: UInt32
        /// Of the first in a list: `TimerWheel.listMark` and the slot. Zero when not scheduled.
        var previous: UInt32
        var due: Tick
    }

    private static var listMark: UInt32 { 1 << 31 }

    public static var slotCount: Int { 256 }
    /// 256 ms: far finer than any deadline MQTT knows (its unit is the second).
    public static var slotMs: UInt32 { 256 }

    private let entries: UnsafeMutablePointer<Entry>
    private let heads: UnsafeMutablePointer<UInt32>
    /// A bit for each slot, set while its list is not empty: the next slot that matters is found without a look at all.
    private let occupied: UnsafeMutablePointer<UInt32>
    private static var wordCount: Int { slotCount / UInt32.bitWidth }
    private let capacity: Int
    private var scheduled = 0
    /// The slot being emptied, and the time it begins. Everything due before is already reported.
    private var current = 0
    private var currentStart: Tick

    /// Room for the numbers 0 ..< `count`. `now` is the earliest time a deadline can have.
    public init(_ arena: inout Arena, _ name: StaticString, key: StaticString, count: Int, now: Tick) {
        capacity = count
        entries = arena.carve(name, key: key, count: count, of: Entry.self)
        heads = arena.carve("timer slots", key: "fixed", count: TimerWheel.slotCount, of: UInt32.self)
        occupied = arena.carve("timer slot bits", key: "fixed", count: TimerWheel.wordCount, of: UInt32.self)
        currentStart = now
    }

    public var isEmpty: Bool { scheduled == 0 }

    /// Sets the deadline of `number`, in place of the one it had. A `due` in the past is reported at the next `expire`.
    public mutating func schedule(_ number: Int, due: Tick) {
        precondition(number >= 0 && number < capacity)
        cancel(number)
        let ahead = due.msSince(currentStart)
        let slots = min(Int(ahead / TimerWheel.slotMs), TimerWheel.slotCount - 1)
        insert(number, due: due, slot: (current + slots) % TimerWheel.slotCount)
    }

    /// As `schedule`, unless the deadline that `number` has comes first.
    public mutating func scheduleNoLater(_ number: Int, due: Tick) {
        let entry = entries[number]
        if entry.previous == 0 || due.isBefore(entry.due) { schedule(number, due: due) }
    }

    public mutating func cancel(_ number: Int) {
        let entry = entries[number]
        guard entry.previous > 0 else { return }
        if entry.previous & TimerWheel.listMark == 0 {
            entries[Int(entry.previous) - 1].next = entry.next
        } else {
            let slot = Int(entry.previous & ~TimerWheel.listMark)
            heads[slot] = entry.next
            if entry.next == 0 { occupied[slot / UInt32.bitWidth] &= ~TimerWheel.bit(slot) }
        }
        if entry.next > 0 { entries[Int(entry.next) - 1].previous = entry.previous }
        entries[number] = Entry(next: 0, previous: 0, due: .zero)
        scheduled -= 1
    }

    /// A number whose deadline has come, taken out; nil when none is left. Call until nil.
    public mutating func expire(now: Tick) -> Int? {
        while true {
            if let number = firstDue(in: current, now: now) {
                cancel(number)
                return number
            }
            let end = currentStart.advanced(byMs: TimerWheel.slotMs)
            guard !now.isBefore(end) else { return nil }
            advance(to: end)
            // After a long sleep there is nothing to gain from walking round more than once.
            if scheduled == 0 { skipEmpty(to: now) }
        }
    }

    /// Milliseconds until `expire` can have something to say; nil when nothing is scheduled.
    public func msUntilNext(now: Tick) -> UInt32? {
        guard scheduled > 0 else { return nil }
        let step = stepsToOccupied()
        if step == 0 { return msUntilFirst(in: current, now: now) }
        return currentStart.advanced(byMs: UInt32(step) * TimerWheel.slotMs).msSince(now)
    }

    /// From the current slot to the first that is not empty; there is one.
    private func stepsToOccupied() -> Int {
        var word = current / UInt32.bitWidth
        // Of its own word the bits before the current slot are the last to come round.
        var bits = occupied[word] & ~(TimerWheel.bit(current) - 1)
        while bits == 0 {
            word = (word + 1) % TimerWheel.wordCount
            bits = occupied[word]
        }
        let slot = word * UInt32.bitWidth + bits.trailingZeroBitCount
        return (slot - current + TimerWheel.slotCount) % TimerWheel.slotCount
    }

    private static func bit(_ slot: Int) -> UInt32 { 1 &<< UInt32(truncatingIfNeeded: slot) }

    private mutating func insert(_ number: Int, due: Tick, slot: Int) {
        let first = heads[slot]
        entries[number] = Entry(next: first, previous: TimerWheel.listMark | UInt32(slot), due: due)
        if first > 0 { entries[Int(first) - 1].previous = UInt32(number) + 1 }
        heads[slot] = UInt32(number) + 1
        occupied[slot / UInt32.bitWidth] |= TimerWheel.bit(slot)
        scheduled += 1
    }

    private func firstDue(in slot: Int, now: Tick) -> Int? {
        var number = heads[slot]
        while number > 0 {
            if !now.isBefore(entries[Int(number) - 1].due) { return Int(number) - 1 }
            number = entries[Int(number) - 1].next
        }
        return nil
    }

    private func msUntilFirst(in slot: Int, now: Tick) -> UInt32 {
        var shortest = TimerWheel.slotMs
        var number = heads[slot]
        while number > 0 {
            shortest = min(shortest, entries[Int(number) - 1].due.msSince(now))
            number = entries[Int(number) - 1].next
        }
        return shortest
    }

    /// Moves to the next slot. What still stands in the one left behind is due later than the ring reached: it is
    /// scheduled anew, which puts it as far ahead as it belongs.
    private mutating func advance(to start: Tick) {
        var number = heads[current]
        current = (current + 1) % TimerWheel.slotCount
        currentStart = start
        while number > 0 {
            let index = Int(number) - 1
            let next = entries[index].next
            schedule(index, due: entries[index].due)
            number = next
        }
    }

    private mutating func skipEmpty(to now: Tick) {
        let slots = now.msSince(currentStart) / TimerWheel.slotMs
        currentStart = currentStart.advanced(byMs: slots * TimerWheel.slotMs)
    }
}
