import Base
import Foundation
import TestSupport
import Testing

@testable import Client

/// What cJSON 1.7.15 in mosquitto_sub 2.0.11 made of the same payloads with `%J`.
struct JSONTextTests {
    private func rewritten(_ text: [UInt8], isPretty: Bool = false) -> String? {
        text.withView { view in
            guard JSONText.isValid(view) else { return nil }
            var kept = Kept()
            JSONText.write(view, isPretty, to: &kept)
            return kept.text
        }
    }

    @Test(arguments: [
        (#"{"a":1, "b" : [1,2.50,{"c":null}],"d":{},"e":[],"f":true,"g":false}"#,
            #"{"a":1,"b":[1,2.5,{"c":null}],"d":{},"e":[],"f":true,"g":false}"#),
        (" 5 ", "5"), ("\u{1} 5 \u{2}", "5"), ("\u{FEFF}5", "5"), ("null", "null"), ("true ", "true"),
        (#"{"a":1,"a":2}"#, #"{"a":1,"a":2}"#), (#"{"":1}"#, #"{"":1}"#), ("[[],[{}]]", "[[],[{}]]"),
        (#""\u00e9\ud83d\ude00\/\b\u0001""#, #""é😀/\b\u0001""#), (#""a\u0000b""#, #""a""#), (#""\uZZZZ""#, #""""#),
        ("\"a\nb\u{7F}\"", "\"a\\nb\u{7F}\""),
    ])
    func `JSON is written again without spaces and needless escapes`(text: String, expected: String) {
        #expect(rewritten(Array(text.utf8)) == expected)
    }

    @Test(arguments: [
        ("01", "1"), ("1.", "1"), ("-0", "-0"), ("00", "0"), ("0e0", "0"), ("-01", "-1"), ("1e5", "100000"),
        ("1e15", "1e+15"), ("1e16", "1e+16"), ("123456789012345", "123456789012345"), ("0.1", "0.1"), ("0.1000", "0.1"),
        ("1234567890123456", "1234567890123456"), ("0.0001", "0.0001"), ("0.00001", "1e-05"), ("1E400", "null"),
        ("-1E400", "null"), ("1e-400", "0"), ("100000", "100000"), ("1000000000000000", "1e+15"), ("-.5", "-0.5"),
        ("1.0", "1"), ("1e2", "100"), ("1e+2", "100"), ("1e-2", "0.01"), ("1e05", "100000"), ("1.5e300", "1.5e+300"),
        ("123e-7", "1.23e-05"), ("12345678901234.5", "12345678901234.5"), ("1234567890123.45", "1234567890123.45"),
        ("99999999999999.9", "99999999999999.9"), ("2147483648", "2147483648"), ("0.000", "0"), ("100.50", "100.5"),
    ])
    func `A number is written as printf writes it with fifteen digits`(text: String, expected: String) {
        #expect(rewritten(Array(text.utf8)) == expected)
    }

    @Test(arguments: [
        ("12345678901234567", "12345678901234568"), ("123456789012345678", "1.2345678901234568e+17"),
        ("3.141592653589793", "3.1415926535897931"), ("9.999999999999991", "9.99999999999999"),
        ("1.7976931348623157e308", "1.79769313486232e+308"), ("1.8e308", "null"), ("1.79769313486232e308", "null"),
        ("1.79769313486231e308", "1.79769313486231e+308"),
        (String(repeating: "1", count: 64), "1.1111111111111112e+63"),
        ("0.30000000000000004", "0.3"), ("99999999999999999999", "1e+20"),
    ])
    func `A number of more digits is written with seventeen where fifteen are another number`(
        text: String, expected: String
    ) {
        #expect(rewritten(Array(text.utf8)) == expected)
    }

    /// cJSON's way, with this machine's doubles.
    private func printed(_ text: String) -> String {
        let double = Double(text)!
        let short = String(format: "%1.15g", double)
        let (a, b) = (Double(short)!, double)
        return abs(a - b) <= max(abs(a), abs(b)) * Double.ulpOfOne ? short : String(format: "%1.17g", double)
    }

    @Test func `Numbers of many digits are rounded as doubles are`() {
        var random = SplitMix64(seed: 20_261_124)
        for i in 0..<20_000 {
            let digits = 16 + Int(random.next() % 30)
            var text = i % 2 == 0 ? "-" : ""
            text += String(1 + random.next() % 9) + "."
            for _ in 0..<digits { text += i % 5 == 0 ? (random.chance(12) ? "1" : "9") : String(random.below(10)) }
            text += "e" + String(Int(random.next() % (i % 3 == 0 ? 40 : 610)) - (i % 3 == 0 ? 20 : 305))
            let expected = printed(text)
            let got = rewritten(Array(text.utf8))
            if got != expected { Issue.record("\(text): \(got ?? "none"), not \(expected)") }
        }
    }

    @Test func `Halves between two doubles go to the even one, as long as all their digits are there`() {
        for text in ["9007199254740993", "9007199254740995", "9007199254740993.0000000001", "4503599627370497.5",
            "4503599627370496.5", "18014398509481990", "18014398509481986"] {
            #expect(rewritten(Array(text.utf8)) == printed(text), "\(text)")
        }
    }

    @Test(arguments: [
        "", " ", "-", "nul", "nullx", #""abc"#, #""\q""#, #""\u12"#, #""\uZZZZ"x"#, #"{"a":1,}"#, "[1,]", "5\0", "1e",
        ".5", #"{"a" 1}"#, "{1:2}", "5 6", #""\ud83d""#, #""\udc00""#, #""\ud83dabcdefgh""#, "[", "{", "]", "[1 2]",
        "{\"a\":}", "--5", "+5", "[}", "{]",
    ])
    func `What cJSON takes for no JSON is none`(text: String) {
        #expect(rewritten(Array(text.utf8)) == nil)
    }

    @Test func `Containers may be a thousand deep`() {
        func nested(_ depth: Int) -> [UInt8] { Array((String(repeating: "[", count: depth)
            + String(repeating: "]", count: depth)).utf8) }
        #expect(rewritten(nested(1000)) != nil)
        #expect(rewritten(nested(1001)) == nil)
    }

    @Test func `Bytes that are no UTF-8 stay`() {
        let text: [UInt8] = [0x22, 0xFF, 0x80, 0x22]
        text.withView { view in
            var kept = Kept()
            JSONText.write(view, false, to: &kept)
            #expect(JSONText.isValid(view) && kept.bytes == text)
        }
    }

    @Test(arguments: [
        (#"{"a":1, "b" : [1,2.50,{"c":null}],"d":{},"e":[]}"#,
            "{\n\t\t\"a\":\t1,\n\t\t\"b\":\t[1, 2.5, {\n\t\t\t\t\"c\":\tnull\n\t\t\t}],\n\t\t\"d\":\t{\n\t\t},\n"
                + "\t\t\"e\":\t[]\n\t}"),
        (#"{"a":{"b":{}}}"#, "{\n\t\t\"a\":\t{\n\t\t\t\"b\":\t{\n\t\t\t}\n\t\t}\n\t}"),
        ("[[],[{}]]", "[[], [{\n\t\t\t}]]"),
    ])
    func `Pretty JSON has a line for each member`(text: String, expected: String) {
        #expect(rewritten(Array(text.utf8), isPretty: true) == expected)
    }
}
