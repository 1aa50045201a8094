/// How long to wait before the next attempt to connect: longer after each failure in a row, and never the same for many
/// clients that lost the same server.
public struct Backoff {
    /// Both in milliseconds; `base` is above zero and not above `cap`.
    private var base: UInt32
    private var cap: UInt32
    private var failures: UInt32 = 0

    public init(baseMs: UInt32, capMs: UInt32) {
        precondition(baseMs > 0 && baseMs <= capMs)
        base = baseMs
        cap = capMs
    }

    /// From the next failure on; those that were remain.
    public mutating func change(baseMs: UInt32, capMs: UInt32) {
        precondition(baseMs > 0 && baseMs <= capMs)
        base = baseMs
        cap = capMs
    }

    /// Attempts that failed since the last success.
    public var failureCount: UInt32 { failures }

    /// Milliseconds until the next attempt: between a half and the whole of what doubles with every failure up to the
    /// cap. `random` is any 32 bits.
    public mutating func failed(random: UInt32) -> UInt32 {
        var span = base
        var i: UInt32 = 0
        while i < failures, span < cap {
            span = span > cap / 2 ? cap : span * 2
            i += 1
        }
        failures = failures &+ 1 == 0 ? failures : failures + 1
        let half = span / 2
        return span - half + (half == 0 ? 0 : random % (half + 1))
    }

    /// A connection has proved to be good.
    public mutating func succeeded() { failures = 0 }
}
