/// Which messages of one publisher and topic one subscriber has got, as far back as a broker may mix them up.
public struct Arrivals {
    /// The number of the message that should come next.
    private var next: UInt32 = 0
    /// Those before `next` that have not come.
    private var missing: UInt32 = 0
    /// Bit n: the message `next` - 1 - n has come.
    private var recent: UInt32 = 0

    public enum Arrival: UInt8 {
        case inOrder
        /// Others have come before it that were sent later.
        case late
        /// It has come before.
        case again
    }

    public init() {}

    public mutating func take(_ number: UInt32) -> Arrival {
        if number >= next {
            let skipped = number - next
            missing += skipped
            recent = skipped < 31 ? recent << (skipped + 1) | 1 : 1
            next = number + 1
            return .inOrder
        }
        let age = next - 1 - number
        if age < 32 {
            if recent >> age & 1 != 0 { return .again }
            recent |= 1 << age
        }
        // Further back nothing is remembered: it is one that was missed if any is.
        if missing == 0 { return .again }
        missing -= 1
        return .late
    }
}
