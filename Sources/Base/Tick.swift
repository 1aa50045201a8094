/// A point in time on the monotonic clock, in milliseconds, wrapping round every 49.7 days.
/// Two ticks can be compared when they lie less than 24.8 days apart.
public struct Tick: Equatable {
    public let ms: UInt32

    public init(ms: UInt32) { self.ms = ms }

    public static var zero: Tick { Tick(ms: 0) }
    public static var maxSpanMs: UInt32 { 0x7FFF_FFFF }

    /// `span` milliseconds later; at most `maxSpanMs`.
    public func advanced(byMs span: UInt32) -> Tick {
        precondition(span <= Tick.maxSpanMs)
        return Tick(ms: ms &+ span)
    }

    public func isBefore(_ other: Tick) -> Bool { Int32(bitPattern: ms &- other.ms) < 0 }

    /// Milliseconds from `earlier` to this tick; zero when `earlier` is the later one.
    public func msSince(_ earlier: Tick) -> UInt32 {
        let span = ms &- earlier.ms
        return span > Tick.maxSpanMs ? 0 : span
    }

    public static func == (a: Tick, b: Tick) -> Bool { a.ms == b.ms }
}
