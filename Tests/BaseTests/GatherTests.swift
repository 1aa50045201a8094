import Base
import Glibc
import TestSupport
import Testing

struct GatherTests {
    private static let scratchBytes = 4096

    @Test(arguments: seeds)
    func `The runs hold what was added, in order`(seed: UInt64) {
        withGather { gather in
            var random = SplitMix64(seed: seed)
            let source = random.bytes(20_000)
            withView(source) { source in
                for _ in 0..<300 {
                    gather.removeAll()
                    var expected: [UInt8] = []
                    while true {
                        let count = random.below(random.chance(30) ? 2000 : 100)
                        let first = random.below(source.count - count)
                        let view = source.slice(first, first + count)
                        let before = (gather.runCount, gather.byteCount)
                        guard gather.add(view) else {
                            guard before == (gather.runCount, gather.byteCount) else { return fail("a refusal") }
                            break
                        }
                        expected += view.array
                    }
                    guard contents(gather) == expected, gather.byteCount == expected.count,
                        gather.runCount <= Gather.maxRuns
                    else { return fail("contents") }
                }
            }
        }
    }

    @Test func `Small pieces from anywhere make one run`() {
        withGather { gather in
            let areAdded = (0..<100).map { i in withView([UInt8](repeating: UInt8(i), count: 5)) { gather.add($0) } }
            #expect(!areAdded.contains(false))
            #expect(gather.runCount == 1)
        }
    }

    @Test func `Pieces that stand side by side make one run`() {
        withView([UInt8](repeating: 1, count: 3000)) { view in
            withGather { gather in
                for i in 0..<3 { _ = gather.add(view.slice(i * 1000, (i + 1) * 1000)) }
                #expect(gather.runCount == 1)
                #expect(gather.runs[0].start == view.start)
            }
        }
    }

    @Test(arguments: [512, 513])
    func `Pieces of up to 512 bytes are copied, longer ones are pointed to`(count: Int) {
        withView([UInt8](repeating: 1, count: count)) { view in
            withGather { gather in
                _ = gather.add(view)
                #expect((gather.runs[0].start == view.start) == (count == 513))
            }
        }
    }

    @Test func `Full scratch refuses small pieces, and still takes long ones`() {
        withView([UInt8](repeating: 1, count: 600)) { view in
            withGather { gather in
                let areAdded = (0..<9).map { _ in gather.add(view.slice(0, 512)) }
                let isLongAdded = gather.add(view)
                #expect(areAdded == [Bool](repeating: true, count: 8) + [false])
                #expect(isLongAdded)
            }
        }
    }

    @Test func `The run after the last is refused`() {
        withView([UInt8](repeating: 1, count: 2000)) { view in
            withGather { gather in
                // Two that are apart, in turns.
                let areAdded = (0...Gather.maxRuns).map { gather.add(view.slice($0 % 2 * 1000, $0 % 2 * 1000 + 600)) }
                #expect(areAdded.firstIndex(of: false) == Gather.maxRuns)
            }
        }
    }

    @Test func `With a megabyte it is full, however few runs those are`() {
        withGather { gather in
            withView([UInt8](repeating: 1, count: Gather.maxBytes)) { long in
                let isFirstIn = gather.add(long.dropFirst(1))
                let isSecondIn = gather.add(long)
                let isThirdIn = gather.add(long.slice(0, 1))
                #expect([isFirstIn, isSecondIn, isThirdIn] == [true, true, false])
                #expect(gather.runCount == 2)
            }
        }
    }

    @Test func `Nothing is always taken and adds nothing`() {
        withGather { gather in
            let isAdded = gather.add(.empty)
            #expect(isAdded)
            #expect(gather.runCount == 0)
            #expect(gather.isEmpty == true)
        }
    }

    @Test func `A run is laid out as the system's iovec`() {
        #expect(MemoryLayout<Run>.stride == MemoryLayout<iovec>.stride)
        #expect(MemoryLayout<Run>.offset(of: \.start) == MemoryLayout<iovec>.offset(of: \.iov_base))
        #expect(MemoryLayout<Run>.offset(of: \.count) == MemoryLayout<iovec>.offset(of: \.iov_len))
    }

    private func withGather(_ body: (inout Gather) -> Void) {
        withArena { arena in
            var gather = Gather(&arena, key: "k", scratchBytes: GatherTests.scratchBytes)
            body(&gather)
        }
    }

    private func contents(_ gather: borrowing Gather) -> [UInt8] {
        var bytes: [UInt8] = []
        for i in 0..<gather.runCount { bytes += ByteView(gather.runs[i].start, gather.runs[i].count).array }
        return bytes
    }
}
