/// Bytes of any length in slabs of one size: messages, client ids, topic levels, half-received packets.
///
/// All slabs of a chain but the last are full, so a position in it needs no more than an offset. Slabs of neighbouring
/// numbers are neighbours in memory, and a chain that is given back is taken again in the same order: so a chain is
/// mostly one run of bytes, however long it is.
public struct Slabs: ~Copyable {
    private let bytes: UnsafeMutablePointer<UInt8>
    /// For each slab the number of the one behind it, in its chain or among the free ones. Numbers start from one.
    private let links: UnsafeMutablePointer<UInt32>
    public let bytesPerSlab: Int
    public let capacity: Int
    private let pinned = Pinned()
    public private(set) var inUse = 0
    /// The largest `inUse` ever seen.
    public private(set) var highWater = 0
    private var firstFree: UInt32 = 0
    /// Slabs beyond this one were never used; this spares linking them all at start.
    private var lastFresh: UInt32 = 0
    #if REFUSALS
    private let takes: UnsafeMutablePointer<Takes>?
    #endif

    /// Carves `count` slabs of `bytes` bytes each.
    public init(_ arena: inout Arena, _ name: StaticString, key: StaticString, count: Int, bytes: Int) {
        precondition(count >= 1 && count <= 0x7FFF_FFFF && bytes >= 1)
        bytesPerSlab = bytes
        capacity = count
        #if REFUSALS
        if let takes = arena.takes { self.takes = takes + arena.rowCount } else { takes = nil }
        #endif
        let linkBytes = MemoryLayout<UInt32>.stride
        let start = arena.carve(name, key: key, count: count, stride: linkBytes + bytes, alignment: linkBytes)
        links = start.assumingMemoryBound(to: UInt32.self)
        self.bytes = (start + count * linkBytes).assumingMemoryBound(to: UInt8.self)
    }

    public var freeSlabs: Int { capacity - inUse }

    /// Whether `count` more bytes fit behind `chain`.
    public func hasRoom(for count: Int, behind chain: Chain) -> Bool {
        let needed = count <= chain.room ? 0 : slabs(for: count - Int(chain.room))
        #if REFUSALS
        if let takes, takes.pointee.refuses(needed) { return false }
        #endif
        return needed <= freeSlabs
    }

    /// Appends all of `view` to `chain`, or nothing and answers false when the slabs do not suffice.
    @inline(never) public mutating func append(_ view: ByteView, to chain: inout Chain) -> Bool {
        let begun = min(Int(chain.room), view.count)
        guard begun == view.count || hasRoom(for: view.count, behind: chain) else { return false }
        if begun > 0 {
            view.slice(0, begun).copy(to: address(chain.last) + bytesPerSlab - Int(chain.room))
            chain.room -= UInt32(begun)
        }
        var copied = begun
        while copied < view.count {
            let first = take(behind: &chain)
            var room = bytesPerSlab
            while room < view.count - copied, nextToTake == chain.last + 1 {
                _ = take(behind: &chain)
                room += bytesPerSlab
            }
            let part = min(room, view.count - copied)
            view.slice(copied, copied + part).copy(to: address(first))
            copied += part
            chain.room = UInt32(room - part)
        }
        chain.count += UInt32(view.count)
        return true
    }

    /// The slab that is taken next; zero when there is none.
    private var nextToTake: UInt32 {
        firstFree != 0 ? firstFree : Int(lastFresh) < capacity ? lastFresh + 1 : 0
    }

    private mutating func take(behind chain: inout Chain) -> UInt32 {
        let slab = nextToTake
        precondition(slab != 0, "room was checked")
        #if REFUSALS
        takes?.pointee.count += 1
        #endif
        if firstFree != 0 { firstFree = links[index(slab)] } else { lastFresh += 1 }
        links[index(slab)] = 0
        if chain.last == 0 { chain.first = slab } else { links[index(chain.last)] = slab }
        chain.last = slab
        inUse += 1
        if inUse > highWater { highWater = inUse }
        return slab
    }

