import Base

/// JSON as cJSON 1.7, which mosquitto_sub has, reads it and writes it again: spaces go, escapes become characters,
/// numbers get their shortest form.
enum JSONText {
    /// Deeper ones are no JSON.
    static var maxDepth: Int { 1000 }

    static func isValid(_ text: ByteView) -> Bool {
        // In C that is the end of the text.
        guard text.firstIndex(of: 0) == nil else { return false }
        var nothing = Nothing()
        return JSONReader.copy(text, isPretty: false, isCheck: true, to: &nothing)
    }

    /// `text` is valid; it is written as the value of a member of an object.
    static func write(_ text: ByteView, _ isPretty: Bool, to sink: inout some TextSink & ~Copyable) {
        _ = JSONReader.copy(text, isPretty: isPretty, to: &sink)
    }

    /// What stands behind the backslash in place of a byte; nil for bytes that stand for themselves.
    static func escape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case 0x08: UInt8(ascii: "b")
        case 0x0C: UInt8(ascii: "f")
        case 0x0A: UInt8(ascii: "n")
        case 0x0D: UInt8(ascii: "r")
        case 0x09: UInt8(ascii: "t")
        default: byte < 0x20 ? UInt8(ascii: "u") : nil
        }
    }

    private struct Nothing: TextSink {
        mutating func write(_ bytes: ByteView) {}
    }
}

/// Reads one value and writes it as it reads; false when it is none, and then what is written is worth nothing.
private struct JSONReader {
    private let text: ByteView
    private let isPretty: Bool
    /// Nobody wants to have what is written.
    private let isCheck: Bool
    private var position = 0
    /// Containers that are open, and a bit for each: whether it is an object.
    private var depth = 0
    private var objects = InlineArray<32, UInt32>(repeating: 0)

    private init(_ text: ByteView, isPretty: Bool, isCheck: Bool) {
        self.text = text
        self.isPretty = isPretty
        self.isCheck = isCheck
    }

    static func copy(
        _ text: ByteView, isPretty: Bool, isCheck: Bool = false, to sink: inout some TextSink & ~Copyable
    ) -> Bool {
        var reader = JSONReader(text, isPretty: isPretty, isCheck: isCheck)
        let bom: (UInt8, UInt8, UInt8) = (0xEF, 0xBB, 0xBF)
        if text.count >= 3, text[0] == bom.0, text[1] == bom.1, text[2] == bom.2 { reader.position = 3 }
        return reader.copy(to: &sink)
    }

