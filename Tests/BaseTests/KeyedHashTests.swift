import Base
import TestSupport
import Testing

/// HalfSipHash as its authors' reference code has it, with the numbers of rounds open, and the count that goes in last.
private func halfSipHash(
    _ input: [UInt8], _ k0: UInt32, _ k1: UInt32, compress: Int, finish: Int, count: Int
) -> UInt32 {
    var (v0, v1, v2, v3) = (k0, k1, 0x6c79_6765 ^ k0, 0x7465_6462 ^ k1)
    func rotated(_ x: UInt32, _ n: UInt32) -> UInt32 { x << n | x >> (32 - n) }
    func rounds(_ count: Int) {
        for _ in 0..<count {
            v0 = v0 &+ v1; v1 = rotated(v1, 5); v1 ^= v0; v0 = rotated(v0, 16)
            v2 = v2 &+ v3; v3 = rotated(v3, 8); v3 ^= v2
            v0 = v0 &+ v3; v3 = rotated(v3, 7); v3 ^= v0
            v2 = v2 &+ v1; v1 = rotated(v1, 13); v1 ^= v2; v2 = rotated(v2, 16)
        }
    }
    var padded = input
    while padded.count % 4 != 3 { padded.append(0) }
    padded.append(UInt8(truncatingIfNeeded: count))
    for i in stride(from: 0, to: padded.count, by: 4) {
        let word = (0..<4).reduce(0) { $0 | UInt32(padded[i + $1]) << UInt32(8 * $1) }
        v3 ^= word
        rounds(compress)
        v0 ^= word
    }
    v2 ^= 0xFF
    rounds(finish)
    return v1 ^ v3
}

struct KeyedHashTests {
    /// The first published vectors of HalfSipHash-2-4: key 00 … 07, input 00 01 02 … of growing length.
    private static let published: [UInt32] = [
        0x5b9f_35a9, 0xb85a_4727, 0x03a6_62fa, 0x04e7_fe8a, 0x8946_6e2a, 0x69b6_fac5, 0x23fc_6358, 0xc563_cf8b,
        0x8f84_b8d0, 0x79e7_06f8, 0x3479_b094, 0x5030_0808, 0x2f87_f057, 0xff63_e677, 0x7cf8_ffd6, 0x972b_fe74,
    ]

    @Test func `The reference in this test gives the published hashes`() {
        let hashes = (0..<16).map { count in
            halfSipHash((0..<count).map { UInt8($0) }, 0x0302_0100, 0x0706_0504, compress: 2, finish: 4, count: count)
        }
        #expect(hashes == KeyedHashTests.published)
    }

    @Test(arguments: seeds)
    func `Hashes are HalfSipHash-1-3 behind a word that holds the seed`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for count in 0..<70 {
            let (k0, k1, first) = (random.word(), random.word(), random.word())
            let bytes = random.bytes(count)
            let word = (0..<4).map { UInt8(truncatingIfNeeded: first >> UInt32(8 * $0)) }
            let expected = halfSipHash(word + bytes, k0, k1, compress: 1, finish: 3, count: count)
            let hash = withView(bytes) { KeyedHash(key0: k0, key1: k1).hash($0, seed: first) }
            #expect(hash == expected, "\(count) bytes")
        }
    }

    @Test func `A hash without a seed is one with the seed zero`() {
        let hash = KeyedHash(key0: 1, key1: 2)
        #expect(hash.hash(ByteView("topic")) == hash.hash(ByteView("topic"), seed: 0))
    }

    @Test func `Key, seed and every byte make a difference`() {
        let hash = KeyedHash(key0: 1, key1: 2)
        let others = [
            KeyedHash(key0: 1, key1: 3).hash(ByteView("topic")), KeyedHash(key0: 2, key1: 2).hash(ByteView("topic")),
            hash.hash(ByteView("topic"), seed: 1), hash.hash(ByteView("Topic")), hash.hash(ByteView("topiC")),
            hash.hash(ByteView("topi")),
        ]
        #expect(Set(others + [hash.hash(ByteView("topic"))]).count == others.count + 1)
    }

    @Test(arguments: seeds)
    func `Names that count up spread over all buckets`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let hash = KeyedHash(key0: random.word(), key1: random.word())
        var buckets = [Int](repeating: 0, count: 256)
        for i in 0..<25_600 { buckets[Int(withView("sensor-\(i)") { hash.hash($0) } & 255)] += 1 }
        // 100 on average; six standard deviations either way.
        #expect(buckets.min()! > 40)
        #expect(buckets.max()! < 160)
    }
}
