/// HalfSipHash-1-3: a keyed 32-bit hash that stays cheap on 32-bit routers.
///
/// The key is drawn at start, so nobody outside can choose client ids or topics that all fall into one bucket.
/// Source: Aumasson and Bernstein, SipHash reference implementation, `halfsiphash.c` (one compression round, three
/// finalisation rounds).
public struct KeyedHash {
    private let key0: UInt32
    private let key1: UInt32

    public init(key0: UInt32, key1: UInt32) {
        self.key0 = key0
        self.key1 = key1
    }

    /// The hash of `view`. `seed` goes in as one more word in front: the parent's number, for a name below a parent.
    public func hash(_ view: ByteView, seed: UInt32 = 0) -> UInt32 {
        var state = State(v0: key0, v1: key1, v2: 0x6c79_6765 ^ key0, v3: 0x7465_6462 ^ key1)
        state.absorb(seed)
        let words = view.count & ~3
        var i = 0
        while i < words {
            state.absorb(
                UInt32(view.start[i]) | UInt32(view.start[i + 1]) << 8 | UInt32(view.start[i + 2]) << 16
                    | UInt32(view.start[i + 3]) << 24)
            i += 4
        }
        var last = UInt32(truncatingIfNeeded: view.count) << 24
        var shift: UInt32 = 0
        while i < view.count {
            last |= UInt32(view.start[i]) << shift
            shift += 8
            i += 1
        }
        state.absorb(last)
        state.v2 ^= 0xFF
        i = 0
        while i < 3 {
            state.round()
            i += 1
        }
        return state.v1 ^ state.v3
    }

    private struct State {
        var v0: UInt32
        var v1: UInt32
        var v2: UInt32
        var v3: UInt32

        // Inlined, so that the state stays in registers.
        @inline(__always) mutating func absorb(_ word: UInt32) {
            v3 ^= word
            round()
            v0 ^= word
        }

        @inline(__always) mutating func round() {
            v0 = v0 &+ v1
            v1 = State.rotate(v1, 5) ^ v0
            v0 = State.rotate(v0, 16)
            v2 = v2 &+ v3
            v3 = State.rotate(v3, 8) ^ v2
            v0 = v0 &+ v3
            v3 = State.rotate(v3, 7) ^ v0
            v2 = v2 &+ v1
            v1 = State.rotate(v1, 13) ^ v2
            v2 = State.rotate(v2, 16)
        }

        static func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x &<< n | x &>> (32 - n) }
    }
}
