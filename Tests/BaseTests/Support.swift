import Base
import Testing

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
    mutating func word() -> UInt32 { UInt32(truncatingIfNeeded: next()) }
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(below(256)) } }
}

/// A carving arena over `capacity` zeroed bytes, for as long as `body` runs.
func withArena<R>(capacity: Int = 1 << 20, _ body: (inout Arena) throws -> R) rethrows -> R {
    try withRows { rows in
        let base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
        defer { base.deallocate() }
        base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
        var arena = Arena(base: base, capacity: capacity, rows: rows)
        return try body(&arena)
    }
}

/// Room for the rows of a plan.
func withRows<R>(_ body: (UnsafeMutablePointer<PlanRow>) throws -> R) rethrows -> R {
    let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    defer { rows.deallocate() }
    return try body(rows)
}

func withView<R>(_ bytes: [UInt8], _ body: (ByteView) throws -> R) rethrows -> R {
    try bytes.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return try body(.empty) }
        return try body(ByteView(start, buffer.count))
    }
}

func withView<R>(_ text: String, _ body: (ByteView) throws -> R) rethrows -> R { try withView(Array(text.utf8), body) }

/// What `build` writes to a line of `capacity` bytes, as text.
func lineText(capacity: Int = 512, isEnded: Bool = false, _ build: (inout Line) -> Void) -> String {
    var space = [UInt8](repeating: 0, count: capacity)
    return space.withUnsafeMutableBufferPointer { buffer in
        var line = Line(buffer.baseAddress!, capacity: capacity)
        build(&line)
        return (isEnded ? line.ended() : line.view).text
    }
}

extension ByteView {
    var array: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }
    var text: String { String(decoding: array, as: UTF8.self) }
}

/// For loops too long to `#expect` in each round.
func fail(_ what: Comment, at location: SourceLocation = #_sourceLocation) {
    Issue.record(what, sourceLocation: location)
}
