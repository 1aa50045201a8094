import Base

/// A number in JSON, as cJSON reads and writes it: as a double, of which it prints fifteen digits, or seventeen when
/// fifteen are another number. Up to fifteen digits of a text come back as they are, so most numbers never become one.
struct JSONNumber {
    /// Bytes read.
    let count: Int
    private let isNegative: Bool
    private let decimal: DecimalDigits

    /// The number at the beginning of `text`, nil when there is none.
    init?(parsing text: ByteView) {
        var decimal = DecimalDigits()
        var i = 0
        isNegative = !text.isEmpty && text[0] == UInt8(ascii: "-")
        if isNegative { i += 1 }
        var hasDigits = false
        var hasPoint = false
        // Are significant only when another digit follows.
        var zeros = 0
        while i < text.count {
            let byte = text[i]
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                hasDigits = true
                if decimal.count > 0, !hasPoint { decimal.exponent += 1 }
                if decimal.count == 0, hasPoint { decimal.exponent -= 1 }
                if byte == UInt8(ascii: "0") {
                    if decimal.count > 0 { zeros += 1 }
                } else {
                    while zeros > 0 {
                        decimal.append(0)
                        zeros -= 1
                    }
                    decimal.append(byte - UInt8(ascii: "0"))
                }
            } else {
                break
            }
            i += 1
        }
        guard hasDigits else { return nil }
        let (power, length) = JSONNumber.power(text.dropFirst(i))
        decimal.exponent += power
        count = i + length
        self.decimal = decimal
    }

    /// `e+10`: its value, and how many bytes it is long; nothing when it is not complete.
    private static func power(_ text: ByteView) -> (value: Int, length: Int) {
        guard !text.isEmpty, text[0] | 0x20 == UInt8(ascii: "e") else { return (0, 0) }
        var i = 1
        let hasSign = i < text.count && (text[i] == UInt8(ascii: "-") || text[i] == UInt8(ascii: "+"))
        let isNegative = hasSign && text[i] == UInt8(ascii: "-")
        if hasSign { i += 1 }
        let first = i
        var value = 0
        while i < text.count, text[i] >= UInt8(ascii: "0"), text[i] <= UInt8(ascii: "9") {
            value = min(value * 10 + Int(text[i] - UInt8(ascii: "0")), 1_000_000_000)
            i += 1
        }
        return i > first ? (isNegative ? -value : value, i) : (0, 0)
    }

    func write(to sink: inout some TextSink & ~Copyable) {
        if isInfinite {
            // JSON does not have that.
            sink.text("null")
            return
        }
        if isNegative { sink.text("-") }
        if decimal.count == 0 || decimal.exponent < leastExponent {
            sink.text("0")
        } else if decimal.count <= 15 {
            sink.decimal(decimal, precision: 15)
        } else {
            writeRounded(to: &sink)
        }
    }

    private var isInfinite: Bool {
        guard decimal.count > 0, decimal.exponent >= 308 else { return false }
        return decimal.exponent > 308 || DecimalDouble(decimal).isInfinite
    }

    /// Where zero begins. From 1e-308 on doubles have fewer digits, which is not followed here: what is written without
    /// a double stays as it is down to their end.
    private var leastExponent: Int { decimal.count <= 15 ? -323 : -307 }

    private func writeRounded(to sink: inout some TextSink & ~Copyable) {
        let double = DecimalDouble(decimal)
        let short = double.digits(15, near: decimal.exponent)
        if double.isNear(DecimalDouble(short)) {
            sink.decimal(short, precision: 15)
        } else {
            sink.decimal(double.digits(17, near: decimal.exponent), precision: 17)
        }
    }
}

extension TextSink where Self: ~Copyable {
    /// As C's printf writes a double with `%g`.
    fileprivate mutating func decimal(_ decimal: DecimalDigits, precision: Int) {
        if decimal.exponent < -4 || decimal.exponent >= precision {
            digits(decimal, from: 0, to: 1)
            if decimal.count > 1 { text(".") }
            digits(decimal, from: 1, to: decimal.count)
            text(decimal.exponent < 0 ? "e-" : "e+")
            number(UInt32(decimal.exponent.magnitude), digits: 2)
        } else if decimal.exponent < 0 {
            text("0.")
            fill(UInt8(ascii: "0"), count: -decimal.exponent - 1)
            digits(decimal, from: 0, to: decimal.count)
        } else {
            let whole = min(decimal.exponent + 1, decimal.count)
            digits(decimal, from: 0, to: whole)
            fill(UInt8(ascii: "0"), count: decimal.exponent + 1 - whole)
            if decimal.count > whole { text(".") }
            digits(decimal, from: whole, to: decimal.count)
        }
    }

    private mutating func digits(_ decimal: DecimalDigits, from first: Int, to end: Int) {
        var i = first
        while i < end {
            byte(UInt8(ascii: "0") + decimal.digits[i])
            i += 1
        }
    }
}