    /// Gives all slabs of `chain` back and leaves it empty.
    public mutating func free(_ chain: inout Chain) {
        give(from: chain.first)
        chain = Chain()
    }

    /// Gives back a slab and all behind it, in their order.
    @inline(never) mutating func give(from first: UInt32) {
        guard first != 0 else { return }
        var count = 1
        var last = first
        while next(last) != 0 {
            last = next(last)
            count += 1
        }
        precondition(count <= inUse, "slabs that were given back")
        links[index(last)] = firstFree
        firstFree = first
        inUse -= count
    }

    public func equals(_ chain: Chain, _ view: ByteView) -> Bool {
        guard Int(chain.count) == view.count else { return false }
        var reader = ChainReader(chain)
        return reader.equals(view, in: self)
    }

    /// Copies all bytes of `chain` to `target`, which has room for them.
    @inline(never) public func copy(_ chain: Chain, to target: UnsafeMutablePointer<UInt8>) {
        var reader = ChainReader(chain)
        var offset = 0
        while let run = reader.next(in: self) {
            run.copy(to: target + offset)
            offset += run.count
        }
    }

    fileprivate func address(_ slab: UInt32) -> UnsafeMutablePointer<UInt8> { bytes + index(slab) * bytesPerSlab }
    fileprivate func next(_ slab: UInt32) -> UInt32 { links[index(slab)] }

    private func index(_ slab: UInt32) -> Int {
        precondition(slab >= 1 && slab <= lastFresh)
        return Int(slab) - 1
    }

    /// How many slabs so many bytes take, which are not none. Most need one: a router divides slowly.
    private func slabs(for bytes: Int) -> Int {
        bytes <= bytesPerSlab ? 1 : (bytes + bytesPerSlab - 1) / bytesPerSlab
    }
}

/// A run of bytes kept in `Slabs`. Owns its slabs: whoever drops it gives it to `Slabs.free` first.
public struct Chain {
    // Numbers of slabs; zero is none.
    fileprivate(set) var first: UInt32 = 0
    fileprivate var last: UInt32 = 0
    /// Bytes held.
    public fileprivate(set) var count: UInt32 = 0
    /// Bytes that the last slab has room for.
    fileprivate var room: UInt32 = 0

    public init() {}
    public var isEmpty: Bool { count == 0 }
}

/// Reads a chain from front to back, one contiguous run at a time.
public struct ChainReader {
    private var slab: UInt32
    private var offset: Int
    private var left: Int

    public init(_ chain: Chain) {
        slab = chain.first
        offset = 0
        left = Int(chain.count)
    }

    public init(_ stored: Stored) {
        slab = stored.first
        offset = 0
        left = Int(stored.count)
    }

    /// Bytes not yet read.
    public var remaining: Int { left }

    /// The next run of at most `limit` bytes, or nil at the end.
    public mutating func next(in slabs: borrowing Slabs, limit: Int = Int.max) -> ByteView? {
        guard left > 0, limit > 0 else { return nil }
        let wanted = min(left, limit)
        let start = slabs.address(slab) + offset
        var run = slabs.bytesPerSlab - offset
        while run < wanted, slabs.next(slab) == slab + 1 {
            slab += 1
            run += slabs.bytesPerSlab
        }
        let part = min(run, wanted)
        left -= part
        offset = slabs.bytesPerSlab - (run - part)
        if part == run, left > 0 {
            slab = slabs.next(slab)
            offset = 0
        }
        return ByteView(start, part)
    }

    /// Whether what is left is as long as `view` and equal to it.
    public mutating func equals(_ view: ByteView, in slabs: borrowing Slabs) -> Bool {
        guard left == view.count else { return false }
        var offset = 0
        while let run = next(in: slabs) {
            guard run.equals(view.slice(offset, offset + run.count)) else { return false }
            offset += run.count
        }
        return true
    }

    /// Passes over `count` bytes, of which so many are left.
    public mutating func skip(_ count: Int, in slabs: borrowing Slabs) {
        precondition(count <= left)
        var toSkip = count
        while toSkip > 0, let run = next(in: slabs, limit: toSkip) { toSkip -= run.count }
    }
}
