/// Part of a chain of bytes. What it holds stands in the pool's trailing bytes.
public struct Slab: Linked {
    public var next: Handle<Slab> = .none
}

/// Bytes of any length in slabs of one size: messages, client ids, topic levels, half-received packets.
///
/// All slabs of a chain but the last are full, so a position in it needs no more than an offset.
public struct Slabs: ~Copyable {
    private var pool: Pool<Slab>

    /// Carves `count` slabs of at least `bytes` bytes each.
    public init(_ arena: inout Arena, _ name: StaticString, key: StaticString, count: Int, bytes: Int) {
        pool = Pool(&arena, name, key: key, count: count, trailingBytes: bytes)
    }

    public var bytesPerSlab: Int { pool.trailingBytes }
    public var inUse: Int { pool.inUse }
    public var highWater: Int { pool.highWater }
    public var capacity: Int { pool.capacity }
    public var freeSlabs: Int { pool.free }

    /// Whether `count` more bytes fit behind `chain`.
    public func hasRoom(for count: Int, behind chain: Chain) -> Bool {
        pool.hasRoom(for: slabs(for: Int(chain.count) + count) - slabs(for: Int(chain.count)))
    }

    /// Appends all of `view` to `chain`, or nothing and answers false when the slabs do not suffice.
    @inline(never) public mutating func append(_ view: ByteView, to chain: inout Chain) -> Bool {
        guard hasRoom(for: view.count, behind: chain) else { return false }
        var copied = 0
        while copied < view.count {
            let filled = Int(chain.count) % bytesPerSlab
            if filled == 0 {
                guard let fresh = pool.take(Slab()) else { preconditionFailure("room was checked") }
                chain.slabs.append(fresh, in: pool)
            }
            let part = min(bytesPerSlab - filled, view.count - copied)
            view.slice(copied, copied + part).copy(to: pool.bytes(of: chain.slabs.last) + filled)
            copied += part
            chain.count += UInt32(part)
        }
        return true
    }

    /// Gives all slabs of `chain` back and leaves it empty.
    @inline(never) public mutating func free(_ chain: inout Chain) {
        while let slab = chain.slabs.removeFirst(in: pool) { pool.give(slab) }
        chain.count = 0
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

    fileprivate func view(_ slab: Handle<Slab>) -> ByteView { ByteView(pool.bytes(of: slab), bytesPerSlab) }
    func next(_ slab: Handle<Slab>) -> Handle<Slab> { pool[slab].pointee.next }

    mutating func give(_ slab: Handle<Slab>) { pool.give(slab) }

    private func slabs(for bytes: Int) -> Int { (bytes + bytesPerSlab - 1) / bytesPerSlab }
}

/// A run of bytes kept in `Slabs`. Owns its slabs: whoever drops it gives it to `Slabs.free` first.
public struct Chain {
    var slabs = List<Slab>()
    /// Bytes held.
    public fileprivate(set) var count: UInt32 = 0

    public init() {}
    public var isEmpty: Bool { count == 0 }
}

/// Reads a chain from front to back, one contiguous run at a time.
public struct ChainReader {
    private var slab: Handle<Slab>
    private var offset: Int
    private var left: Int

    public init(_ chain: Chain) {
        slab = chain.slabs.first
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
        let part = min(min(slabs.bytesPerSlab - offset, left), limit)
        let view = slabs.view(slab).slice(offset, offset + part)
        left -= part
        offset += part
        if offset == slabs.bytesPerSlab, left > 0 {
            slab = slabs.next(slab)
            offset = 0
        }
        return view
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
