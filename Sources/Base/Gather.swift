/// One piece of a gather write. Laid out like Linux's `struct iovec`.
public struct Run {
    public var start: UnsafePointer<UInt8>
    public var count: Int

    public init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }
}

/// Collects what one write shall send: pieces of shared memory as they stand, and small pieces copied side by side,
/// since the kernel spends more on a run than a copy of a few hundred bytes costs.
public struct Gather: ~Copyable {
    public let runs: UnsafeMutablePointer<Run>
    private let runCapacity: Int
    private var scratch: ByteWriter
    public private(set) var runCount = 0
    public private(set) var byteCount = 0

    /// Up to this size a piece is copied.
    public static var copyLimit: Int { 512 }
    /// Below the 1,024 that Linux takes in one call (`UIO_MAXIOV`).
    public static var maxRuns: Int { 128 }
    /// More than any system takes at once. The sum of long runs need not fit 32 bits.
    public static var maxBytes: Int { 1 << 20 }

    /// Carves `scratchBytes` for the copied pieces.
    public init(_ arena: inout Arena, key: StaticString, scratchBytes: Int) {
        runCapacity = Gather.maxRuns
        runs = arena.carve("send runs", key: "fixed", count: Gather.maxRuns, of: Run.self)
        let bytes = arena.carve("send scratch", key: key, count: scratchBytes, of: UInt8.self)
        scratch = ByteWriter(bytes, capacity: scratchBytes)
    }

    public var isEmpty: Bool { byteCount == 0 }

    public mutating func removeAll() {
        scratch.removeAll()
        runCount = 0
        byteCount = 0
    }

    /// Adds `view`, or answers false when the write is full: then send first.
    public mutating func add(_ view: ByteView) -> Bool {
        if view.isEmpty { return true }
        if view.count > Gather.copyLimit { return addRun(view.start, view.count) }
        guard view.count <= scratch.room else { return false }
        let target = UnsafePointer(scratch.start + scratch.count)
        guard addRun(target, view.count) else { return false }
        scratch.bytes(view)
        return true
    }

    /// Adds a run, or lengthens the last one when it ends where this one begins.
    private mutating func addRun(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        guard byteCount < Gather.maxBytes else { return false }
        if runCount > 0, runs[runCount - 1].start + runs[runCount - 1].count == start {
            runs[runCount - 1].count += count
        } else {
            guard runCount < runCapacity else { return false }
            runs[runCount] = Run(start: start, count: count)
            runCount += 1
        }
        byteCount += count
        return true
    }
}
