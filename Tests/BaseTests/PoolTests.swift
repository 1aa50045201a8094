import TestSupport
import Testing

@testable import Base

struct PoolTests {
    private struct Record {
        var value: UInt64
    }

    @Test(arguments: seeds)
    func `A pool answers like a dictionary`(seed: UInt64) {
        withArena { arena in
            var random = SplitMix64(seed: seed)
            var pool = Pool<Record>(&arena, "p", key: "k", count: 13)
            var model: [UInt32: UInt64] = [:]
            var dead: [UInt32] = []
            var (highWater, refusals) = (0, 0)
            for _ in 0..<3000 {
                if random.chance(52) {
                    let value = random.next()
                    if let handle = pool.take(Record(value: value)) {
                        guard model.count < 13, model[handle.raw] == nil else { return fail("taken twice") }
                        model[handle.raw] = value
                    } else {
                        guard model.count == 13 else { return fail("refused with free records") }
                        refusals += 1
                    }
                } else if !model.isEmpty {
                    let raw = model.keys.sorted()[random.below(model.count)]
                    pool.give(Handle(raw: raw))
                    model[raw] = nil
                    dead.append(raw)
                }
                highWater = max(highWater, model.count)
                guard pool.inUse == model.count, pool.free == 13 - model.count, pool.highWater == highWater,
                    pool.refusals == refusals
                else { return fail("counts differ") }
                for (raw, value) in model where pool.find(Handle(raw: raw))?.pointee.value != value {
                    return fail("a live record is lost")
                }
                if !dead.isEmpty, pool.find(Handle(raw: dead[random.below(dead.count)])) != nil {
                    return fail("a dead one is found")
                }
            }
        }
    }

    @Test func `The handles by index are those in use`() {
        withArena { arena in
            var pool = Pool<Record>(&arena, "p", key: "k", count: 6)
            let handles = (0..<5).map { pool.take(Record(value: UInt64($0)))! }
            pool.give(handles[1])
            pool.give(handles[3])
            let listed = (0..<6).map { pool.handle(at: $0) }
            #expect(listed == [handles[0], nil, handles[2], nil, handles[4], nil])
        }
    }

    @Test func `A slot has 4095 different handles before the first comes again`() {
        withArena { arena in
            var pool = Pool<Record>(&arena, "p", key: "k", count: 1)
            var seen: Set<UInt32> = []
            let first = pool.take(Record(value: 0))!
            var handle = first
            repeat {
                seen.insert(handle.raw)
                pool.give(handle)
                handle = pool.take(Record(value: 0))!
            } while handle != first
            #expect(seen.count == 4095)
        }
    }

    @Test func `No handle is found while its slot is free`() {
        withArena { arena in
            var pool = Pool<Record>(&arena, "p", key: "k", count: 1)
            // Through all generations, so that the next one is an old one.
            let handles = (0..<4095).map { _ in
                let handle = pool.take(Record(value: 0))!
                pool.give(handle)
                return handle
            }
            #expect(handles.filter { pool.find($0) != nil } == [])
        }
    }

    @Test func `The empty handle and handles beyond the used slots are not found`() {
        withArena { arena in
            var pool = Pool<Record>(&arena, "p", key: "k", count: 3)
            _ = pool.take(Record(value: 0))
            let strangers = [Handle<Record>.none, Handle(index: 1, generation: 1), Handle(index: 3, generation: 1),
                Handle(index: 0xFFFFF, generation: 0xFFF), Handle(index: 0, generation: 2)]
            #expect(strangers.filter { pool.find($0) != nil } == [])
        }
    }

    @Test(arguments: [0, 1, 4, 24, 248])
    func `Trailing bytes of all records are apart, and apart from the records`(bytes: Int) {
        withArena { arena in
            var pool = Pool<Record>(&arena, "p", key: "k", count: 5, trailingBytes: bytes)
            #expect(pool.trailingBytes >= bytes)
            let handles = (0..<5).map { pool.take(Record(value: UInt64($0) &* 0x0101_0101_0101_0101))! }
            for (i, handle) in handles.enumerated() {
                pool.bytes(of: handle).update(repeating: 0xF0 | UInt8(i), count: pool.trailingBytes)
            }
            for (i, handle) in handles.enumerated() {
                #expect(pool[handle].pointee.value == UInt64(i) &* 0x0101_0101_0101_0101)
                let content = ByteView(pool.bytes(of: handle), pool.trailingBytes).array
                #expect(content == [UInt8](repeating: 0xF0 | UInt8(i), count: pool.trailingBytes))
            }
        }
    }

    @Test func `Records stand at their alignment`() {
        withArena { arena in
            _ = arena.carve("odd", key: "k", count: 3, stride: 1, alignment: 1)
            var pool = Pool<Record>(&arena, "p", key: "k", count: 4, trailingBytes: 5)
            while let handle = pool.take(Record(value: 0)) {
                #expect(UInt(bitPattern: pool[handle]) % UInt(MemoryLayout<Record>.alignment) == 0)
            }
        }
    }

    @Test func `Giving a record back twice traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena { arena in
                var pool = Pool<Record>(&arena, "p", key: "k", count: 2)
                let handle = pool.take(Record(value: 0))!
                pool.give(handle)
                pool.give(handle)
            }
        }
    }

    @Test func `Using a record that was given back traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena { arena in
                var pool = Pool<Record>(&arena, "p", key: "k", count: 2)
                let handle = pool.take(Record(value: 0))!
                pool.give(handle)
                _ = pool.take(Record(value: 1))
                pool[handle].pointee.value = 2
            }
        }
    }

    @Test func `A pool of the greatest size can be measured`() {
        withRows { rows in
            var arena = Arena(measuring: rows)
            let pool = Pool<Record>(&arena, "p", key: "k", count: Pool<Record>.maxCount)
            #expect(pool.capacity == 1_048_575)
        }
    }

    @Test func `A pool beyond the greatest size traps`() async {
        await #expect(processExitsWith: .failure) {
            withRows { rows in
                var arena = Arena(measuring: rows)
                _ = Pool<Record>(&arena, "p", key: "k", count: Pool<Record>.maxCount + 1)
            }
        }
    }
}
