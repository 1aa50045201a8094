/// Counts without end on 32-bit machines, too: units and billions.
public struct Counter: Equatable {
    public private(set) var billions: UInt32 = 0
    /// Below a billion.
    public private(set) var units: UInt32 = 0

    private static var billion: UInt32 { 1_000_000_000 }

    public init() {}

    /// Adds at most three billion.
    public mutating func add(_ count: Int) {
        var sum = units + UInt32(count)
        while sum >= Counter.billion {
            sum -= Counter.billion
            billions &+= 1
        }
        units = sum
    }

    public static func == (a: Counter, b: Counter) -> Bool { a.billions == b.billions && a.units == b.units }
}

extension Line {
    public mutating func number(_ counter: Counter) {
        guard counter.billions > 0 else {
            number(counter.units)
            return
        }
        number(counter.billions)
        var divisor: UInt32 = 100_000_000
        while divisor > 0 {
            byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: counter.units / divisor % 10))
            divisor /= 10
        }
    }
}
