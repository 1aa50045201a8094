import Base
import Client
import Config
import Glibc
import TestSupport
import Testing

/// When values are published, and which are new.
struct ScheduleTests {
    private final class World {
        private let memory = calloc(1, 65_536)!
        private let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        private var schedule: Schedule
        var clock: UInt32

        init(_ config: String, clock: UInt32) {
            self.clock = clock
            let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: config.utf8.count + 12)
            defer { text.deallocate() }
            _ = text.initialize(from: Array("mode client\n\(config)".utf8))
            guard case .settings(let settings) = ConfigFile.parse(ByteView(text.baseAddress!, text.count)) else {
                preconditionFailure("a board config that is wrong")
            }
            var arena = Arena(base: memory, capacity: 65_536, rows: rows)
            schedule = Schedule(&arena, settings: settings, hash: KeyedHash(key0: 1, key1: 2), now: Tick(ms: clock))
        }

        deinit {
            free(memory)
            rows.deallocate()
        }

        /// The lines whose publications are due so many milliseconds later.
        func due(afterMs ms: UInt32 = 0) -> [Int] {
            clock &+= ms
            var due: [Int] = []
            while let line = schedule.next(now: Tick(ms: clock)) { due.append(line) }
            return due
        }

        var msUntilNext: UInt32? { schedule.msUntilNext(now: Tick(ms: clock)) }
        func setBusy(_ isBusy: Bool) { schedule.setBusy(0, isBusy) }
        func isNew(_ value: StaticString) -> Bool { schedule.isNew(0, ByteView(value)) }
        func published(_ value: StaticString) { schedule.published(0, ByteView(value)) }
        func missed() { schedule.missed(0) }
        func lost() { schedule.lost() }
        func age() { schedule.age(now: Tick(ms: clock)) }
        func connected(sessionPresent: Bool) {
            schedule.connected(sessionPresent: sessionPresent, now: Tick(ms: clock))
        }
    }

    private static let clocks: [UInt32] = [0, UInt32.max - 5000]

    @Test(arguments: clocks) func `each is due at once, and then again and again`(clock: UInt32) {
        let world = World("subscribe t print\npublish a every 2s file /f\npublish b every 3s exec /x", clock: clock)
        #expect(world.due() == [1, 2])
        #expect(world.msUntilNext == 2000)
        #expect(world.due(afterMs: 1999) == [])
        #expect(world.due(afterMs: 1) == [1])
        #expect(world.due(afterMs: 1000) == [2])
        #expect(world.due(afterMs: 1000) == [1])
    }

    @Test func `those that were missed are not made up for, and the others stay in step`() {
        let world = World("publish a every 2s file /f", clock: 0)
        _ = world.due()
        #expect(world.due(afterMs: 7001) == [0])
        #expect(world.msUntilNext == 999)
    }

    @Test func `one whose program is still at work is passed over`() {
        let world = World("publish a every 2s exec /x", clock: 0)
        _ = world.due()
        world.setBusy(true)
        #expect(world.due(afterMs: 2000) == [])
        #expect(world.msUntilNext == 2000)
        world.setBusy(false)
        #expect(world.due(afterMs: 2000) == [0])
    }

    @Test func `without publications there is nothing to wait for`() {
        #expect(World("subscribe t print", clock: 0).msUntilNext == nil)
    }

    @Test func `a value is new unless it is what was published last`() {
        let world = World("publish a every 2s file /f", clock: 0)
        #expect(world.isNew("1"))
        world.published("1")
        #expect(!world.isNew("1"))
        #expect(world.isNew("2"))
        world.published("2")
        #expect(world.isNew("1"))
    }

    @Test(arguments: [true, false]) func `after a loss of the session every value is new`(sessionPresent: Bool) {
        let world = World("publish a qos 1 every 2s file /f", clock: 0)
        world.published("1")
        world.connected(sessionPresent: sessionPresent)
        #expect(world.isNew("1") == !sessionPresent)
    }

    @Test func `a value of QoS 0 may be lost with the connection, and is new with the next one`() {
        let world = World("publish a every 2s file /f", clock: 0)
        world.published("1")
        world.connected(sessionPresent: true)
        #expect(world.isNew("1"))
    }

    @Test func `after a loss on the way every value is new`() {
        let world = World("publish a qos 1 every 2s file /f", clock: 0)
        world.published("1")
        world.lost()
        #expect(world.isNew("1"))
    }

    @Test(arguments: clocks) func `what was due weeks ago is still due`(clock: UInt32) {
        let world = World("publish a every 2s file /f\npublish b every 7d exec /x", clock: clock)
        for _ in 0..<30 {
            world.clock &+= 86_400_000
            world.age()
        }
        #expect(world.due() == [0, 1])
        #expect(world.due(afterMs: 2000) == [0])
    }

    @Test func `what found no way to the broker is due when there is a connection again`() {
        let world = World("publish a every 10s file /f", clock: 0)
        _ = world.due()
        world.missed()
        #expect(world.due(afterMs: 3000) == [])
        world.connected(sessionPresent: true)
        #expect(world.due() == [0])
        world.published("1")
        world.connected(sessionPresent: true)
        #expect(world.due() == [])
    }
}
