/// Decimal digits: what is significant, without zeros at either end.
struct DecimalDigits {
    private(set) var digits = InlineArray<40, UInt8>(repeating: 0)
    /// How many there were. Of those beyond the 40th is only known that there are some.
    private(set) var count = 0
    /// The power of ten that the first stands for.
    var exponent = 0

    var kept: Int { min(count, digits.count) }

    /// Puts a digit, 0 to 9, behind the others.
    mutating func append(_ digit: UInt8) {
        if count < digits.count { digits[count] = digit }
        count += 1
    }

    /// Adds one to the last digit.
    mutating func increase() {
        while count > 0, digits[count - 1] == 9 { count -= 1 }
        if count > 0 {
            digits[count - 1] += 1
        } else {
            digits[0] = 1
            count = 1
            exponent += 1
        }
    }

    mutating func dropZeros() {
        while count > 0, digits[count - 1] == 0 { count -= 1 }
    }
}

/// A double that is not zero, without its sign: `mantissa` × 2 to the `exponent`. All in whole numbers: routers have no
/// floating point.
struct DecimalDouble {
    /// 53 bits, the highest of them set.
    private let mantissa: UInt64
    private let exponent: Int

    /// The one that is nearest. The digits' exponent is from -307 to 308.
    init(_ decimal: DecimalDigits) {
        var numerator = BigNumber(0)
        var i = 0
        while i < decimal.kept {
            numerator.multiply(by: 10, adding: UInt32(decimal.digits[i]))
            i += 1
        }
        // What is lost counts only where it is the difference to the middle between two doubles.
        if decimal.count > decimal.kept { numerator.multiply(by: 10, adding: 1) }
        let power = decimal.exponent - (decimal.count > decimal.kept ? decimal.kept : decimal.kept - 1)
        var denominator = BigNumber(1)
        if power > 0 { numerator.multiply(byTenTo: power) } else { denominator.multiply(byTenTo: -power) }
        // Scaled so that the quotient has 54 or 55 bits.
        let scale = 54 - (numerator.bitCount - denominator.bitCount)
        if scale > 0 { numerator.shiftLeft(scale) } else { denominator.shiftLeft(-scale) }
        denominator.shiftLeft(55)
        var quotient: UInt64 = 0
        i = 0
        while i < 56 {
            quotient <<= 1
            if numerator.compare(denominator) >= 0 {
                numerator.subtract(denominator)
                quotient |= 1
            }
            denominator.halve()
            i += 1
        }
        let extra = 64 - quotient.leadingZeroBitCount - 53
        let middle = UInt64(1) << UInt64(extra - 1)
        let rest = quotient & (middle * 2 - 1)
        var rounded = quotient >> UInt64(extra)
        if rest > middle || rest == middle && (!numerator.isZero || rounded & 1 == 1) { rounded += 1 }
        let isCarried = rounded >> 53 == 1
        mantissa = isCarried ? rounded >> 1 : rounded
        exponent = extra - scale + (isCarried ? 1 : 0)
    }

    var isInfinite: Bool { exponent > 971 }

    /// Whether the two are the same but for the last bit: what cJSON takes for the same number, as it does when `other`
    /// is infinite.
    func isNear(_ other: DecimalDouble) -> Bool {
        if other.isInfinite { return true }
        let low = min(exponent, other.exponent)
        guard exponent - low <= 1, other.exponent - low <= 1 else { return false }
        let (a, b) = (mantissa << UInt64(exponent - low), other.mantissa << UInt64(other.exponent - low))
        return (a > b ? a - b : b - a) <= max(a, b) >> 52
    }

    /// Rounded to so many digits, as C's printf does it. `near` is its power of ten, or one beside it.
    func digits(_ precision: Int, near: Int) -> DecimalDigits {
        var decimal = DecimalDigits()
        decimal.exponent = near
        var numerator = BigNumber(mantissa)
        var denominator = BigNumber(1)
        if exponent > 0 { numerator.shiftLeft(exponent) } else { denominator.shiftLeft(-exponent) }
        if near > 0 { denominator.multiply(byTenTo: near) } else { numerator.multiply(byTenTo: -near) }
        if numerator.compare(denominator) < 0 {
            decimal.exponent -= 1
            numerator.multiply(by: 10)
        } else {
            var tenfold = denominator
            tenfold.multiply(by: 10)
            if numerator.compare(tenfold) >= 0 {
                decimal.exponent += 1
                denominator = tenfold
            }
        }
        while decimal.count < precision {
            var digit: UInt8 = 0
            while numerator.compare(denominator) >= 0 {
                numerator.subtract(denominator)
                digit += 1
            }
            decimal.append(digit)
            numerator.multiply(by: 10)
        }
        // What is left, against the half of a digit.
        denominator.multiply(by: 5)
        let order = numerator.compare(denominator)
        if order > 0 || order == 0 && decimal.digits[precision - 1] & 1 == 1 { decimal.increase() }
        decimal.dropZeros()
        return decimal
    }
}
