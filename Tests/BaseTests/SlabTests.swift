import Base
import TestSupport
import Testing

struct SlabTests {
    @Test(arguments: seeds, [1, 16, 24])
    func `Chains hold what an array of bytes holds`(seed: UInt64, slabBytes: Int) {
        withArena { arena in
            var random = SplitMix64(seed: seed)
            var slabs = Slabs(&arena, "s", key: "k", count: 40, bytes: slabBytes)
            var chains = [Chain](repeating: Chain(), count: 5)
            var model = [[UInt8]](repeating: [], count: 5)
            for _ in 0..<2000 {
                let i = random.below(5)
                if random.chance(25) {
                    slabs.free(&chains[i])
                    model[i] = []
                } else {
                    let bytes = random.bytes(random.below(3 * slabs.bytesPerSlab + 2))
                    let fits = slabCount(model[i].count + bytes.count, slabs) - slabCount(model[i].count, slabs)
                        <= slabs.freeSlabs
                    let hadRoom = slabs.hasRoom(for: bytes.count, behind: chains[i])
                    let wasAppended = withView(bytes) { slabs.append($0, to: &chains[i]) }
                    guard hadRoom == fits, wasAppended == fits else { return fail("room") }
                    if fits { model[i] += bytes }
                }
                guard slabs.inUse == model.reduce(0, { $0 + slabCount($1.count, slabs) }) else { return fail("in use") }
                guard read(chains[i], slabs, &random) == model[i] else { return fail("contents") }
                guard withView(model[i], { slabs.equals(chains[i], $0) }) else { return fail("equals") }
            }
            for i in 0..<5 { slabs.free(&chains[i]) }
            #expect(slabs.inUse == 0)
        }
    }

    @Test func `A chain differs from bytes with one bit changed, one more or one less`() {
        withFilled(100) { slabs, chain, bytes in
            for i in 0..<100 {
                var other = bytes
                other[i] ^= 1
                #expect(!withView(other) { slabs.equals(chain, $0) })
            }
            #expect(!withView(bytes + [0]) { slabs.equals(chain, $0) })
            #expect(!withView(bytes.dropLast()) { slabs.equals(chain, $0) })
        }
    }

    @Test func `Copying writes the chain's bytes and no more`() {
        withFilled(100) { slabs, chain, bytes in
            var target = [UInt8](repeating: 0xEE, count: 102)
            target.withUnsafeMutableBufferPointer { slabs.copy(chain, to: $0.baseAddress! + 1) }
            #expect(target == [0xEE] + bytes + [0xEE])
        }
    }

    @Test func `A reader can pass over any part of a chain`() {
        withFilled(100) { slabs, chain, bytes in
            for skipped in 0...100 {
                var reader = ChainReader(chain)
                reader.skip(skipped, in: slabs)
                #expect(reader.remaining == 100 - skipped)
                var rest: [UInt8] = []
                while let run = reader.next(in: slabs) { rest += run.array }
                #expect(rest == Array(bytes[skipped...]))
            }
        }
    }

    @Test func `A chain of neighbours is one run, cut where the limit is`() {
        withFilled(60) { slabs, chain, _ in
            #expect(slabs.bytesPerSlab == 24)
            #expect(runs(chain, slabs) == [60])
            #expect(runs(chain, slabs, limit: 25) == [25, 25, 10])
        }
    }

    @Test func `A run ends where the next slab is no neighbour`() {
        withArena { arena in
            var slabs = Slabs(&arena, "s", key: "k", count: 4, bytes: 24)
            var first = Chain(), second = Chain(), third = Chain()
            append(20, to: &first, &slabs)
            append(20, to: &second, &slabs)
            slabs.free(&first)
            append(60, to: &third, &slabs)
            #expect(runs(third, slabs) == [24, 36])
        }
    }

    @Test func `Slabs that are given back come again in their order`() {
        withArena { arena in
            var slabs = Slabs(&arena, "s", key: "k", count: 4, bytes: 24)
            var chain = Chain()
            append(90, to: &chain, &slabs)
            slabs.free(&chain)
            append(50, to: &chain, &slabs)
            append(40, to: &chain, &slabs)
            #expect(runs(chain, slabs) == [90])
        }
    }

    @Test func `A limit of zero reads nothing and moves nothing`() {
        withFilled(10) { slabs, chain, _ in
            var reader = ChainReader(chain)
            let run = reader.next(in: slabs, limit: 0)
            #expect(run == nil)
            #expect(reader.remaining == 10)
        }
    }

    @Test func `What does not fit leaves the chain as it was`() {
        withArena { arena in
            var slabs = Slabs(&arena, "s", key: "k", count: 2, bytes: 24)
            var chain = Chain()
            let isFirstIn = withView([UInt8](repeating: 1, count: 20)) { slabs.append($0, to: &chain) }
            let isSecondIn = withView([UInt8](repeating: 2, count: 29)) { slabs.append($0, to: &chain) }
            #expect(isFirstIn)
            #expect(!isSecondIn)
            #expect(withView([UInt8](repeating: 1, count: 20)) { slabs.equals(chain, $0) })
            #expect(slabs.inUse == 1)
        }
    }

    @Test func `Passing over more than is left traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena { arena in
                let slabs = Slabs(&arena, "s", key: "k", count: 2, bytes: 24)
                var reader = ChainReader(Chain())
                reader.skip(1, in: slabs)
            }
        }
    }

    private func append(_ count: Int, to chain: inout Chain, _ slabs: inout Slabs) {
        let isIn = withView([UInt8](repeating: 7, count: count)) { slabs.append($0, to: &chain) }
        #expect(isIn)
    }

    private func runs(_ chain: Chain, _ slabs: borrowing Slabs, limit: Int = Int.max) -> [Int] {
        var reader = ChainReader(chain)
        var counts: [Int] = []
        while let run = reader.next(in: slabs, limit: limit) { counts.append(run.count) }
        return counts
    }

    private func withFilled(_ count: Int, _ body: (borrowing Slabs, Chain, [UInt8]) -> Void) {
        withArena { arena in
            var slabs = Slabs(&arena, "s", key: "k", count: 10, bytes: 24)
            var chain = Chain()
            let bytes = (0..<count).map { UInt8($0) }
            let isIn = withView(bytes) { slabs.append($0, to: &chain) }
            #expect(isIn)
            body(slabs, chain, bytes)
        }
    }

    private func read(_ chain: Chain, _ slabs: borrowing Slabs, _ random: inout SplitMix64) -> [UInt8] {
        var reader = ChainReader(chain)
        var bytes: [UInt8] = []
        while let run = reader.next(in: slabs, limit: 1 + random.below(40)) { bytes += run.array }
        return bytes
    }

    private func slabCount(_ bytes: Int, _ slabs: borrowing Slabs) -> Int {
        bytes / slabs.bytesPerSlab + (bytes % slabs.bytesPerSlab > 0 ? 1 : 0)
    }
}
