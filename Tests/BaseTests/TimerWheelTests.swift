import Base
import TestSupport
import Testing

/// Deadlines as a dictionary, on a clock that does not wrap.
private struct NaiveTimers {
    var due: [Int: UInt64] = [:]

    mutating func remove(_ number: Int, at now: UInt64) -> String? {
        guard let deadline = due.removeValue(forKey: number) else { return "\(number) was not scheduled" }
        return deadline > now ? "\(number) is early by \(deadline - now) ms" : nil
    }

    func late(at now: UInt64, toleranceMs: UInt64) -> Bool { due.values.contains { $0 + toleranceMs < now } }
}

struct TimerWheelTests {
    private static let day: UInt64 = 86_400_000
    /// The clock's beginning: zero, shortly before half-way, shortly before the wrap.
    private static let starts: [UInt64] = [0, 0x7FFF_8000, 0xFFFF_8000]

    /// A way to use the wheel: how far the clock goes at a time, and how far away deadlines lie.
    struct Use: CustomTestStringConvertible {
        let testDescription: String
        let steps: Int
        let stepMs: Int
        let aheadMs: Int

        static let all = [
            Use(testDescription: "every millisecond", steps: 60_000, stepMs: 1, aheadMs: 3000),
            Use(testDescription: "every few milliseconds", steps: 20_000, stepMs: 40, aheadMs: 100_000),
            Use(testDescription: "as far as the ring reaches", steps: 4000, stepMs: 2000, aheadMs: 200_000),
            Use(testDescription: "deadlines of days", steps: 300, stepMs: 600_000, aheadMs: 20 * 86_400_000),
            Use(testDescription: "asleep for days", steps: 60, stepMs: 86_400_000, aheadMs: 3 * 86_400_000),
        ]
    }

    @Test(arguments: Use.all, starts)
    func `No deadline is reported early, and none later than a slot`(use: Use, start: UInt64) {
        withWheel(count: 40, start) { wheel in
            var random = SplitMix64(seed: start ^ UInt64(use.aheadMs))
            var model = NaiveTimers()
            var now = start
            for _ in 0..<use.steps {
                change(&wheel, &model, now, use.aheadMs, &random)
                let passed = UInt64(1 + random.below(use.stepMs))
                now += passed
                while let number = wheel.expire(now: tick(now)) {
                    if let problem = model.remove(number, at: now) { return fail("\(problem)") }
                }
                if model.late(at: now, toleranceMs: UInt64(TimerWheel.slotMs)) { return fail("late at \(now)") }
                guard wheel.isEmpty == model.due.isEmpty else { return fail("isEmpty") }
            }
        }
    }

    @Test(arguments: Use.all, starts)
    func `Sleeping for as long as the wheel says makes no deadline late by more than a slot`(use: Use, start: UInt64) {
        withWheel(count: 40, start) { wheel in
            var random = SplitMix64(seed: start ^ UInt64(use.aheadMs))
            var model = NaiveTimers()
            var now = start
            for _ in 0..<min(use.steps, 5000) {
                change(&wheel, &model, now, use.aheadMs, &random)
                while let number = wheel.expire(now: tick(now)) {
                    if let problem = model.remove(number, at: now) { return fail("\(problem)") }
                }
                guard let pause = wheel.msUntilNext(now: tick(now)) else {
                    guard model.due.isEmpty else { return fail("nothing to wait for") }
                    continue
                }
                guard pause > 0 else { return fail("a wait of nothing") }
                now += UInt64(pause)
                if model.late(at: now, toleranceMs: UInt64(TimerWheel.slotMs)) { return fail("late at \(now)") }
            }
        }
    }

    @Test(arguments: starts)
    func `The wait ends in the slot of the first deadline, wherever that is in the ring`(start: UInt64) {
        withWheel(count: 40, start) { wheel in
            var random = SplitMix64(seed: start)
            var model = NaiveTimers()
            var now = start
            for _ in 0..<20_000 {
                // Of few deadlines, or the first is always near.
                if random.below(8) == 0 { change(&wheel, &model, now, 60_000, &random) }
                now += UInt64(1 + random.below(400))
                while let number = wheel.expire(now: tick(now)) {
                    if let problem = model.remove(number, at: now) { return fail("\(problem)") }
                }
                let first = model.due.values.min()
                let pause = wheel.msUntilNext(now: tick(now)).map(UInt64.init)
                guard let first, let pause else {
                    guard first == nil, pause == nil else { return fail("a wait for nothing, or none") }
                    continue
                }
                guard now + pause <= first, now + pause + UInt64(TimerWheel.slotMs) > first else {
                    return fail("at \(now) a wait of \(pause) for \(first)")
                }
            }
        }
    }

