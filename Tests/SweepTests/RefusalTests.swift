#if REFUSALS
import TestWorld
import Testing

/// Every take of every pool is refused once, and only that one. Whoever meets it is told so in the way that is
/// documented, nobody else notices, no promise is broken, and in the end everything is given back.
@Suite struct RefusalTests {
    private static let pools = [
        "connections", "packet slabs", "sessions", "client names", "subscriptions", "topic nodes", "topic names",
        "messages", "message slabs", "deliveries", "incoming qos 2",
    ]
    /// How a connection may end for want of room.
    private static let documented: Set<String> = ["server-full", "output-stalled", "receive-window-exceeded"]

    @Test func `the play takes from every pool, gives everything back, and nobody is refused anything`() {
        let play = Play()
        #expect(Set(play.rows.map { play.scene.world.poolName(row: $0) }) == Set(RefusalTests.pools))
        let fewest = play.rows.map { play.takes[$0].count }.min() ?? 0
        #expect(fewest > 5)
        #expect(play.atRest == play.idle)
        #expect(play.drops.total == 0 && play.refusals == 0)
        #expect(play.scene.isIdle)
    }

    @Test(arguments: RefusalTests.pools)
    func `whichever take is refused, it is told or counted, and nothing is lost or kept for good`(pool: String) throws {
        let whole = Play()
        let row = try #require(whole.rows.first { whole.scene.world.poolName(row: $0) == pool })
        for number in whole.takes[row] where whole.promised[row]?.contains(number) != true {
            let play = Play(refusing: (row, number))
            let note: Comment = "take \(number) of \(pool)"
            #expect(!play.scene.world.stillRefuses(row: row), note)
            expectDocumented(play, whole, note)
            expectDelivered(play, whole, note)
            #expect(play.scene.isIdle, note)
            #expect(play.atRest == play.idle, note)
        }
    }

    /// Exactly one of what there is to happen has happened.
    private func expectDocumented(_ play: Play, _ whole: Play, _ note: Comment) {
        var reasons = play.scene.world.closeReasons
        for reason in whole.scene.world.closeReasons {
            if let index = reasons.firstIndex(of: reason) { reasons.remove(at: index) }
        }
        #expect(Set(reasons).isSubset(of: RefusalTests.documented), "\(note): \(reasons)")
        let connackCodes = play.scene.devices.flatMap(\.otherConnackCodes)
        #expect(connackCodes == [] || connackCodes == [3], note)
        let turnedAway = play.scene.world.lines("refused").count
        #expect(turnedAway + reasons.count + play.refusals + Int(play.drops.total) >= 1, note)
        #expect(play.refusals <= 1 && reasons.count <= 1, "\(note): \(play.refusals) \(reasons)")
    }

    private func expectDelivered(_ play: Play, _ whole: Play, _ note: Comment) {
        var lost: Set<Device.Message> = []
        for (device, model) in zip(play.scene.devices, whole.scene.devices) {
            let fresh = device.received.filter { !$0.isRetained && !$0.topic.hasPrefix("will/") }
            let wanted = model.received.filter { !$0.isRetained && !$0.topic.hasPrefix("will/") }
            #expect(Set(fresh).isSubset(of: wanted), "\(note): \(Set(fresh).subtracting(wanted))")
            lost.formUnion(Set(model.received).subtracting(device.received))
            let once = fresh.filter { $0.qos == 2 }
            #expect(once.count == Set(once).count, "\(note): twice")
            for message in Set(wanted) {
                func alike(_ all: [Device.Message]) -> [Device.Message] {
                    all.filter { $0.topic == message.topic && $0.qos == message.qos }
                }
                var order: [Device.Message] = []
                for message in alike(fresh) where !order.contains(message) { order.append(message) }
                #expect(order == alike(wanted).filter(order.contains), "\(note): order")
            }
        }
        // What a client was sending at QoS 0 when it was cut off was never taken over.
        if play.refusals > 0 { lost = lost.filter { $0.qos > 0 } }
        #expect(Set(lost.map(\.payload)).count <= Int(play.drops.total), "\(note): lost \(lost.map(\.payload))")
    }
}
#endif
