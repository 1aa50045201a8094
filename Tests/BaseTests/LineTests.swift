import Base
import TestSupport
import Testing

struct LineTests {
    @Test(arguments: 2...40)
    func `A line that does not fit ends with a mark, one that fits does not`(capacity: Int) {
        let text = "abcdefghijklmnopqrstuvwxyz"
        let line = lineText(capacity: capacity, isEnded: true) { line in withView(text) { line.bytes($0) } }
        let isCut = text.utf8.count > capacity - 2
        #expect(line == text.prefix(capacity - 2) + (isCut ? "~\n" : "\n"))
    }

    @Test func `Nothing follows what was cut off`() {
        let line = lineText(capacity: 8, isEnded: true) { line in
            line.text("abcdefghi")
            line.byte(UInt8(ascii: "x"))
        }
        #expect(line == "abcdef~\n")
    }

    /// What stands in a line that is cut off is the beginning of what would stand in a longer one.
    @Test(arguments: 2...90)
    func `Text, numbers, escapes and addresses are cut off at the same place`(capacity: Int) {
        func build(_ line: inout Line) {
            line.field("k", "plain")
            line.number(-1_234_567)
            withView([0x61, 0x62, 0x0A, 0x22, 0x63, 0xFF, 0x64, 0x5C]) { line.field("v", $0) }
            line.number(UInt32.max)
            line.field("at", Address(v4: 0xC0A8_01FE, port: 1883))
        }
        let whole = lineText(build)
        let text = lineText(capacity: capacity, isEnded: true, build)
        #expect(whole == #"k=plain-1234567 v="ab\x0a\"c\xffd\\"4294967295 at=192.168.1.254:1883"#)
        #expect(text == (whole.utf8.count > capacity - 2 ? whole.prefix(capacity - 2) + "~\n" : whole + "\n"))
    }

    @Test(arguments: seeds)
    func `Runs between escapes are whole`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<1000 {
            let bytes = (0..<random.below(30)).map { _ in
                random.chance(30) ? UInt8(random.below(256)) : UInt8(0x20 + random.below(0x5F))
            }
            let each = bytes.map { byte in lineText { line in withView([byte]) { line.escaped($0) } } }
            let all = lineText { line in withView(bytes) { line.escaped($0) } }
            guard all == each.joined() else { return fail("\(bytes)") }
        }
    }

    @Test func `An emptied line starts anew, without the mark`() {
        let line = lineText(capacity: 8, isEnded: true) { line in
            line.text("abcdefghi")
            line.removeAll()
            line.text("new")
        }
        #expect(line == "new\n")
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 1234, -1, -10, Int.max, Int.min, Int.max / 10 * 10])
    func `Numbers are written in decimal`(number: Int) {
        #expect(lineText { $0.number(number) } == String(number))
    }

    @Test(arguments: [0, 7, 10, 65_535, 4_000_000_000, UInt32.max])
    func `Unsigned words are written in decimal`(number: UInt32) {
        #expect(lineText { $0.number(number) } == String(number))
    }

    @Test func `Hexadecimal has eight digits`() {
        #expect(lineText { $0.hex(0) } == "00000000")
        #expect(lineText { $0.hex(0x0123_89AF) } == "012389af")
        #expect(lineText { $0.hex(UInt32.max) } == "ffffffff")
    }

    @Test(arguments: [(0, "     0"), (9, "     9"), (10, "    10"), (123_456, "123456"), (1_234_567, "1234567")])
    func `A number stands at the right edge of its column`(number: Int, expected: String) {
        #expect(lineText { $0.column(number, width: 6) } == expected)
    }

    @Test func `Text stands at the left edge of its column`() {
        #expect(lineText { $0.column("ab", width: 4) } == "ab  ")
        #expect(lineText { $0.column("abcde", width: 4) } == "abcde")
    }

    @Test func `Events and fields are written as logfmt`() {
        let line = lineText { line in
            line.event(.acceptFailed)
            line.field("reason", "out-of-files")
            line.field("count", -3)
            line.field("peer", Address(v4: 0x0A00_0001, port: 1))
        }
        #expect(line == "event=accept-failed reason=out-of-files count=-3 peer=10.0.0.1:1")
    }

    @Test(arguments: [
        ("plain", "k=plain"), ("", "k=\"\""), ("a b", "k=\"a b\""), ("a=b", "k=\"a=b\""), ("\"", "k=\"\\\"\""),
        ("\\", "k=\\\\"), ("a\nb", "k=a\\x0ab"), ("\u{7F}", "k=\\x7f"), ("é", "k=\\xc3\\xa9"),
    ])
    func `A value is quoted and escaped as needed`(value: String, expected: String) {
        #expect(lineText { line in withView(value) { line.field("k", $0) } } == expected)
    }

    @Test func `No byte of a value breaks its line`() {
        for byte in UInt8.min...UInt8.max {
            let text = lineText { line in withView([byte]) { line.field("k", $0) } }
            let isPrintable = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
            #expect(isPrintable, "byte \(byte)")
        }
    }

    @Test func `No two bytes are escaped alike`() {
        let escaped = (UInt8.min...UInt8.max).map { byte in lineText { line in withView([byte]) { line.escaped($0) } } }
        #expect(Set(escaped).count == 256)
    }
}
