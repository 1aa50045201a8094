import Base

/// How often each latency occurred. Buckets are as wide as a nanosecond up to 128 of them, and above that as a 64th to
/// a 128th of what they hold, so that a figure is at most 1.6 % above what was measured, whatever its magnitude.
public struct Histogram: ~Copyable {
    private let counts: UnsafeMutablePointer<UInt32>
    public private(set) var total = 0
    /// The largest value, as it was.
    public private(set) var max: UInt64 = 0

    private static var exactBits: Int { 7 }
    /// Some 18 minutes; what is longer counts as so long.
    private static var maxBits: Int { 40 }
    private static var half: Int { 1 << (exactBits - 1) }
    public static var bucketCount: Int { (maxBits - exactBits) * half + 2 * half }

    public init(_ arena: inout Arena) {
        counts = arena.carve("latencies", key: "fixed", count: Histogram.bucketCount, of: UInt32.self)
    }

    /// Nanoseconds.
    public mutating func record(_ value: UInt64) {
        counts[Histogram.bucket(value)] += 1
        total += 1
        if value > max { max = value }
    }

    /// The value that so many of a thousand do not exceed; zero when nothing was recorded.
    public func value(perMille: Int) -> UInt64 {
        // The rank is rounded up; split, so that nothing overflows.
        let rank = total / 1000 * perMille + (total % 1000 * perMille + 999) / 1000
        var seen = 0
        var i = 0
        while i < Histogram.bucketCount {
            seen += Int(counts[i])
            if seen >= rank, seen > 0 { return Swift.min(max, Histogram.upperBound(i)) }
            i += 1
        }
        return max
    }

    static func bucket(_ value: UInt64) -> Int {
        let limit: UInt64 = 1 << UInt64(maxBits)
        let held = value < limit ? value : limit - 1
        var shift = 0
        if held >> UInt64(exactBits) != 0 { shift = 64 - held.leadingZeroBitCount - exactBits }
        return shift * half + Int(truncatingIfNeeded: held >> UInt64(shift))
    }

    /// The largest value of a bucket.
    static func upperBound(_ bucket: Int) -> UInt64 {
        if bucket < 2 * half { return UInt64(bucket) }
        let shift = bucket / half - 1
        return (UInt64(bucket - shift * half + 1) << UInt64(shift)) - 1
    }
}
