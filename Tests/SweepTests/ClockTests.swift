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

    @Test(arguments: ClockState.all.filter { !$0.beginsAtStart })
    func `a deadline is kept however long nothing has happened before`(state: ClockState) {
        for days: UInt32 in [1, 24, 25, 49, 50, 75] {
            for start in [0, 0 &- state.dueMs / 2] {
                let note: Comment = "\(state.name) at tick \(start) after \(days) days"
                let world = state.enter(start, afterDays: days)
                world.server.io.advance(byMs: state.dueMs - 1)
                world.settle()
                #expect(!state.isOver(world), "\(note): early")
                world.server.io.advance(byMs: 1)
                world.settle()
                #expect(state.isOver(world), "\(note): late")
            }
        }
    }

    /// The server asks the system to be woken up: neither so early that it turns and turns, nor late.
    @Test(arguments: ClockState.all.filter(\.wakes))
    func `the server sleeps until the deadline and no longer, wherever the clock wraps`(state: ClockState) {
        for start in [0] + ClockTests.starts(state.dueMs) {
            let note: Comment = "\(state.name) at tick \(start)"
            let world = state.enter(start)
            let slept = ClockTests.sleep(world, turns: 20 + Int(state.dueMs / 8000), until: state.isOver)
            #expect(slept.map { $0 >= state.dueMs && $0 <= state.dueMs + 257 } == true, "\(note): \(slept ?? 0) ms")
        }
    }

    /// Longer than ticks can compare, the session, and nearly so the message.
    @Test(arguments: [0, 0 &- 600_000_000, 0x8000_0000 &- 600_000_000] as [UInt32])
    func `an absent client's messages and session are kept for weeks, across the wrap`(start: UInt32) {
        let (messageDays, sessionDays) = (20, 30)
        let world = World(
            "offline_message_expiry \(messageDays)d\npersistent_client_expiration \(sessionDays)d",
            clock: Tick(ms: start))
        world.connect().enter("c", clean: false).subscribe("t", qos: 1).leave()
        world.connect().enter("s").exchange(Packet.publish("t", [1], qos: 1, packetID: 1) + Packet.disconnect)
        let dayMs = 86_400_000
        let turns = 100_000
        let kept = ClockTests.sleep(world, turns: turns) { $0.server.drops.expired == 1 } ?? 0
        #expect((0...257).contains(Int(kept) - messageDays * dayMs), "\(kept) ms")
        let lived = ClockTests.sleep(world, turns: turns) { $0.server.inUse.sessions == 0 } ?? 0
        #expect((0...257).contains(Int(kept) + Int(lived) - sessionDays * dayMs), "\(kept) and \(lived) ms")
    }

    /// Lets time pass as the server asks for, and answers how much; nil when it was not over after so many turns.
    private static func sleep(_ world: World, turns: Int, until isOver: (World) -> Bool) -> UInt32? {
        let began = world.server.io.now()
        world.server.io.letsTimePass = true
        for _ in 0..<turns {
            if isOver(world) { return world.server.io.now().msSince(began) }
            _ = world.server.turn()
        }
        return isOver(world) ? world.server.io.now().msSince(began) : nil
    }
}
