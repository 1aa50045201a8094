import Base
import Foundation
import TestSupport
import Testing

struct Base64Tests {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// What `text` stands for, with `0xEE` left where nothing may be written.
    private func decode(_ text: [UInt8], capacity: Int = 64) -> [UInt8]? {
        var target = [UInt8](repeating: 0xEE, count: capacity + 1)
        let count = target.withUnsafeMutableBufferPointer { buffer in
            withView(text) { Base64.decode($0, to: buffer.baseAddress!, capacity: capacity) }
        }
        if target[capacity] != 0xEE { fail("written beyond the capacity") }
        return count.map { Array(target[..<$0]) }
    }

    private func decode(_ text: String) -> [UInt8]? { decode(Array(text.utf8)) }

    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
    ])
    func `The vectors of RFC 4648 §10 are read as it says`(text: String, expected: String) {
        #expect(decode(text) == Array(expected.utf8))
    }

    /// In a line that has something in it already.
    private func encode(_ bytes: [UInt8]) -> String {
        String(lineText { line in
            line.text("$")
            withView(bytes) { Base64.encode($0, to: &line) }
        }.dropFirst())
    }

    @Test(arguments: 0...66)
    func `Bytes are written as the system's library writes them`(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        for round in 0..<200 {
            let bytes = random.bytes(count)
            guard encode(bytes) == Data(bytes).base64EncodedString() else { return fail("round \(round): \(bytes)") }
        }
    }

    @Test func `All of the 64 digits are written`() {
        let bytes = decode(Base64Tests.digits)
        #expect(bytes.map(encode) == String(decoding: Base64Tests.digits, as: UTF8.self))
    }

    @Test func `All texts of one and two bytes are read back from what the system's library makes of them`() {
        for first in UInt8.min...UInt8.max {
            guard decode(Data([first]).base64EncodedString()) == [first] else { return fail("\(first)") }
            for second in UInt8.min...UInt8.max {
                let text = Data([first, second]).base64EncodedString()
                guard decode(text) == [first, second] else { return fail("\(text)") }
            }
        }
    }

    @Test func `Of all bytes only the 64 digits are read`() {
        for place in 0..<4 {
            for byte in UInt8.min...UInt8.max {
                var text = Array("AAAA".utf8)
                text[place] = byte
                let isPadding = place == 3 && byte == UInt8(ascii: "=")
                let isRead = decode(text) != nil
                guard isRead == (Base64Tests.digits.contains(byte) || isPadding) else { return fail("\(text)") }
            }
        }
    }

    @Test func `Each digit has its value at each place`() {
        for place in 0..<4 {
            for (value, digit) in Base64Tests.digits.enumerated() {
                var text = Array("AAAA".utf8)
                text[place] = digit
                let word = value << (6 * (3 - place))
                guard decode(text) == [UInt8(word >> 16), UInt8(word >> 8 & 255), UInt8(word & 255)] else {
                    return fail("\(text)")
                }
            }
        }
    }

    @Test(arguments: [
        "A", "AA", "AAA", "AAAAA", "=", "====", "A===", "=AAA", "A=AA", "AA=A", "Zg==Zg==", "Zm8=Zm9v", "Zm9vZg=",
        "Zg= =",
        "Zm9v\n", " Zm9v", "Zm9v ", "Zm 9v", "Zm-_", "Zm9vé", "\u{0}AAA",
    ])
    func `What is no Base64 is refused`(text: String) {
        #expect(decode(text) == nil)
    }

    @Test(arguments: 0...9)
    func `What is longer than the room for it is refused, and nothing is written beyond`(capacity: Int) {
        for count in 0...9 {
            let bytes = (0..<count).map { UInt8($0) }
            let decoded = decode(Array(Data(bytes).base64EncodedString().utf8), capacity: capacity)
            #expect(decoded == (count <= capacity ? bytes : nil))
        }
    }

    /// Digit by digit and bit by bit.
    private func naive(_ text: [UInt8]) -> [UInt8]? {
        let digits = text.reversed().drop { $0 == UInt8(ascii: "=") }.reversed()
        guard text.count % 4 == 0, text.count - digits.count <= 2 else { return nil }
        let values = digits.compactMap { Base64Tests.digits.firstIndex(of: $0) }
        guard values.count == digits.count else { return nil }
        let bits = values.flatMap { value in (0..<6).map { value >> (5 - $0) & 1 } }
        return (0..<bits.count / 8).map { byte in bits[(8 * byte)..<(8 * byte + 8)].reduce(0) { $0 * 2 + UInt8($1) } }
    }

    @Test(arguments: seeds)
    func `Any bytes are read back, and a text with anything changed is read as RFC 4648 tells`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = Base64Tests.digits + Array("==== \n-_".utf8)
        for round in 0..<10_000 {
            let bytes = random.bytes(random.below(65))
            var text = Array(Data(bytes).base64EncodedString().utf8)
            guard decode(text) == bytes else { return fail("round \(round)") }
            guard !text.isEmpty else { continue }
            text[random.below(text.count)] = alphabet[random.below(alphabet.count)]
            guard decode(text, capacity: 66) == naive(text) else {
                return fail("round \(round): \(String(decoding: text, as: UTF8.self))")
            }
        }
    }
}
