/// A fixed number of records of one type, each with an optional fixed run of raw bytes behind it.
///
/// Taking and giving back cost a few instructions: the pool is full or it is not. A handle whose record was given back
/// traps when it is used. Pointers to records live for the length of one function; what is stored is the handle.
/// Records must be trivial (no references); they are overwritten, never destroyed.
public struct Pool<Record>: ~Copyable {
    /// Each slot: a 32-bit tag, the record, the trailing bytes. The tag's upper 12 bits are the generation that the
    /// slot's handle has, or will have when it is taken next; the lower 20 link the free slots, and are the slot's own
    /// index while it is in use. So the tag of a slot in use is its handle, and that of a free one is nobody's.
    private let slots: UnsafeMutableRawPointer
    private let stride: Int
    public let capacity: Int
    /// Raw bytes behind each record.
    public let trailingBytes: Int
    private let pinned = Pinned()
    public private(set) var inUse = 0
    /// The largest `inUse` ever seen.
    public private(set) var highWater = 0
    /// How often `take` found the pool empty.
    public private(set) var refusals: UInt32 = 0
    private var firstFree = Pool.noSlot
    /// Slots from here on were never used; this spares linking them all at start.
    private var firstFresh: UInt32 = 0
    #if REFUSALS
    private let takes: UnsafeMutablePointer<Takes>?
    #endif

    private static var noSlot: UInt32 { 0xFFFFF }
    private static var lastGeneration: UInt32 { 0xFFF }
    private static var alignment: Int { max(MemoryLayout<UInt32>.alignment, MemoryLayout<Record>.alignment) }
    private static var recordOffset: Int { max(MemoryLayout<UInt32>.size, MemoryLayout<Record>.alignment) }
    private static var trailingOffset: Int { recordOffset + MemoryLayout<Record>.size }

    /// The most records one pool can hold: the last index means "no slot".
    public static var maxCount: Int { Int(noSlot) }

    /// Carves `count` (1 … `maxCount`) records from `arena`. `trailingBytes` is rounded up to what alignment would
    /// waste otherwise.
    public init(_ arena: inout Arena, _ name: StaticString, key: StaticString, count: Int, trailingBytes: Int = 0) {
        precondition(count >= 1 && count <= Pool.maxCount)
        stride = (Pool.trailingOffset + trailingBytes + Pool.alignment - 1) & ~(Pool.alignment - 1)
        self.trailingBytes = trailingBytes == 0 ? 0 : stride - Pool.trailingOffset
        capacity = count
        #if REFUSALS
        if let takes = arena.takes { self.takes = takes + arena.rowCount } else { takes = nil }
        #endif
        slots = arena.carve(name, key: key, count: count, stride: stride, alignment: Pool.alignment)
    }

    public var free: Int { capacity - inUse }

    /// Whether so many records can be taken.
    public func hasRoom(for count: Int = 1) -> Bool {
        #if REFUSALS
        if let takes, takes.pointee.refuses(count) { return false }
        #endif
        return free >= count
    }

    /// A free record set to `value`, or nil when there is none, which is counted.
    public mutating func take(_ value: Record) -> Handle<Record>? {
        #if REFUSALS
        if let takes {
            if takes.pointee.refuses(1) { return nil }
            takes.pointee.count += 1
        }
        #endif
        let index: UInt32
        var generation: UInt32 = 1
        if firstFree != Pool.noSlot {
            index = firstFree
            let tag = self.tag(index).pointee
            firstFree = tag & Pool.noSlot
            generation = tag >> 20
        } else if Int(firstFresh) < capacity {
            index = firstFresh
            firstFresh += 1
        } else {
            refusals &+= 1
            return nil
        }
        tag(index).pointee = generation << 20 | index
        record(index).initialize(to: value)
        inUse += 1
        if inUse > highWater { highWater = inUse }
        return Handle(index: index, generation: generation)
    }

    /// Returns the record to the pool. Every copy of `handle` is dead from here on.
    public mutating func give(_ handle: Handle<Record>) {
        let index = checked(handle)
        let generation = handle.generation == Pool.lastGeneration ? 1 : handle.generation + 1
        tag(index).pointee = generation << 20 | firstFree
        firstFree = index
        inUse -= 1
    }

    /// The record behind `handle`. Traps when it was given back.
    public subscript(_ handle: Handle<Record>) -> UnsafeMutablePointer<Record> { record(checked(handle)) }

    /// The record behind a handle that came from outside, such as an event of the kernel; nil when it was given back.
    public func find(_ handle: Handle<Record>) -> UnsafeMutablePointer<Record>? {
        isLive(handle) ? record(UInt32(handle.index)) : nil
    }

    /// The trailing bytes of the record behind `handle`.
    public func bytes(of handle: Handle<Record>) -> UnsafeMutablePointer<UInt8> {
        (slots + Int(checked(handle)) &* stride + Pool.trailingOffset).assumingMemoryBound(to: UInt8.self)
    }

    /// The handle of the record at `index`, or nil when it is not in use. Indexes run from 0 to `capacity`.
    public func handle(at index: Int) -> Handle<Record>? {
        guard index < Int(firstFresh), tag(UInt32(index)).pointee & Pool.noSlot == UInt32(index) else { return nil }
        return Handle(index: UInt32(index), generation: tag(UInt32(index)).pointee >> 20)
    }

    private func isLive(_ handle: Handle<Record>) -> Bool {
        handle.index < Int(firstFresh) && tag(UInt32(handle.index)).pointee == handle.raw
    }

    private func checked(_ handle: Handle<Record>) -> UInt32 {
        precondition(isLive(handle), "a handle to a record that was given back")
        return handle.raw & Pool.noSlot
    }

    private func tag(_ index: UInt32) -> UnsafeMutablePointer<UInt32> {
        (slots + Int(index) &* stride).assumingMemoryBound(to: UInt32.self)
    }

    private func record(_ index: UInt32) -> UnsafeMutablePointer<Record> {
        (slots + Int(index) &* stride + Pool.recordOffset).assumingMemoryBound(to: Record.self)
    }
}
