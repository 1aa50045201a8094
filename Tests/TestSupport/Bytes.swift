import Base

/// Bytes from words: two hexadecimal digits, or text between quotes (without spaces).
public func hex(_ row: String) -> [UInt8] {
    row.split(separator: " ").flatMap { word -> [UInt8] in
        if word.hasPrefix("'") { return Array(word.utf8.dropFirst().dropLast()) }
        precondition(word.utf8.count == 2, "not a byte: \(word)")
        return [UInt8(word, radix: 16)!]
    }
}

/// A carving arena over `capacity` zeroed bytes, for as long as `body` runs.
public func withArena<R>(capacity: Int = 1 << 20, _ body: (inout Arena) throws -> R) rethrows -> R {
    try withRows { rows in
        let base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
        defer { base.deallocate() }
        base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
        var arena = Arena(base: base, capacity: capacity, rows: rows)
        return try body(&arena)
    }
}

/// Room for the rows of a plan.
public func withRows<R>(_ body: (UnsafeMutablePointer<PlanRow>) throws -> R) rethrows -> R {
    let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    defer { rows.deallocate() }
    return try body(rows)
}

extension ByteView {
    public var array: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }
    public var text: String { String(decoding: array, as: UTF8.self) }
}
