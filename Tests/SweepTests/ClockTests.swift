import Base
import TestWorld
import Testing

/// The clock counts 32 bits of milliseconds and begins again from zero. Wherever that happens, before a deadline, at it
/// or after it, the deadline is kept to the same millisecond.
@Suite struct ClockTests {
    /// Ticks from which a deadline runs: so that the clock wraps before, at and after it, or comes to where the sign of
    /// a difference changes.
    private static func starts(_ dueMs: UInt32) -> [UInt32] {
        let untilWrap = [1, 2, dueMs / 2, dueMs - 1, dueMs, dueMs + 1, dueMs + 257, dueMs + 5000]
        return untilWrap.flatMap { [0 &- $0, 0x8000_0000 &- $0] }
    }

    @Test(arguments: ClockState.all)
    func `a deadline is kept to the millisecond, wherever the clock wraps`(state: ClockState) {
        for start in [0] + ClockTests.starts(state.dueMs) {
            let note: Comment = "\(state.name) at tick \(start)"
            let world = state.enter(start)
            #expect(!state.isOver(world), "\(note): at once")
            world.server.io.advance(byMs: state.dueMs - 1)
            world.settle()
            #expect(!state.isOver(world), "\(note): early")
            world.server.io.advance(byMs: 1)
            world.settle()
            #expect(state.isOver(world), "\(note): late")
        }
    }

    /// The server asks the system to be woken up: not as long before that it turns and turns, and not after.
    @Test(arguments: ClockState.all.filter(\.wakes))
    func `the server sleeps until the deadline and no longer, wherever the clock wraps`(state: ClockState) {
        for start in [0] + ClockTests.starts(state.dueMs) {
            let note: Comment = "\(state.name) at tick \(start)"
            let world = state.enter(start)
            let began = world.server.io.now()
            world.server.io.letsTimePass = true
            var turns = 0
            while !state.isOver(world), turns < 20 + Int(state.dueMs / 8000) {
                _ = world.server.turn()
                turns += 1
            }
            let slept = world.server.io.now().msSince(began)
            #expect(state.isOver(world), "\(note): not within \(turns) turns")
            #expect(slept >= state.dueMs && slept <= state.dueMs + 257, "\(note): \(slept) ms in \(turns) turns")
        }
    }
}
