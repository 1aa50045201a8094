import Base
import Engine
import TestSupport
import Testing

struct InboundFlowTests {
    @Test(arguments: seeds)
    func `A flow answers like a set of ids [MQTT-4.3.3-2]`(seed: UInt64) {
        withArena { arena in
            var random = SplitMix64(seed: seed)
            var pool = Pool<InboundID>(&arena, "p", key: "k", count: 12)
            var flows = [InboundFlow(), InboundFlow()]
            var model: [Set<UInt16>] = [[], []]
            for _ in 0..<5000 {
                let i = random.below(2)
                let id = UInt16(1 + random.below(20))
                if random.chance(60) {
                    let verdict = flows[i].verdict(id, limit: 8, in: pool)
                    let total = model[0].count + model[1].count
                    let expected: InboundFlow.Verdict = model[i].contains(id) ? .duplicate
                        : model[i].count < 8 && total < 12 ? .new : .full
                    guard verdict == expected else { return fail("\(verdict), not \(expected)") }
                    if verdict == .new {
                        flows[i].received(id, in: &pool)
                        model[i].insert(id)
                    }
                } else {
                    flows[i].released(id, in: &pool)
                    model[i].remove(id)
                }
                guard flows[i].count == model[i].count, pool.inUse == model[0].count + model[1].count else {
                    return fail("counts")
                }
            }
            flows[0].removeAll(in: &pool)
            flows[1].removeAll(in: &pool)
            #expect(pool.inUse == 0)
        }
    }

    @Test func `A released id is new again`() {
        withFlow { flow, pool in
            flow.received(7, in: &pool)
            flow.released(7, in: &pool)
            let verdict = flow.verdict(7, limit: 4, in: pool)
            #expect(verdict == .new)
        }
    }

    @Test func `An unknown id can be released, and nothing happens`() {
        withFlow { flow, pool in
            flow.received(7, in: &pool)
            flow.released(8, in: &pool)
            #expect(flow.count == 1)
        }
    }

    @Test func `A full flow still knows its duplicates`() {
        withFlow { flow, pool in
            for id in 1...4 { flow.received(UInt16(id), in: &pool) }
            let verdicts = [flow.verdict(5, limit: 4, in: pool), flow.verdict(1, limit: 4, in: pool)]
            #expect(verdicts == [.full, .duplicate])
        }
    }

    private func withFlow(_ body: (inout InboundFlow, inout Pool<InboundID>) -> Void) {
        withArena { arena in
            var pool = Pool<InboundID>(&arena, "p", key: "k", count: 4)
            var flow = InboundFlow()
            body(&flow, &pool)
        }
    }
}
