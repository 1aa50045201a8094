import Base

/// Writes the log: which lines, with or without the time, and equal ones only once.
///
/// A line is put together in a buffer of the owner's: `begin`, fields, `end`.
struct Reporter {
    /// Which events are told.
    var levels: LogLevels
    /// Whether lines begin with the time.
    var hasTime: Bool

    private let hash: KeyedHash
    // The line being written, and the one before.
    private var level = LogLevel.information
    /// Where the line's event begins, behind the time.
    private var eventStart = 0
    private var lastSignature: UInt32 = 0
    private var lastLineAt: Tick
    /// Lines equal to the last one that were not written.
    private var repeatedLines = 0
    /// Whether the clock of the system is set, as far as it was looked at; once it is, nobody looks again.
    private var isClockSet: Bool?

    private static var foldMs: UInt32 { 10_000 }

    init(levels: LogLevels, hasTime: Bool, hash: KeyedHash, now: Tick) {
        self.levels = levels
        self.hasTime = hasTime
        self.hash = hash
        lastLineAt = now
    }

    mutating func begin<Net: IO & ~Copyable>(_ event: LogEvent, _ line: inout Line, _ io: inout Net) {
        level = event.level
        if hasTime { line.time(io.wallSeconds()) }
        eventStart = line.count
        line.event(event)
    }

    mutating func end<Net: IO & ~Copyable>(_ line: inout Line, _ io: inout Net, now: Tick) {
        let whole = line.ended()
        if levels.contains(level) { writeOrFold(whole, &io, now: now) }
        line.removeAll()
        if isClockSet != true { lookAtClock(&line, &io, now: now) }
    }

    /// Tells once that the clock is not set, and once that it is at last. A router has no battery for one; what is told
    /// of time until then is wrong, and nothing else, as all that lasts is measured by another clock.
    @inline(never)
    private mutating func lookAtClock<Net: IO & ~Copyable>(_ line: inout Line, _ io: inout Net, now: Tick) {
        let (wasSet, seconds) = (isClockSet, io.wallSeconds())
        let isSet = seconds >= Version.releasedSeconds
        isClockSet = isSet
        guard isSet ? wasSet == false : wasSet == nil else { return }
        begin(isSet ? .clockSet : .clockNotSet, &line, &io)
        if !isSet { line.field("clock", Int(seconds)) }
        end(&line, &io, now: now)
    }

    /// How much of a pool is used.
    mutating func report<Net: IO & ~Copyable>(_ use: PoolUse, _ line: inout Line, _ io: inout Net, now: Tick) {
        begin(.pool, &line, &io)
        line.field("name", use.name)
        line.field("in-use", use.inUse)
        line.field("high-water", use.highWater)
        line.field("capacity", use.capacity)
        end(&line, &io, now: now)
    }

    /// A line that is the same as the one before, but for its time, is only counted, until another comes or a while has
    /// passed.
    private mutating func writeOrFold<Net: IO & ~Copyable>(_ line: ByteView, _ io: inout Net, now: Tick) {
        let signature = hash.hash(line.dropFirst(eventStart))
        if signature == lastSignature, now.msSince(lastLineAt) < Reporter.foldMs {
            repeatedLines += 1
            return
        }
        writeRepeated(&io)
        lastSignature = signature
        lastLineAt = now
        io.log(line, level)
    }

    /// When lines that were only counted must be told of.
    var repeatedDue: Tick? { repeatedLines > 0 ? lastLineAt.advanced(byMs: Reporter.foldMs) : nil }

    mutating func reportRepeated<Net: IO & ~Copyable>(_ io: inout Net, now: Tick) {
        if let due = repeatedDue, !now.isBefore(due) { writeRepeated(&io) }
    }

    private mutating func writeRepeated<Net: IO & ~Copyable>(_ io: inout Net) {
        guard repeatedLines > 0 else { return }
        var space: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
        let count = repeatedLines
        repeatedLines = 0
        withUnsafeMutableBytes(of: &space) { bytes in
            var line = Line(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), capacity: bytes.count)
            if hasTime { line.time(io.wallSeconds()) }
            line.event(.repeated)
            line.field("count", count)
            io.log(line.ended(), LogEvent.repeated.level)
        }
    }

    /// To be called once a day, as ticks that lie weeks apart cannot be compared: what was longer ago than `limit`
    /// becomes as long ago.
    mutating func age(now: Tick, limit: UInt32) {
        if now.msSince(lastLineAt) > limit { lastLineAt = Tick(ms: now.ms &- limit) }
    }
}
