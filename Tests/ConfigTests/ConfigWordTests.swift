import Base
import Config
import Testing

/// Words of a line, with quotes and without.
struct ConfigWordTests {
    /// What each word stands for; nil in place of one that is none.
    private func words(_ line: String) -> [String?] {
        Array(line.utf8).withUnsafeBufferPointer { buffer in
            var words = ConfigWords(buffer.isEmpty ? .empty : ByteView(buffer.baseAddress!, buffer.count))
            var list: [String?] = []
            while let word = words.next() { list.append(text(word)) }
            return words.isAtEnd ? list : list + [nil]
        }
    }

    @Test(arguments: [
        ("", []), ("a", ["a"]), ("a b", ["a", "b"]), ("  a \t b  ", ["a", "b"]), (#""a b""#, ["a b"]),
        (#""""#, [""]), (#"a "" b"#, ["a", "", "b"]), (#""a\"b""#, [#"a"b"#]), (#""a\\""#, [#"a\"#]),
        (#""a\\" b"#, [#"a\"#, "b"]), (#""%t\n%p""#, [#"%t\n%p"#]), (#""a\\n""#, [#"a\n"#]), (#"a\b"#, [#"a\b"#]),
        (#"a\\b"#, [#"a\\b"#]), (#""{\"pin\":1}" x"#, [#"{"pin":1}"#, "x"]), (#""\"""#, [#"""#]),
        ("'a b'", ["'a", "b'"]), ("\"a\tb\"", ["a\tb"]), ("äöü \"ß\"", ["äöü", "ß"]),
    ] as [(String, [String])])
    func `Words are separated by spaces, unless these stand in double quotes`(line: String, expected: [String]) {
        #expect(words(line) == expected)
    }

    @Test(arguments: [
        #"""#, #"a "b"#, #""a\"#, #""a\""#, #""a"b"#, #""a""b""#, #"a"b""#, #"{"pin":1}"#, #"x a""#,
    ])
    func `A quote that does not end, or stands within a word, is no word`(line: String) {
        #expect(words(line).last == .some(nil))
    }

    @Test func `Words are equal when they stand for the same`() {
        for (line, isSame) in [
            (#"a "a""#, true), (#""a\"b" "a\"b""#, true), (#""a\\b" a\b"#, true), (#""a\b" "a\\b""#, true),
            ("a b", false), ("a ab", false), (#""a\\" "a""#, false), (#""" """#, true),
        ] {
            Array(line.utf8).withUnsafeBufferPointer { buffer in
                var words = ConfigWords(ByteView(buffer.baseAddress!, buffer.count))
                guard let first = words.next(), let second = words.next() else { return fail("two words: \(line)") }
                #expect(first.equals(second) == isSame, "\(line)")
                #expect(second.equals(first) == isSame, "\(line)")
            }
        }
    }
}
