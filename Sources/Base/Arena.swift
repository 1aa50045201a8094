/// The one block of memory of the process, carved into pools and tables at start and frozen afterwards.
///
/// An arena without memory only measures: the same constructors run against it first, and what they ask for becomes
/// the memory plan. Plan and reality therefore cannot differ.
public struct Arena: ~Copyable {
    private let base: UnsafeMutableRawPointer?
    public let capacity: Int
    /// Bytes carved so far, including the gaps that alignment leaves.
    public private(set) var used = 0
    public private(set) var isFrozen = false
    private let rows: UnsafeMutablePointer<PlanRow>
    public private(set) var rowCount = 0
    #if REFUSALS
    /// A record for each row, which outlives what is carved; nil when nothing is counted or refused.
    public var takes: UnsafeMutablePointer<Takes>?
    #endif

    /// More than all constructors together ask for.
    public static var maxRows: Int { 160 }

    /// An arena that only measures. `rows` has room for `maxRows` entries and outlives the arena.
    public init(measuring rows: UnsafeMutablePointer<PlanRow>) {
        base = nil
        capacity = Int.max
        self.rows = rows
    }

    /// An arena over `capacity` bytes at `base`, which is zeroed and aligned to a page.
    public init(base: UnsafeMutableRawPointer, capacity: Int, rows: UnsafeMutablePointer<PlanRow>) {
        self.base = base
        self.capacity = capacity
        self.rows = rows
    }

    public var isMeasuring: Bool { base == nil }

    /// Takes `count` × `stride` bytes and notes them under `name`, sized by the configuration key `key`.
    /// While measuring, the result must not be touched. Carving after the freeze, or beyond the capacity, traps.
    public mutating func carve(
        _ name: StaticString, key: StaticString, count: Int, stride: Int, alignment: Int
    ) -> UnsafeMutableRawPointer {
        precondition(!isFrozen, "carved after the freeze")
        precondition(count >= 0 && stride > 0 && rowCount < Arena.maxRows)
        let start = (used + alignment - 1) & ~(alignment - 1)
        let (bytes, overflow) = count.multipliedReportingOverflow(by: stride)
        precondition(!overflow && bytes <= capacity - start, "the arena is smaller than its plan")
        rows[rowCount] = PlanRow(name: name, key: key, count: count, stride: stride, bytes: start + bytes - used)
        rowCount += 1
        used = start + bytes
        // A measuring arena hands out an address that is never dereferenced; it only has to be non-null.
        return (base ?? UnsafeMutableRawPointer(bitPattern: 4096)!) + (base == nil ? 0 : start)
    }

    /// Typed form of `carve`: `count` records of `Record`, zeroed.
    public mutating func carve<Record: ~Copyable>(
        _ name: StaticString, key: StaticString, count: Int, of: Record.Type
    ) -> UnsafeMutablePointer<Record> {
        carve(
            name, key: key, count: count, stride: MemoryLayout<Record>.stride, alignment: MemoryLayout<Record>.alignment
        ).assumingMemoryBound(to: Record.self)
    }

    /// After this nothing can be carved.
    public mutating func freeze() { isFrozen = true }

    /// Writes to every page, so that the memory is proven present before the first client connects, and not when the
    /// router can least spare it.
    public func touch(pageBytes: Int) {
        guard let base else { return }
        var offset = 0
        while offset < capacity {
            base.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
            offset += pageBytes
        }
    }
}

/// One line of the memory plan: what is carved under a name, and the configuration key that sizes it.
public struct PlanRow {
    public let name: StaticString
    public let key: StaticString
    public let count: Int
    /// Bytes from one record to the next.
    public let stride: Int
    /// `count` × `stride`, plus the gap before it that alignment asked for.
    public let bytes: Int
}