    private mutating func copy(to sink: inout some TextSink & ~Copyable) -> Bool {
        while true {
            skipSpace()
            guard let first = peek() else { return false }
            var isOpened = false
            if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
                guard open(isObject: first == UInt8(ascii: "{"), to: &sink) else { return false }
                isOpened = true
                skipSpace()
            } else {
                guard scalar(first, to: &sink) else { return false }
            }
            // Whatever is complete now; then the next member, if there is one.
            while true {
                skipSpace()
                if depth == 0 { return position == text.count }
                guard let next = peek() else { return false }
                if next == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    close(isEmpty: isOpened, to: &sink)
                    isOpened = false
                    continue
                }
                if !isOpened {
                    guard next == UInt8(ascii: ",") else { return false }
                    position += 1
                    separate(to: &sink)
                }
                if isObject, !key(to: &sink) { return false }
                break
            }
        }
    }

    private var isObject: Bool { objects[(depth - 1) / 32] >> UInt32((depth - 1) % 32) & 1 == 1 }

    private mutating func open(isObject: Bool, to sink: inout some TextSink & ~Copyable) -> Bool {
        guard depth < JSONText.maxDepth else { return false }
        let bit = UInt32(1) << UInt32(depth % 32)
        if isObject { objects[depth / 32] |= bit } else { objects[depth / 32] &= ~bit }
        depth += 1
        position += 1
        sink.text(isObject ? (isPretty ? "{\n" : "{") : "[")
        return true
    }

    private mutating func close(isEmpty: Bool, to sink: inout some TextSink & ~Copyable) {
        position += 1
        if isObject {
            if isPretty {
                if !isEmpty { sink.text("\n") }
                sink.fill(UInt8(ascii: "\t"), count: depth)
            }
            sink.text("}")
        } else {
            sink.text("]")
        }
        depth -= 1
    }

    private func separate(to sink: inout some TextSink & ~Copyable) {
        sink.text(isPretty ? (isObject ? ",\n" : ", ") : ",")
    }

    private mutating func key(to sink: inout some TextSink & ~Copyable) -> Bool {
        skipSpace()
        if isPretty { sink.fill(UInt8(ascii: "\t"), count: depth + 1) }
        guard peek() == UInt8(ascii: "\""), string(to: &sink) else { return false }
        skipSpace()
        guard peek() == UInt8(ascii: ":") else { return false }
        position += 1
        sink.text(isPretty ? ":\t" : ":")
        return true
    }

    private mutating func scalar(_ first: UInt8, to sink: inout some TextSink & ~Copyable) -> Bool {
        switch first {
        case UInt8(ascii: "\""): return string(to: &sink)
        case UInt8(ascii: "n"): return word("null", to: &sink)
        case UInt8(ascii: "t"): return word("true", to: &sink)
        case UInt8(ascii: "f"): return word("false", to: &sink)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            guard let number = JSONNumber(parsing: text.dropFirst(position)) else { return false }
            position += number.count
            if !isCheck { number.write(to: &sink) }
            return true
        default: return false
        }
    }

    private mutating func word(_ word: StaticString, to sink: inout some TextSink & ~Copyable) -> Bool {
        guard text.dropFirst(position).starts(with: word) else { return false }
        position += word.utf8CodeUnitCount
        sink.text(word)
        return true
    }

    private mutating func string(to sink: inout some TextSink & ~Copyable) -> Bool {
        position += 1
        sink.text("\"")
        // In C a character of zero ends the string that was read.
        var isCut = false
        while true {
            let start = position
            while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
            if !isCut { sink.jsonCharacters(text.slice(start, position)) }
            guard let end = peek() else { return false }
            position += 1
            if end == UInt8(ascii: "\"") { break }
            guard let code = escaped() else { return false }
            if code == 0 { isCut = true }
            if !isCut { sink.jsonCharacter(code) }
        }
        sink.text("\"")
        return true
    }

    /// The character that an escape stands for, whose backslash was read.
    private mutating func escaped() -> UInt32? {
        guard let letter = peek() else { return nil }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt32(letter)
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): break
        default: return nil
        }
        guard let first = fourDigits(), first < 0xDC00 || first > 0xDFFF else { return nil }
        guard first >= 0xD800, first <= 0xDBFF else { return first }
        guard text.dropFirst(position).starts(with: "\\u") else { return nil }
        position += 2
        guard let second = fourDigits(), second >= 0xDC00, second <= 0xDFFF else { return nil }
        return 0x10000 + (first & 0x3FF) << 10 + second & 0x3FF
    }

    /// Where they are no hexadecimal digits, cJSON takes them for zero.
    private mutating func fourDigits() -> UInt32? {
        guard position + 4 <= text.count else { return nil }
        var value: UInt32 = 0
        var isNumber = true
        var i = position
        while i < position + 4 {
            let byte = text[i]
            let lower = byte | 0x20
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            } else if lower >= UInt8(ascii: "a"), lower <= UInt8(ascii: "f") {
                value = value << 4 | UInt32(lower - UInt8(ascii: "a") + 10)
            } else {
                isNumber = false
            }
            i += 1
        }
        position += 4
        return isNumber ? value : 0
    }

    private func peek() -> UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek(), byte <= 0x20 { position += 1 }
    }
}

extension TextSink where Self: ~Copyable {
    /// One character of a string, in UTF-8.
    fileprivate mutating func jsonCharacter(_ code: UInt32) {
        func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: code >> shift & 0x3F) }
        if code < 0x80 {
            let value = UInt8(truncatingIfNeeded: code)
            if let escape = JSONText.escape(value) { jsonEscape(value, escape) } else { byte(value) }
        } else if code < 0x800 {
            byte(0xC0 | UInt8(truncatingIfNeeded: code >> 6))
            byte(tail(0))
        } else if code < 0x10000 {
            byte(0xE0 | UInt8(truncatingIfNeeded: code >> 12))
            byte(tail(6))
            byte(tail(0))
        } else {
            byte(0xF0 | UInt8(truncatingIfNeeded: code >> 18))
            byte(tail(12))
            byte(tail(6))
            byte(tail(0))
        }
    }
}
