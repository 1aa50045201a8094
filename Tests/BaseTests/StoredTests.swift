import Base
import TestSupport
import Testing

struct StoredTests {
    @Test(arguments: seeds, [1, 24])
    func `Stored bytes are what an array of bytes is`(seed: UInt64, slabBytes: Int) {
        withArena { arena in
            var random = SplitMix64(seed: seed)
            var slabs = Slabs(&arena, "s", key: "k", count: 40, bytes: slabBytes)
            var all: [(stored: Stored, model: [UInt8])] = []
            for _ in 0..<2000 {
                if random.chance(45), !all.isEmpty {
                    slabs.free(all.remove(at: random.below(all.count)).stored)
                } else {
                    let bytes = random.bytes(random.below(4 * slabs.bytesPerSlab + 2))
                    let fits = slabCount(bytes.count, slabs) <= slabs.freeSlabs
                    let stored = withView(bytes) { slabs.store($0) }
                    guard (stored != nil) == fits else { return fail("room") }
                    if let stored { all.append((stored, bytes)) }
                }
                guard slabs.inUse == all.reduce(0, { $0 + slabCount($1.model.count, slabs) }) else {
                    return fail("in use")
                }
                for (stored, model) in all {
                    guard stored.count == model.count, read(stored, slabs) == model,
                        withView(model, { slabs.equals(stored, $0) })
                    else { return fail("contents") }
                }
            }
            for (stored, _) in all { slabs.free(stored) }
            #expect(slabs.inUse == 0)
        }
    }

    @Test func `What does not fit takes nothing`() {
        withArena { arena in
            var slabs = Slabs(&arena, "s", key: "k", count: 2, bytes: 24)
            let stored = withView([UInt8](repeating: 1, count: 49)) { slabs.store($0) }
            #expect(stored == nil)
            #expect(slabs.inUse == 0)
        }
    }

    @Test func `Nothing takes no slab, equals nothing and can be given back`() {
        withArena { arena in
            var slabs = Slabs(&arena, "s", key: "k", count: 1, bytes: 24)
            let stored = withView([]) { slabs.store($0) }
            #expect(stored?.count == 0)
            #expect(slabs.inUse == 0)
            #expect(withView([]) { slabs.equals(Stored.empty, $0) })
            #expect(withView([0]) { !slabs.equals(Stored.empty, $0) })
            slabs.free(Stored.empty)
        }
    }

    @Test func `A sealed chain is what was appended to it`() {
        withArena { arena in
            var slabs = Slabs(&arena, "s", key: "k", count: 4, bytes: 24)
            var chain = Chain()
            var all: [UInt8] = []
            for count in [3, 21, 0, 30] {
                let bytes = (0..<count).map { UInt8($0) }
                all += bytes
                let isIn = withView(bytes) { slabs.append($0, to: &chain) }
                #expect(isIn)
            }
            let stored = slabs.seal(chain)
            #expect(read(stored, slabs) == all)
            slabs.free(stored)
            #expect(slabs.inUse == 0)
        }
    }

    @Test func `Stored bytes differ from those with one bit changed, one more or one less`() {
        withArena { arena in
            var slabs = Slabs(&arena, "s", key: "k", count: 4, bytes: 24)
            let bytes = (0..<60).map { UInt8($0) }
            guard let stored = withView(bytes, { slabs.store($0) }) else { return fail("room") }
            for i in 0..<60 {
                var other = bytes
                other[i] ^= 0x80
                #expect(!withView(other) { slabs.equals(stored, $0) })
            }
            #expect(!withView(bytes + [0]) { slabs.equals(stored, $0) })
            #expect(!withView(bytes.dropLast()) { slabs.equals(stored, $0) })
        }
    }

    @Test func `Stored bytes take half the room of a chain`() {
        #expect(2 * MemoryLayout<Stored>.size <= MemoryLayout<Chain>.size)
    }

    private func read(_ stored: Stored, _ slabs: borrowing Slabs) -> [UInt8] {
        var reader = ChainReader(stored)
        var bytes: [UInt8] = []
        while let run = reader.next(in: slabs) { bytes += run.array }
        return bytes
    }

    private func slabCount(_ bytes: Int, _ slabs: borrowing Slabs) -> Int {
        (bytes + slabs.bytesPerSlab - 1) / slabs.bytesPerSlab
    }
}
