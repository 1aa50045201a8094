/// A 32-bit reference to a record of a `Pool`: 20 bits of index, 12 bits of generation.
///
/// The generation tells a recycled slot from the one the handle was made for, so a late event or a forgotten
/// reference is found out instead of reaching somebody else's record. Generations run from 1 to 4095 and repeat after
/// that. The all-zero handle is `none`, so zeroed memory holds no reference.
public struct Handle<Record>: Equatable {
    public let raw: UInt32

    public init(raw: UInt32) { self.raw = raw }
    init(index: UInt32, generation: UInt32) { raw = generation << 20 | index }

    public static var none: Handle { Handle(raw: 0) }
    public var isNone: Bool { raw == 0 }
    public var isSome: Bool { raw != 0 }
    /// Position of the slot in its pool, for tables that run beside it.
    public var index: Int { Int(raw & 0xFFFFF) }
    var generation: UInt32 { raw >> 20 }

    public static func == (a: Handle, b: Handle) -> Bool { a.raw == b.raw }
}
