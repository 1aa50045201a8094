import Base

/// Where text of any length goes, piece by piece.
public protocol TextSink: ~Copyable {
    mutating func write(_ bytes: ByteView)
}

extension TextSink where Self: ~Copyable {
    @inline(never) mutating func text(_ text: StaticString) { write(ByteView(text)) }

    @inline(never) mutating func byte(_ value: UInt8) {
        var byte = value
        withUnsafeMutableBytes(of: &byte) { write(ByteView($0.baseAddress!.assumingMemoryBound(to: UInt8.self), 1)) }
    }

    @inline(never) mutating func fill(_ value: UInt8, count: Int) {
        var i = 0
        while i < count {
            byte(value)
            i += 1
        }
    }

    /// At least `digits` decimal digits, with zeros in front.
    @inline(never) mutating func number(_ value: UInt32, digits: Int = 1) {
        var divisor: UInt32 = 1
        var count = 1
        while count < 10, value / divisor >= 10 || count < digits {
            divisor *= 10
            count += 1
        }
        while divisor > 0 {
            byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    /// Two hexadecimal digits.
    @inline(never) mutating func hex(_ value: UInt8, isUpper: Bool = false) {
        hexDigit(value >> 4, isUpper)
        hexDigit(value & 15, isUpper)
    }

    private mutating func hexDigit(_ value: UInt8, _ isUpper: Bool) {
        let letter = isUpper ? UInt8(ascii: "A") : UInt8(ascii: "a")
        byte(value < 10 ? UInt8(ascii: "0") + value : letter + value - 10)
    }
}