    @Test(arguments: 0..<TimerWheel.slotCount)
    func `A single deadline is found in any slot, from any slot`(current: Int) {
        let now = UInt64(current) * UInt64(TimerWheel.slotMs)
        withWheel(count: 1, 0) { wheel in
            wheel.schedule(0, due: tick(now))
            guard wheel.expire(now: tick(now)) == 0 else { return fail("the wheel does not turn") }
            for steps in 0..<UInt64(TimerWheel.slotCount) {
                wheel.schedule(0, due: tick(now + steps * UInt64(TimerWheel.slotMs) + 1))
                let expected = max(1, steps * UInt64(TimerWheel.slotMs))
                let pause = wheel.msUntilNext(now: tick(now))
                guard pause.map(UInt64.init) == expected else { return fail("\(steps) slots ahead") }
                wheel.cancel(0)
                guard wheel.msUntilNext(now: tick(now)) == nil else { return fail("cancelled") }
            }
        }
    }

    @Test(arguments: [1, 20, 30, 49, 50, 60, 100] as [UInt64], starts)
    func `A wheel that nobody looked at for days serves the next deadline`(days: UInt64, start: UInt64) {
        withWheel(count: 2, start) { wheel in
            var now = start + days * TimerWheelTests.day
            let due = now + 10_000
            wheel.schedule(1, due: tick(due))
            var reportedAt: UInt64?
            while reportedAt == nil, now < due + 2000 {
                if wheel.expire(now: tick(now)) != nil { reportedAt = now }
                now += 1
            }
            #expect(reportedAt.map { $0 >= due && $0 <= due + UInt64(TimerWheel.slotMs) } == true)
        }
    }

    @Test func `A deadline in the past is reported at once`() {
        withWheel(count: 2, 5_000_000) { wheel in
            _ = wheel.expire(now: tick(5_100_000))
            wheel.schedule(0, due: tick(5_000_001))
            let number = wheel.expire(now: tick(5_100_000))
            #expect(number == 0)
        }
    }

    @Test func `A cancelled deadline is not reported`() {
        withWheel(count: 2, 0) { wheel in
            wheel.schedule(0, due: tick(1000))
            wheel.cancel(0)
            wheel.cancel(0)
            let number = wheel.expire(now: tick(10_000))
            #expect(number == nil)
            #expect(wheel.isEmpty == true)
        }
    }

    @Test func `Scheduling no later keeps the earlier of two deadlines`() {
        withWheel(count: 2, 0) { wheel in
            wheel.scheduleNoLater(0, due: tick(5000))
            wheel.scheduleNoLater(0, due: tick(9000))
            wheel.scheduleNoLater(1, due: tick(9000))
            wheel.scheduleNoLater(1, due: tick(5000))
            var numbers: Set<Int> = []
            while let number = wheel.expire(now: tick(5300)) { numbers.insert(number) }
            #expect(numbers == [0, 1])
        }
    }

    @Test func `Nothing scheduled is nothing to wait for`() {
        withWheel(count: 1, 0) { wheel in #expect(wheel.msUntilNext(now: tick(0)) == nil) }
    }

    @Test func `A number beyond the wheel's traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena { arena in
                var wheel = TimerWheel(&arena, "w", key: "k", count: 1, now: .zero)
                wheel.schedule(1, due: .zero)
            }
        }
    }

    /// One random change, to the wheel and to its model.
    private func change(
        _ wheel: inout TimerWheel, _ model: inout NaiveTimers, _ now: UInt64, _ aheadMs: Int, _ random: inout SplitMix64
    ) {
        let number = random.below(40)
        let due = now + UInt64(random.below(aheadMs))
        switch random.below(10) {
        case 0:
            wheel.cancel(number)
            model.due[number] = nil
        case 1, 2:
            wheel.scheduleNoLater(number, due: tick(due))
            model.due[number] = min(due, model.due[number] ?? due)
        case 3, 4:
            wheel.schedule(number, due: tick(due))
            model.due[number] = due
        default:
            break
        }
    }

    private func withWheel(count: Int, _ start: UInt64, _ body: (inout TimerWheel) -> Void) {
        withArena { arena in
            var wheel = TimerWheel(&arena, "w", key: "k", count: count, now: tick(start))
            body(&wheel)
        }
    }

    private func tick(_ ms: UInt64) -> Tick { Tick(ms: UInt32(truncatingIfNeeded: ms)) }
}
