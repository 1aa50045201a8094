import Base
import TestSupport
import Testing

struct CounterTests {
    private func text(_ counter: Counter) -> String { lineText { $0.number(counter) } }

    @Test(arguments: [
        ([0], "0"), ([7], "7"), ([999_999_999], "999999999"), ([999_999_999, 1], "1000000000"),
        ([1_000_000_000], "1000000000"), ([1_000_000_000, 1], "1000000001"), ([3_000_000_000], "3000000000"),
        ([999_999_999, 3_000_000_000], "3999999999"), ([2_999_999_999, 999_999_999, 2], "4000000000"),
        ([1_000_000_000, 90_000_000], "1090000000"),
    ] as [([Int], String)])
    func `A counter is the sum of what was added`(steps: [Int], expected: String) {
        var counter = Counter()
        for step in steps { counter.add(step) }
        #expect(text(counter) == expected)
    }

    @Test(arguments: seeds)
    func `A counter counts like a number of 64 bits, over billions`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var counter = Counter()
        var model: UInt64 = 0
        for round in 0..<20_000 {
            let bound = [1, 2, 1000, 1_000_000_000, 3_000_000_001][random.below(5)]
            let step = random.below(bound)
            counter.add(step)
            model += UInt64(step)
            guard UInt64(counter.billions) * 1_000_000_000 + UInt64(counter.units) == model, text(counter) == "\(model)"
            else { return fail("round \(round)") }
        }
        #expect(counter.billions > 1000)
    }

    @Test func `Counters are equal when their numbers are`() {
        var (a, b) = (Counter(), Counter())
        a.add(1_000_000_005)
        b.add(5)
        #expect(a != b)
        b.add(1_000_000_000)
        #expect(a == b)
    }
}
