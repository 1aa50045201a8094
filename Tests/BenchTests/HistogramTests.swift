import Base
import TestSupport
import Testing

@testable import Bench

/// Latencies, and what share of them is below what.
struct HistogramTests {
    private func histogram<R>(_ values: [UInt64], _ body: (borrowing Histogram) -> R) -> R {
        withArena { arena in
            var histogram = Histogram(&arena)
            for value in values { histogram.record(value) }
            return body(histogram)
        }
    }

    /// Around each power of two, where buckets change their width.
    private static let edges = (0..<40).flatMap { power -> [UInt64] in
        let value = UInt64(1) << UInt64(power)
        return [value - 1, value, value + 1, value + value / 2, value + value / 3]
    }

    @Test(arguments: edges)
    func `A bucket's upper bound is at most a 64th above what is in it`(value: UInt64) {
        let bound = Histogram.upperBound(Histogram.bucket(value))
        #expect(bound >= value)
        #expect(bound - value <= value / 64)
    }

    @Test func `Buckets follow each other without a gap`() {
        for bucket in 1..<Histogram.bucketCount {
            #expect(Histogram.bucket(Histogram.upperBound(bucket - 1) + 1) == bucket)
            #expect(Histogram.bucket(Histogram.upperBound(bucket)) == bucket)
        }
    }

    @Test func `What is longer than the longest counts as that, and its maximum is exact`() {
        #expect(Histogram.bucket(.max) == Histogram.bucketCount - 1)
        #expect(histogram([5, 1 << 50]) { $0.max } == 1 << 50)
    }

    @Test func `Small values are exact`() {
        let values = (1...100).map { UInt64($0) }
        #expect(histogram(values) { $0.value(perMille: 500) } == 50)
        #expect(histogram(values) { $0.value(perMille: 990) } == 99)
        #expect(histogram(values) { $0.value(perMille: 999) } == 100)
        #expect(histogram(values) { $0.value(perMille: 1000) } == 100)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `Shares are those of a sorted list, but for the width of a bucket`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let values = (0..<5000).map { _ in random.next() >> (24 + random.next() % 40) }
        let sorted = values.sorted()
        for perMille in [1, 250, 500, 900, 990, 999, 1000] {
            let exact = min(sorted[(5000 * perMille + 999) / 1000 - 1], (1 << 40) - 1)
            let told = histogram(values) { $0.value(perMille: perMille) }
            #expect(told >= exact && told - exact <= exact / 64, "\(perMille)")
        }
    }

    @Test func `Where nothing was recorded everything is zero`() {
        #expect(histogram([]) { $0.value(perMille: 990) } == 0)
        #expect(histogram([]) { $0.max } == 0)
    }
}
