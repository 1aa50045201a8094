/// Builds one line of text in a fixed buffer. What does not fit is cut off and marked with `~` at the end.
///
/// Nothing here is inlined: no text is written on the path of a message, and there are hundreds of calls.
public struct Line {
    private var writer: ByteWriter
    private var isCut = false

    /// `capacity` is at least two: the mark and the line feed.
    public init(_ start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        precondition(capacity >= 2)
        writer = ByteWriter(start, capacity: capacity)
    }

    /// Bytes a log line may have.
    public static var logBytes: Int { 512 }

    public var count: Int { writer.count }
    /// What is there so far.
    public var view: ByteView { writer.written }

    /// The finished line, with its line feed.
    @inline(never) public mutating func ended() -> ByteView {
        if isCut { writer.byte(UInt8(ascii: "~")) }
        writer.byte(UInt8(ascii: "\n"))
        return writer.written
    }

    public mutating func removeAll() {
        writer.removeAll()
        isCut = false
    }

    @inline(never) public mutating func byte(_ value: UInt8) {
        if writer.room > 2, !isCut { writer.byte(value) } else { isCut = true }
    }

    @inline(never) public mutating func text(_ text: StaticString) { bytes(ByteView(text)) }

    @inline(never) public mutating func bytes(_ view: ByteView) {
        var i = 0
        while i < view.count {
            byte(view[i])
            i += 1
        }
    }

    @inline(never) public mutating func number(_ value: Int) {
        if value < 0 { byte(UInt8(ascii: "-")) }
        digits(value.magnitude)
    }

    @inline(never) public mutating func number(_ value: UInt32) { digits(UInt(value)) }

    @inline(never) public mutating func spaces(_ count: Int) {
        var i = 0
        while i < count {
            byte(UInt8(ascii: " "))
            i += 1
        }
    }

    /// `value` at the right edge of a column.
    @inline(never) public mutating func column(_ value: Int, width: Int) {
        var digits = 1
        var rest = value
        while rest > 9 {
            rest /= 10
            digits += 1
        }
        spaces(width - digits)
        number(value)
    }

    /// `text` at the left edge of a column.
    @inline(never) public mutating func column(_ text: StaticString, width: Int) {
        self.text(text)
        spaces(width - text.utf8CodeUnitCount)
    }

    private mutating func digits(_ value: UInt) {
        var divisor: UInt = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    /// Eight hexadecimal digits.
    @inline(never) public mutating func hex(_ value: UInt32) {
        var shift: UInt32 = 32
        while shift > 0 {
            shift -= 4
            hexDigit(value >> shift)
        }
    }

    private mutating func hexDigit(_ value: UInt32) {
        let digit = UInt8(truncatingIfNeeded: value & 15)
        byte(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
}

// logfmt: `key=value key="value with spaces"`.
extension Line {
    /// Begins a log line whose event follows, in seconds since 1970.
    @inline(never) public mutating func time(_ seconds: UInt32) {
        text("time=")
        number(seconds)
        text(" ")
    }

    /// Begins a log line.
    @inline(never) public mutating func event(_ event: LogEvent) {
        text("event=")
        text(event.name)
    }

    @inline(never) public mutating func field(_ key: StaticString, _ value: StaticString) {
        field(key, ByteView(value))
    }

    @inline(never) public mutating func field(_ key: StaticString, _ value: Int) {
        self.key(key)
        number(value)
    }

    @inline(never) public mutating func field(_ key: StaticString, _ address: Address) {
        self.key(key)
        self.address(address)
    }

    /// Bytes of unknown origin: quoted when they hold a space, a quote or `=`; what is no printable ASCII is escaped.
    @inline(never) public mutating func field(_ key: StaticString, _ value: ByteView) {
        self.key(key)
        let quoted = Line.needsQuotes(value)
        if quoted { byte(UInt8(ascii: "\"")) }
        escaped(value)
        if quoted { byte(UInt8(ascii: "\"")) }
    }

    /// As a field's value, without quotes.
    @inline(never) public mutating func escaped(_ value: ByteView) {
        var i = 0
        while i < value.count {
            let b = value[i]
            if b == UInt8(ascii: "\"") || b == UInt8(ascii: "\\") {
                byte(UInt8(ascii: "\\"))
                byte(b)
            } else if b >= 0x20, b < 0x7F {
                byte(b)
            } else {
                text("\\x")
                hexDigit(UInt32(b >> 4))
                hexDigit(UInt32(b))
            }
            i += 1
        }
    }

    /// `127.0.0.1:1883`, `[::1]:1883`.
    @inline(never) public mutating func address(_ address: Address) {
        if address.isLocal {
            text("local")
            return
        }
        if address.isV4 {
            var shift: UInt32 = 32
            while shift > 0 {
                shift -= 8
                number(Int(address.words.3 >> shift & 0xFF))
                if shift > 0 { byte(UInt8(ascii: ".")) }
            }
        } else {
            byte(UInt8(ascii: "["))
            groups(address.isAnyV6 ? .any : address)
            byte(UInt8(ascii: "]"))
        }
        byte(UInt8(ascii: ":"))
        number(Int(address.port))
    }

    /// The eight groups in hexadecimal, the first longest run of two or more zeros as `::` (RFC 5952 §4.2).
    private mutating func groups(_ address: Address) {
        var gapStart = 8
        var gapCount = 1
        var i = 0
        while i < 8 {
            var run = 0
            while i + run < 8, address.group(i + run) == 0 { run += 1 }
            if run > gapCount {
                gapStart = i
                gapCount = run
            }
            i += run + 1
        }
        i = 0
        while i < 8 {
            if i == gapStart {
                text("::")
                i += gapCount
                continue
            }
            if i > 0, i != gapStart + gapCount || gapStart == 8 { byte(UInt8(ascii: ":")) }
            let group = UInt32(address.group(i))
            if group >= 0x1000 { hexDigit(group >> 12) }
            if group >= 0x100 { hexDigit(group >> 8) }
            if group >= 0x10 { hexDigit(group >> 4) }
            hexDigit(group)
            i += 1
        }
    }

    /// Begins a field whose value is put together by the caller.
    @inline(never) public mutating func key(_ key: StaticString) {
        if count > 0 { byte(UInt8(ascii: " ")) }
        text(key)
        byte(UInt8(ascii: "="))
    }

    /// Whether a value with these bytes must stand in quotes.
    @inline(never) public static func needsQuotes(_ value: ByteView) -> Bool {
        var i = 0
        while i < value.count {
            let b = value[i]
            if b == UInt8(ascii: " ") || b == UInt8(ascii: "\"") || b == UInt8(ascii: "=") { return true }
            i += 1
        }
        return value.isEmpty
    }
}
