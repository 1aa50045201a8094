import Base

/// What a message carries: who sent it, its number and when, in a run of its own, and a pattern that depends on them.
public struct Payload {
    public var publisher: UInt32
    public var number: UInt32
    /// By the monotonic clock, in nanoseconds.
    public var time: UInt64

    public init(publisher: UInt32, number: UInt32, time: UInt64) {
        self.publisher = publisher
        self.number = number
        self.time = time
    }

    /// The fields, the number of the run and a check of them.
    public static var headBytes: Int { 24 }

    fileprivate func check(_ run: UInt32) -> UInt32 {
        let low = UInt32(truncatingIfNeeded: time)
        let high = UInt32(truncatingIfNeeded: time >> 32)
        var mix = (run ^ publisher &* 0x9E37_79B1) &* 0x85EB_CA6B
        mix = (mix ^ mix >> 15 ^ number) &* 0xC2B2_AE35
        mix = (mix ^ mix >> 13 ^ low) &* 0x27D4_EB2F
        mix = (mix ^ mix >> 16 ^ high) &* 0x1656_67B1
        return mix ^ mix >> 15
    }
}

/// Writes and checks payloads of one length.
public struct Payloads {
    private let pattern: UnsafeMutablePointer<UInt8>
    /// Tells the messages of this run from those that an earlier one has left.
    private let run: UInt32
    /// At least `Payload.headBytes`.
    public let count: Int

    /// Where the pattern of a message begins, within this range.
    private static var phases: Int { 256 }

    public init(_ arena: inout Arena, count: Int, run: UInt32) {
        precondition(count >= Payload.headBytes)
        let bytes = count - Payload.headBytes + Payloads.phases
        pattern = arena.carve("payload pattern", key: "payload", count: bytes, of: UInt8.self)
        self.run = run
        self.count = count
        guard !arena.isMeasuring else { return }
        var state: UInt32 = 0x2545_F491
        var i = 0
        while i < bytes {
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            pattern[i] = UInt8(truncatingIfNeeded: state >> 11)
            i += 1
        }
    }

    /// Writes `count` bytes to `target`.
    public func write(_ payload: Payload, to target: UnsafeMutablePointer<UInt8>) {
        Payloads.write(payload.publisher, to: target)
        Payloads.write(payload.number, to: target + 4)
        Payloads.write(UInt32(truncatingIfNeeded: payload.time >> 32), to: target + 8)
        Payloads.write(UInt32(truncatingIfNeeded: payload.time), to: target + 12)
        Payloads.write(run, to: target + 16)
        let check = payload.check(run)
        Payloads.write(check, to: target + 20)
        (target + Payload.headBytes).copyBytes(from: tail(check), count: count - Payload.headBytes)
    }

    /// What stands in a payload, or nil when it is not one of this run, as it was written.
    public func read(_ bytes: ByteView) -> Payload? {
        guard bytes.count == count else { return nil }
        let start = bytes.start
        let time = UInt64(Payloads.read(start + 8)) << 32 | UInt64(Payloads.read(start + 12))
        let payload = Payload(publisher: Payloads.read(start), number: Payloads.read(start + 4), time: time)
        let check = payload.check(run)
        guard Payloads.read(start + 16) == run, Payloads.read(start + 20) == check else { return nil }
        let isWhole = Payloads.areEqual(start + Payload.headBytes, tail(check), count - Payload.headBytes)
        return isWhole ? payload : nil
    }

    private func tail(_ check: UInt32) -> UnsafePointer<UInt8> {
        UnsafePointer(pattern) + Int(check % UInt32(Payloads.phases))
    }

    private static func write(_ value: UInt32, to target: UnsafeMutablePointer<UInt8>) {
        target[0] = UInt8(truncatingIfNeeded: value >> 24)
        target[1] = UInt8(truncatingIfNeeded: value >> 16)
        target[2] = UInt8(truncatingIfNeeded: value >> 8)
        target[3] = UInt8(truncatingIfNeeded: value)
    }

    private static func read(_ start: UnsafePointer<UInt8>) -> UInt32 {
        UInt32(start[0]) << 24 | UInt32(start[1]) << 16 | UInt32(start[2]) << 8 | UInt32(start[3])
    }

    /// A word at a time: payloads may be long, and there are many.
    private static func areEqual(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let (left, right) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        let size = MemoryLayout<UInt>.size
        var difference: UInt = 0
        var i = 0
        while i + size <= count {
            difference |= left.loadUnaligned(fromByteOffset: i, as: UInt.self)
                ^ right.loadUnaligned(fromByteOffset: i, as: UInt.self)
            i += size
        }
        while i < count {
            difference |= UInt(a[i] ^ b[i])
            i += 1
        }
        return difference == 0
    }
}
