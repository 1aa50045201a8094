/// Builds one line of text in a fixed buffer. What does not fit is cut off and marked with `~` at the end.
///
/// Nothing here is inlined: no text is written on the path of a message, and there are hundreds of calls.
public struct Line {
    private let start: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    public private(set) var count = 0
    /// Text ends here: in front of the mark and the line feed, and where it was cut off, as nothing follows that.
    private var limit: Int
    private var isCut = false

    /// `capacity` is at least two: the mark and the line feed.
    public init(_ start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        precondition(capacity >= 2)
        self.start = start
        self.capacity = capacity
        limit = capacity - 2
    }

    /// Bytes a log line may have.
    public static var logBytes: Int { 512 }

    /// What is there so far.
    public var view: ByteView { ByteView(start, count) }

    /// The finished line, with its line feed.
    @inline(never) public mutating func ended() -> ByteView {
        precondition(count <= capacity - 2)
        if isCut {
            start[count] = UInt8(ascii: "~")
            count += 1
        }
        start[count] = UInt8(ascii: "\n")
        count += 1
        return view
    }

    public mutating func removeAll() {
        count = 0
        limit = capacity - 2
        isCut = false
    }

    @inline(never) public mutating func byte(_ value: UInt8) {
        guard fitting(1) == 1 else { return }
        start[count] = value
        count += 1
    }

    @inline(never) public mutating func text(_ text: StaticString) { run(text.utf8Start, text.utf8CodeUnitCount) }
    @inline(never) public mutating func bytes(_ view: ByteView) { run(view.start, view.count) }

    @inline(never) private mutating func run(_ source: UnsafePointer<UInt8>, _ bytes: Int) {
        let fitting = fitting(bytes)
        (start + count).copyBytes(from: source, count: fitting)
        count += fitting
    }

    /// How many of so many bytes there is room for; when it is not all, nothing follows them.
    @inline(__always) private mutating func fitting(_ bytes: Int) -> Int {
        if bytes <= limit - count { return bytes }
        let room = max(0, limit - count)
        limit = count + room
        isCut = true
        return room
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
        spaces(width - Line.digitCount(value.magnitude))
        number(value)
    }

    /// `text` at the left edge of a column.
    @inline(never) public mutating func column(_ text: StaticString, width: Int) {
        self.text(text)
        spaces(width - text.utf8CodeUnitCount)
    }

    /// From the last to the first: so all divisions are by a constant, and not every processor has another.
    private mutating func digits(_ value: UInt) {
        var place = Line.digitCount(value)
        let fitting = fitting(place)
        let target = start + count
        count += fitting
        var rest = value
        while place > 0 {
            place -= 1
            if place < fitting { target[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10) }
            rest /= 10
        }
    }

    private static func digitCount(_ value: UInt) -> Int {
        var count = 1
        var rest = value
        while rest > 9 {
            rest /= 10
            count += 1
        }
        return count
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
        // What needs no escape goes in runs.
        var begin = 0
        var i = 0
        while i < value.count {
            let b = value.start[i]
            if b < 0x20 || b >= 0x7F || b == UInt8(ascii: "\"") || b == UInt8(ascii: "\\") {
                run(value.start + begin, i - begin)
                escape(b)
                begin = i + 1
            }
            i += 1
        }
        run(value.start + begin, i - begin)
    }

    private mutating func escape(_ b: UInt8) {
        if b == UInt8(ascii: "\"") || b == UInt8(ascii: "\\") {
            byte(UInt8(ascii: "\\"))
            byte(b)
        } else {
            text("\\x")
            hexDigit(UInt32(b >> 4))
            hexDigit(UInt32(b))
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
