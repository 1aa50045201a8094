/// The source of all chance in a simulation: the same seed gives the same numbers on every machine.
///
/// sfc32 by Chris Doty-Humphrey (PractRand): additions, shifts and exclusive ors of 32 bits only.
public struct SimRandom {
    private var a: UInt32
    private var b: UInt32
    private var c: UInt32 = 0
    private var counter: UInt32 = 1

    /// `stream` makes independent generators of one seed.
    public init(seed: UInt32, stream: UInt32 = 0) {
        a = seed
        b = stream
        var i = 0
        while i < 15 {
            _ = next()
            i += 1
        }
    }

    public mutating func next() -> UInt32 {
        let result = a &+ b &+ counter
        counter &+= 1
        a = b ^ b >> 9
        b = c &+ c << 3
        c = (c << 21 | c >> 11) &+ result
        return result
    }

    /// From 0 up to, not including, `bound`, which is above zero.
    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt32(bound)) }

    public mutating func within(_ first: Int, _ last: Int) -> Int { first + below(last - first + 1) }

    public mutating func chance(perMille: Int) -> Bool { below(1000) < perMille }
}
