import Base

/// A number in JSON, read and written as decimal digits. cJSON takes a double for it and prints fifteen digits of that,
/// which are those of the text; where the text has more, it is left as it is.
struct JSONNumber {
    /// Bytes read.
    private(set) var count = 0
    private var text = ByteView.empty
    private var isNegative = false
    /// What is significant, without zeros in front and behind.
    private var digits = InlineArray<16, UInt8>(repeating: 0)
    private var digitCount = 0
    /// The power of ten that the first digit stands for.
    private var exponent = 0

    /// The number at the beginning of `text`, nil when there is none.
    init?(parsing text: ByteView) {
        let end = text.count
        var i = 0
        if i < end, text[i] == UInt8(ascii: "-") {
            isNegative = true
            i += 1
        }
        var hasDigits = false
        var hasPoint = false
        var zeros = 0
        while i < end {
            let byte = text[i]
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                hasDigits = true
                if digitCount > 0, !hasPoint { exponent += 1 }
                if digitCount == 0, hasPoint { exponent -= 1 }
                if byte == UInt8(ascii: "0") {
                    if digitCount > 0 { zeros += 1 }
                } else {
                    while zeros > 0 {
                        append(UInt8(ascii: "0"))
                        zeros -= 1
                    }
                    append(byte)
                }
            } else {
                break
            }
            i += 1
        }
        guard hasDigits else { return nil }
        let (power, length) = JSONNumber.power(text.slice(i, end))
        exponent += power
        count = i + length
        self.text = text.slice(0, count)
    }

    private mutating func append(_ digit: UInt8) {
        if digitCount < digits.count { digits[digitCount] = digit }
        digitCount += 1
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
            value = min(value * 10 + Int(text[i] - UInt8(ascii: "0")), 10_000)
            i += 1
        }
        return i > first ? (isNegative ? -value : value, i) : (0, 0)
    }

    /// As C's printf writes a double with `%1.15g`.
    func write(to sink: inout some TextSink & ~Copyable) {
        // Doubles end there.
        if digitCount > 0, exponent > 308 {
            sink.text("null")
            return
        }
        if digitCount > 15 || digitCount > 0 && exponent < -307 && exponent > -325 {
            sink.write(text)
            return
        }
        if isNegative { sink.text("-") }
        if digitCount == 0 || exponent <= -325 {
            sink.text("0")
        } else if exponent < -4 || exponent >= 15 {
            writeScientific(to: &sink)
        } else {
            writePlain(to: &sink)
        }
    }

    private func writeScientific(to sink: inout some TextSink & ~Copyable) {
        sink.byte(digits[0])
        if digitCount > 1 { sink.text(".") }
        writeDigits(from: 1, to: digitCount, to: &sink)
        sink.text(exponent < 0 ? "e-" : "e+")
        sink.number(UInt32(exponent.magnitude), digits: 2)
    }

    private func writePlain(to sink: inout some TextSink & ~Copyable) {
        if exponent < 0 {
            sink.text("0.")
            sink.fill(UInt8(ascii: "0"), count: -exponent - 1)
            writeDigits(from: 0, to: digitCount, to: &sink)
            return
        }
        let whole = min(exponent + 1, digitCount)
        writeDigits(from: 0, to: whole, to: &sink)
        sink.fill(UInt8(ascii: "0"), count: exponent + 1 - whole)
        if digitCount > whole { sink.text(".") }
        writeDigits(from: whole, to: digitCount, to: &sink)
    }

    private func writeDigits(from first: Int, to end: Int, to sink: inout some TextSink & ~Copyable) {
        var i = first
        while i < end {
            sink.byte(digits[i])
            i += 1
        }
    }
}
