import Base
import TestSupport
import Testing

struct ArenaTests {
    /// The same constructors for a measuring and for a carving arena, of sizes drawn from `seed`.
    private static func carveAll(_ arena: inout Arena, seed: UInt64) -> [(start: UInt, alignment: Int, bytes: Int)] {
        var random = SplitMix64(seed: seed)
        return (0..<Arena.maxRows).map { _ in
            let (count, stride) = (random.below(20), 1 + random.below(40))
            let alignment = 1 << random.below(5)
            let start = arena.carve("row", key: "k", count: count, stride: stride, alignment: alignment)
            return (UInt(bitPattern: start), alignment, count * stride)
        }
    }

    @Test(arguments: seeds)
    func `A measuring arena's plan is what a carving one takes`(seed: UInt64) {
        withRows { planned in
            var measuring = Arena(measuring: planned)
            _ = ArenaTests.carveAll(&measuring, seed: seed)
            withArena(capacity: measuring.used) { arena in
                _ = ArenaTests.carveAll(&arena, seed: seed)
                #expect(arena.used == measuring.used)
                #expect(arena.rowCount == measuring.rowCount)
            }
            let sum = (0..<measuring.rowCount).reduce(0) { $0 + planned[$1].bytes }
            #expect(sum == measuring.used)
        }
    }

    @Test func `Plan rows name what was carved`() {
        withRows { rows in
            var arena = Arena(measuring: rows)
            _ = arena.carve("odd", key: "first_key", count: 3, stride: 1, alignment: 1)
            _ = arena.carve("words", key: "second_key", count: 2, of: UInt64.self)
            #expect(rows[0].name.description == "odd")
            #expect(rows[1].key.description == "second_key")
            #expect((rows[1].count, rows[1].stride) == (2, 8))
            // Five bytes of gap in front.
            #expect(rows[1].bytes == 21)
        }
    }

    @Test(arguments: seeds)
    func `Carved pieces are aligned and do not overlap`(seed: UInt64) {
        withArena { arena in
            let pieces = ArenaTests.carveAll(&arena, seed: seed)
            #expect(pieces.filter { $0.start % UInt($0.alignment) != 0 }.isEmpty)
            let overlaps = zip(pieces, pieces.dropFirst()).filter { $0.start + UInt($0.bytes) > $1.start }
            #expect(overlaps.isEmpty)
        }
    }

    @Test func `Everything up to the last byte can be carved`() {
        withArena(capacity: 64) { arena in
            _ = arena.carve("all", key: "k", count: 64, stride: 1, alignment: 1)
            #expect(arena.used == 64)
        }
    }

    @Test func `Touching writes one zero to every page and nothing else`() {
        withRows { rows in
            var bytes = [UInt8](repeating: 0xFF, count: 250)
            bytes.withUnsafeMutableBytes { buffer in
                Arena(base: buffer.baseAddress!, capacity: 250, rows: rows).touch(pageBytes: 100)
            }
            #expect(bytes.indices.filter { bytes[$0] == 0 } == [0, 100, 200])
        }
    }

    @Test func `Carving after the freeze traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena { arena in
                arena.freeze()
                _ = arena.carve("late", key: "k", count: 1, stride: 1, alignment: 1)
            }
        }
    }

    @Test func `Carving beyond the capacity traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena(capacity: 64) { arena in
                _ = arena.carve("too much", key: "k", count: 65, stride: 1, alignment: 1)
            }
        }
    }

    @Test func `A size that no number can tell traps`() async {
        await #expect(processExitsWith: .failure) {
            withRows { rows in
                var arena = Arena(measuring: rows)
                _ = arena.carve("too much", key: "k", count: Int.max / 2, stride: 3, alignment: 1)
            }
        }
    }

    @Test func `More rows than the plan has traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena { arena in
                for _ in 0...Arena.maxRows { _ = arena.carve("row", key: "k", count: 1, stride: 1, alignment: 1) }
            }
        }
    }
}
