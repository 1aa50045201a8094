#if REFUSALS
/// For tests that have the n-th take of a pool refused: how many records were taken, and which take it is.
public struct Takes {
    public var count = 0
    /// Of the takes, from zero. Below zero none is refused, as after it happened.
    public var refused = -1

    public init() {}

    /// Whether one of the next takes, of which somebody needs so many, is the one.
    mutating func refuses(_ needed: Int) -> Bool {
        guard count <= refused, refused < count + needed else { return false }
        refused = -1
        return true
    }
}
#endif
