import Base

/// `%` with what stands between it and its letter.
struct Conversion {
    var letter: UInt8 = 0
    var isLeft = false
    var padsWithZeros = false
    /// At least so many bytes; of a payload at most, too. Zero when nothing is said.
    var width = 0
    /// Of a topic or a time at most so many bytes.
    var precision: Int?
    /// Stands between the bytes of a payload in hexadecimal.
    var separator: UInt8?

    static func pads(_ letter: UInt8) -> Bool { letter == UInt8(ascii: "x") || letter == UInt8(ascii: "X") }
}

/// The pieces of a format, one by one.
struct FormatReader {
    enum Piece {
        case text(ByteView)
        case byte(UInt8)
        case conversion(Conversion)
        /// A letter of strftime's.
        case time(UInt8)
        case wrong(FormatProblem)
        case end
    }

    private var rest: ByteView

    init(_ format: ByteView) { rest = format }

    mutating func next() -> Piece {
        guard !rest.isEmpty else { return .end }
        let whole = rest
        switch rest[0] {
        case UInt8(ascii: "%"):
            return conversion()
        case UInt8(ascii: "@"):
            guard rest.count > 1 else { return .wrong(FormatProblem("is not complete", whole)) }
            rest = rest.dropFirst(2)
            return whole[1] == UInt8(ascii: "@") ? .byte(whole[1]) : .time(whole[1])
        case UInt8(ascii: "\\"):
            guard rest.count > 1 else { return .wrong(FormatProblem("is not complete", whole)) }
            rest = rest.dropFirst(2)
            guard let byte = FormatReader.escaped(whole[1]) else {
                return .wrong(FormatProblem("is not understood", whole.slice(0, 2)))
            }
            return .byte(byte)
        default:
            var end = 1
            while end < rest.count, !FormatReader.isSpecial(rest[end]) { end += 1 }
            rest = rest.dropFirst(end)
            return .text(whole.slice(0, end))
        }
    }

    private mutating func conversion() -> Piece {
        let whole = rest
        var conversion = Conversion()
        rest = rest.dropFirst(1)
        if take(UInt8(ascii: "-")) { conversion.isLeft = true }
        if take(UInt8(ascii: "0")) { conversion.padsWithZeros = true }
        guard let width = number() else { return .wrong(FormatProblem("has too large a number", whole)) }
        conversion.width = width
        if take(UInt8(ascii: ".")) {
            guard let precision = number() else { return .wrong(FormatProblem("has too large a number", whole)) }
            conversion.precision = precision
        }
        if rest.count > 1, Conversion.pads(rest[1]), FormatReader.isSeparator(rest[0]) {
            conversion.separator = rest[0]
            rest = rest.dropFirst(1)
        }
        guard !rest.isEmpty else { return .wrong(FormatProblem("is not complete", whole)) }
        conversion.letter = rest[0]
        rest = rest.dropFirst(1)
        let text = whole.slice(0, whole.count - rest.count)
        switch conversion.letter {
        case UInt8(ascii: "%"), UInt8(ascii: "I"), UInt8(ascii: "j"), UInt8(ascii: "J"), UInt8(ascii: "l"),
            UInt8(ascii: "m"), UInt8(ascii: "p"), UInt8(ascii: "q"), UInt8(ascii: "r"), UInt8(ascii: "t"),
            UInt8(ascii: "U"), UInt8(ascii: "x"), UInt8(ascii: "X"):
            return .conversion(conversion)
        case UInt8(ascii: "A"), UInt8(ascii: "C"), UInt8(ascii: "D"), UInt8(ascii: "E"), UInt8(ascii: "F"),
            UInt8(ascii: "P"), UInt8(ascii: "R"), UInt8(ascii: "S"):
            return .wrong(FormatProblem("needs MQTT 5, which swiftlet does not have", text))
        case UInt8(ascii: "d"), UInt8(ascii: "f"):
            return .wrong(FormatProblem("needs floating point, which swiftlet does without", text))
        default:
            return .wrong(FormatProblem("is not understood", text))
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard !rest.isEmpty, rest[0] == byte else { return false }
        rest = rest.dropFirst(1)
        return true
    }

    /// Zero when there is none; nil when it is over 99,999.
    private mutating func number() -> Int? {
        var value = 0
        while !rest.isEmpty, rest[0] >= UInt8(ascii: "0"), rest[0] <= UInt8(ascii: "9") {
            value = value * 10 + Int(rest[0] - UInt8(ascii: "0"))
            guard value <= 99_999 else { return nil }
            rest = rest.dropFirst(1)
        }
        return value
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "%") || byte == UInt8(ascii: "@") || byte == UInt8(ascii: "\\")
    }

    /// A space, or a printable character that is neither letter nor digit.
    private static func isSeparator(_ byte: UInt8) -> Bool {
        guard byte >= 0x20, byte < 0x7F else { return false }
        let lower = byte | 0x20
        let isLetter = lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
        return !isLetter && !(byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
    }

    private static func escaped(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\\"): letter
        case UInt8(ascii: "0"): 0x00
        case UInt8(ascii: "a"): 0x07
        case UInt8(ascii: "e"): 0x1B
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "v"): 0x0B
        default: nil
        }
    }
}

/// What is wrong with a format, and the piece of it that is.
public struct FormatProblem {
    let problem: StaticString
    let piece: ByteView

    init(_ problem: StaticString, _ piece: ByteView) {
        self.problem = problem
        self.piece = piece
    }

    /// `%d needs floating point, which swiftlet does without`.
    public func write(to line: inout Line) {
        line.escaped(piece)
        line.text(" ")
        line.text(problem)
    }
}
