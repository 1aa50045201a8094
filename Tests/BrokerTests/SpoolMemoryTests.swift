import Base
import Broker
import Config
import TestSupport
import Testing
import Wire

struct SpoolMemoryTests {
    private static func small(_ limits: inout Limits) {
        limits.maxMessages = 64
        limits.maxDeliveries = 64
        limits.messageStoreBytes = 64 * 120
        limits.maxPacketBytes = 3000
        limits.maxInflightMessages = 4
        limits.maxQueuedMessages = 0
        limits.maxQueuedBytes = 0
    }

    @Test func `A spool that is full takes nothing from the house`() {
        let spooled = Spooled("spool_messages 1000\nspool_size 300K", SpoolMemoryTests.small)
        for i in 1...1200 { spooled.publish("t", "\(i)") }
        #expect(spooled.waiting == 1000)
        #expect(!spooled.world.isLow)
    }

    @Test func `A house that is full takes nothing from the spool`() {
        let spooled = Spooled("spool_messages 100\nspool_size 300K", topic: "out/#", SpoolMemoryTests.small)
        let away = spooled.world.connect("away", isClean: false)
        spooled.world.subscribe(away, "house", qos: 1)
        spooled.world.disconnect(away)
        var outcome = Broker.PublishOutcome.done
        var taken = 0
        while outcome == .done, taken < 1000 {
            taken += 1
            outcome = spooled.world.publish(spooled.client, "house", "x", qos: 1)
        }
        #expect(outcome == .storeFull)
        #expect(spooled.world.isLow)
        for i in 1...100 { spooled.publish("out/t", "\(i)") }
        #expect(spooled.waiting == 100)
        #expect(spooled.drops.total == 0)
    }

    @Test func `Whatever comes and goes, each topic stays in order and nothing is left behind`() {
        for seed in 0..<40 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let policy = ["newest", "oldest", "latest"][Int(random.next() % 3)]
            let spooled = Spooled("spool_messages 30\nspool_size 300K\nspool_policy \(policy)\nspool_expiry 0")
            var sent = 0
            var arrived: [String] = []
            var underWay: [(words: String, number: UInt16)] = []
            for _ in 0..<600 {
                switch random.next() % 10 {
                case 0: spooled.come()
                case 1: spooled.leave()
                case 2...6:
                    sent += 1
                    spooled.publish("t\(random.next() % 12)", "\(sent)")
                default:
                    // Away, nobody takes anything.
                    guard spooled.world.broker.isReachable(0) else { continue }
                    if let taken = spooled.next(window: 5) {
                        arrived.append(taken.words)
                        underWay.append(taken)
                    }
                    if random.next() % 2 == 0, !underWay.isEmpty {
                        spooled.world.broker.arrived(0, underWay.removeFirst().number)
                    }
                }
            }
            spooled.come()
            for taken in underWay { spooled.world.broker.arrived(0, taken.number) }
            arrived += spooled.drain()
            for topic in 0..<12 {
                let numbers = arrived.filter { $0.hasPrefix("t\(topic)=") }.map { Int($0.split(separator: "=")[1])! }
                if numbers != numbers.sorted() { fail("seed \(seed), t\(topic): \(numbers)") }
            }
            if sent != arrived.count + Int(spooled.drops.total) {
                fail("seed \(seed): \(sent) sent, \(arrived.count) arrived, \(spooled.drops.total) dropped")
            }
            if spooled.world.inUse.deliveries != 0 || spooled.world.inUse.messages != 0 { fail("seed \(seed): left") }
        }
    }
}
