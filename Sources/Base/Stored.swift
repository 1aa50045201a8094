/// Bytes kept in `Slabs` that do not grow any more: a message, a topic level, a client id. Half the size of a `Chain`.
/// Owns its slabs: whoever drops it gives it to `Slabs.free` first.
public struct Stored {
    /// Number of the first slab; zero is none.
    let first: UInt32
    public let count: UInt32

    init(first: UInt32, count: UInt32) {
        self.first = first
        self.count = count
    }

    public static var empty: Stored { Stored(first: 0, count: 0) }
}

extension Slabs {
    /// What `chain` holds; the chain itself must not be used any more.
    public func seal(_ chain: Chain) -> Stored { Stored(first: chain.first, count: chain.count) }

    /// Stores `view`, or answers nil when the slabs do not suffice.
    public mutating func store(_ view: ByteView) -> Stored? {
        var chain = Chain()
        guard append(view, to: &chain) else { return nil }
        return seal(chain)
    }

    public mutating func free(_ stored: Stored) { give(from: stored.first) }

    public func equals(_ stored: Stored, _ view: ByteView) -> Bool {
        guard Int(stored.count) == view.count else { return false }
        var reader = ChainReader(stored)
        return reader.equals(view, in: self)
    }
}
