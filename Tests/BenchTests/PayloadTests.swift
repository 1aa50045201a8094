import Base
import Bench
import TestSupport
import Testing

/// Whether a payload is told from one that is not as it was sent.
struct PayloadTests {
    private func written(_ payload: Payload, count: Int, run: UInt32 = 7) -> [UInt8] {
        withArena { arena in
            let payloads = Payloads(&arena, count: count, run: run)
            var bytes = [UInt8](repeating: 0, count: count)
            bytes.withUnsafeMutableBufferPointer { payloads.write(payload, to: $0.baseAddress!) }
            return bytes
        }
    }

    private func read(_ bytes: [UInt8], count: Int, run: UInt32 = 7) -> Payload? {
        withArena { arena in
            let payloads = Payloads(&arena, count: count, run: run)
            return bytes.withUnsafeBufferPointer { payloads.read(ByteView($0.baseAddress!, $0.count)) }
        }
    }

    private let sample = Payload(publisher: 12, number: 345_678, time: 0x1234_5678_9ABC_DEF0)

    @Test(arguments: [24, 25, 31, 32, 64, 1000, 8192])
    func `What was written is read`(count: Int) throws {
        let payload = try #require(read(written(sample, count: count), count: count))
        #expect(payload.publisher == 12)
        #expect(payload.number == 345_678)
        #expect(payload.time == 0x1234_5678_9ABC_DEF0)
    }

    @Test(arguments: [24, 25, 64, 101])
    func `Every byte that is another is found`(count: Int) {
        let bytes = written(sample, count: count)
        for i in 0..<count {
            for change in [UInt8(1), 0x80, 0xFF] {
                var changed = bytes
                changed[i] ^= change
                #expect(read(changed, count: count) == nil, "\(i)")
            }
        }
    }

    @Test func `Another length is found`() {
        #expect(read(Array(written(sample, count: 64).dropLast()), count: 64) == nil)
        #expect(read(written(sample, count: 64) + [0], count: 64) == nil)
        #expect(read([1], count: 64) == nil)
    }

    @Test func `Messages of another run are none of this one`() {
        #expect(read(written(sample, count: 64, run: 8), count: 64) == nil)
    }

    @Test func `The tail of another message is found`() {
        let other = Payload(publisher: 12, number: 345_679, time: sample.time)
        let mixed = written(sample, count: 64).prefix(24) + written(other, count: 64).dropFirst(24)
        #expect(read(Array(mixed), count: 64) == nil)
    }
}
