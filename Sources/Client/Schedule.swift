import Base
import Config

/// When which publication is due, and whether its value is a new one.
public struct Schedule: ~Copyable {
    private struct Entry {
        var due: Tick
        var everyMs: UInt32
        /// With QoS 0 a value may be lost with the connection, and nobody knows.
        var isSure: Bool
        /// A program is at work for it, so that it does not begin anew.
        var isBusy = false
        /// The last value found no way to the broker, so that a connection makes it due again.
        var isMissed = false
        var hasLast = false
        /// Of the value that was published last.
        var last: UInt32 = 0
    }

    /// By line of client mode; those that subscribe are never due.
    private let entries: UnsafeMutablePointer<Entry>
    private let count: Int
    private let hash: KeyedHash

    /// All are due at once: the first values are there when the connection is.
    public init(_ arena: inout Arena, settings: Settings, hash: KeyedHash, now: Tick) {
        self.hash = hash
        count = settings.client.subscribeLineCount + settings.client.publishLineCount
        entries = arena.carve("publications", key: "publish", count: count, of: Entry.self)
        guard !arena.isMeasuring else { return }
        var lines = settings.actionLines
        var i = 0
        while let line = lines.next() {
            (entries + i).initialize(
                to: Entry(due: now, everyMs: UInt32(line.everySeconds) * 1000, isSure: line.qos > 0))
            i += 1
        }
    }

    /// A line whose publication is due; from now on it is due again when its time has come round. One whose program is
    /// still at work is passed over. Call until nil.
    public mutating func next(now: Tick) -> Int? {
        var i = 0
        while i < count {
            if entries[i].everyMs > 0, !now.isBefore(entries[i].due) {
                // In step with the first one, and without those that were missed.
                let missed = now.msSince(entries[i].due) / entries[i].everyMs
                entries[i].due = entries[i].due.advanced(byMs: missed * entries[i].everyMs)
                    .advanced(byMs: entries[i].everyMs)
                if !entries[i].isBusy { return i }
            }
            i += 1
        }
        return nil
    }

    public func msUntilNext(now: Tick) -> UInt32? {
        var shortest: UInt32?
        var i = 0
        while i < count {
            if entries[i].everyMs > 0 { shortest = min(shortest ?? UInt32.max, entries[i].due.msSince(now)) }
            i += 1
        }
        return shortest
    }

    public mutating func setBusy(_ line: Int, _ isBusy: Bool) { entries[line].isBusy = isBusy }

    /// Whether the value is another than the one that was published last.
    public func isNew(_ line: Int, _ value: ByteView) -> Bool {
        !entries[line].hasLast || entries[line].last != hash.hash(value)
    }

    public mutating func published(_ line: Int, _ value: ByteView) {
        entries[line].isMissed = false
        entries[line].hasLast = true
        entries[line].last = hash.hash(value)
    }

    public mutating func missed(_ line: Int) { entries[line].isMissed = true }

    /// What could not be published is due again; and where the broker may have forgotten what it was told, or may never
    /// have heard it, values are new again.
    public mutating func connected(sessionPresent: Bool, now: Tick) {
        var i = 0
        while i < count {
            if entries[i].isMissed { entries[i].due = now }
            if !sessionPresent || !entries[i].isSure { entries[i].hasLast = false }
            entries[i].isMissed = false
            i += 1
        }
    }

    /// Something that was published has found no way to the broker after all: any value may be the one.
    public mutating func lost() {
        var i = 0
        while i < count {
            entries[i].hasLast = false
            i += 1
        }
    }

    /// To be called once a day, as ticks that lie weeks apart cannot be compared: what was due long ago is due now.
    public mutating func age(now: Tick) {
        var i = 0
        while i < count {
            if entries[i].due.isBefore(now) { entries[i].due = now }
            i += 1
        }
    }
}
