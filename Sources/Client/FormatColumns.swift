import Base

/// What conversions write, with their widths: as C's printf does it, and as mosquitto_sub does it with payloads.
extension TextSink where Self: ~Copyable {
    mutating func column(_ text: ByteView, _ conversion: Conversion) {
        let shown = text.slice(0, min(text.count, conversion.precision ?? text.count))
        let blanks = conversion.width - shown.count
        if !conversion.isLeft { fill(UInt8(ascii: " "), count: blanks) }
        write(shown)
        if conversion.isLeft { fill(UInt8(ascii: " "), count: blanks) }
    }

    mutating func column(_ value: UInt32, _ conversion: Conversion) {
        var digits = 1
        var rest = value
        while rest > 9 {
            rest /= 10
            digits += 1
        }
        let missing = conversion.width - digits
        let pad = conversion.padsWithZeros ? UInt8(ascii: "0") : UInt8(ascii: " ")
        if !conversion.isLeft { fill(pad, count: missing) }
        number(value)
        if conversion.isLeft { fill(UInt8(ascii: " "), count: missing) }
    }

    mutating func isoTime(_ time: LocalTime, _ conversion: Conversion) {
        var space: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &space) { bytes in
            let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            var text = FixedText(ByteWriter(start, capacity: bytes.count))
            text.date(time.calendar)
            text.offset(time.offsetSeconds)
            column(text.writer.written, conversion)
        }
    }

    mutating func payload(_ payload: ByteView, _ conversion: Conversion) {
        // Without a width mosquitto_sub takes it for zero, and what is missing for less than nothing.
        let count = conversion.width > 0 ? min(payload.count, conversion.width) : payload.count
        let missing = conversion.width - count
        padInFront(conversion, missing)
        write(payload.slice(0, count))
        padBehind(conversion, missing)
    }

    mutating func hexPayload(_ payload: ByteView, _ conversion: Conversion) {
        // With a width mosquitto_sub shows half of what would have room.
        let count = conversion.width > 0 ? min(payload.count, conversion.width) / 2 : payload.count
        let missing = conversion.width > 0 ? conversion.width - 2 * count : -count
        padInFront(conversion, missing)
        var i = 0
        while i < count {
            if i > 0, let separator = conversion.separator { byte(separator) }
            hex(payload[i], isUpper: conversion.letter == UInt8(ascii: "X"))
            i += 1
        }
        padBehind(conversion, missing)
    }

    private mutating func padInFront(_ conversion: Conversion, _ missing: Int) {
        guard !conversion.isLeft else { return }
        fill(conversion.padsWithZeros ? UInt8(ascii: "0") : UInt8(ascii: " "), count: missing)
    }

    /// To C's printf a width below zero is one to the left.
    private mutating func padBehind(_ conversion: Conversion, _ missing: Int) {
        if conversion.isLeft { fill(UInt8(ascii: " "), count: Int(missing.magnitude)) }
    }
}

/// Text that is known to have room.
struct FixedText: TextSink {
    var writer: ByteWriter

    init(_ writer: ByteWriter) { self.writer = writer }

    mutating func write(_ bytes: ByteView) { writer.bytes(bytes) }
}
