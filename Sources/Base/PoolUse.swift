/// How much of a pool is used, for reports.
public struct PoolUse {
    public let name: StaticString
    public let inUse: Int
    /// The largest `inUse` ever seen.
    public let highWater: Int
    public let capacity: Int

    /// The same without so many records that are always taken.
    public func without(_ count: Int) -> PoolUse {
        PoolUse(name: name, inUse: inUse - count, highWater: highWater - count, capacity: capacity - count)
    }
}

extension Pool {
    public func use(_ name: StaticString) -> PoolUse {
        PoolUse(name: name, inUse: inUse, highWater: highWater, capacity: capacity)
    }
}

extension Slabs {
    public func use(_ name: StaticString) -> PoolUse {
        PoolUse(name: name, inUse: inUse, highWater: highWater, capacity: capacity)
    }
}
