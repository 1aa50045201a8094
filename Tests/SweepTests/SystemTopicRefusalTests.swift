#if REFUSALS
import TestWorld
import Testing

/// The same for the broker's own topics, which it publishes all at once.
@Suite struct SystemTopicRefusalTests {
    private static let intervalMs: UInt32 = 10_000

    /// Two intervals, and somebody who listens.
    private final class Run {
        let scene = Scene(World("sys_interval 10\nmax_queued_messages 1000\nmax_deliveries 1024"))
        let reader: Device
        let first: [Int]
        let last: [Int]
        let atRest: [String: Int]

        init(refusing take: (row: Int, number: Int)? = nil) {
            let world = scene.world
            reader = scene.device(.init(id: "r", isClean: true))
            reader.turnOn()
            scene.settle()
            reader.subscribe("$SYS/#", qos: 1)
            scene.settle()
            first = world.takesByRow
            if let take { world.refuse(take: take.number, row: take.row) }
            world.server.io.advance(byMs: SystemTopicRefusalTests.intervalMs)
            scene.settle()
            last = world.takesByRow
            world.server.io.advance(byMs: SystemTopicRefusalTests.intervalMs)
            scene.settle()
            scene.endAll()
            atRest = scene.poolUse
        }
    }

    @Test(arguments: ["topic nodes", "topic names", "messages", "message slabs", "deliveries"])
    func `a value that finds no room is there after the next interval`(pool: String) throws {
        let whole = Run()
        let topics = Set(whole.reader.received.map(\.topic))
        let taken = whole.first.indices.filter { whole.last[$0] > whole.first[$0] }
        let row = try #require(taken.first { whole.scene.world.poolName(row: $0) == pool })
        #expect(whole.last[row] - whole.first[row] > 90)
        for number in whole.first[row]..<whole.last[row] {
            let run = Run(refusing: (row, number))
            let note: Comment = "take \(number) of \(pool)"
            #expect(!run.scene.world.stillRefuses(row: row), note)
            #expect(run.reader.cutOffs == 0, note)
            let missing = topics.subtracting(run.reader.received.map(\.topic))
            // What was on its way to the reader is lost to it, and counted, until the value changes.
            #expect(missing.count <= (pool == "deliveries" ? 1 : 0), note)
            #expect(missing.count <= Int(run.scene.world.server.drops.storeFull), note)
            #expect(run.atRest == whole.atRest, note)
        }
    }
}
#endif
