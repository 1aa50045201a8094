import Base
import Testing
import Wire

/// The seeds of the random tests. A failure names the one it happened with.
let seeds: [UInt64] = [1, 2, 3]

/// Steele, Lea and Flood's SplitMix64: the same numbers for the same seed everywhere.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// Bytes from words: two hexadecimal digits, or text between quotes (without spaces).
func hex(_ row: String) -> [UInt8] {
    row.split(separator: " ").flatMap { word -> [UInt8] in
        if word.hasPrefix("'") { return Array(word.utf8.dropFirst().dropLast()) }
        return [UInt8(word, radix: 16)!]
    }
}

/// The one packet in `row`.
func withFrame<R>(_ row: String, _ body: (Frame) -> R) -> R {
    hex(row).withUnsafeBufferPointer { buffer in
        let view = ByteView(buffer.baseAddress!, buffer.count)
        guard case .frame(let frame, buffer.count) = FrameReader.next(view, maxPacketBytes: buffer.count) else {
            preconditionFailure("no packet: \(row)")
        }
        return body(frame)
    }
}

/// A carving arena over `capacity` zeroed bytes, for as long as `body` runs.
func withArena<R>(capacity: Int = 1 << 20, _ body: (inout Arena) throws -> R) rethrows -> R {
    let base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
    let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    defer {
        base.deallocate()
        rows.deallocate()
    }
    base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    var arena = Arena(base: base, capacity: capacity, rows: rows)
    return try body(&arena)
}

/// For loops too long to `#expect` in each round.
func fail(_ what: Comment, at location: SourceLocation = #_sourceLocation) {
    Issue.record(what, sourceLocation: location)
}
