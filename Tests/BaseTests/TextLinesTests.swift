import Base
import TestSupport
import Testing

struct TextLinesTests {
    /// Number and text of each line.
    private func lines(_ text: [UInt8]) -> [String] {
        withView(text) { view in
            var lines = TextLines(view)
            var found: [String] = []
            while let line = lines.next() { found.append("\(lines.number) \(line.text)") }
            return found
        }
    }

    private func lines(_ text: String) -> [String] { lines(Array(text.utf8)) }

    @Test(arguments: ["", "\n", "\n\n", "\r\n", " \t\r\n \n", "#", "# a\n#b\n", "  # a", "\t#\r\n"])
    func `Empty lines and comments are passed over`(text: String) {
        #expect(lines(text) == [])
    }

    @Test(arguments: [
        ("a", ["1 a"]), ("a\n", ["1 a"]), ("a\r\n", ["1 a"]), ("a\nb", ["1 a", "2 b"]),
        ("\n\na\n\nb\n", ["3 a", "5 b"]),
        ("# x\na", ["2 a"]), ("a # x", ["1 a # x"]), ("a#", ["1 a#"]), ("  a b  \n\tc\t\r\n", ["1 a b", "2 c"]),
        ("a\rb", ["1 a\rb"]), ("a\u{0}b\n", ["1 a\u{0}b"]),
    ] as [(String, [String])])
    func `Lines are numbered from 1 and have no spaces around them`(text: String, expected: [String]) {
        #expect(lines(text) == expected)
    }

    @Test func `At the end there is no line, however often one asks`() {
        withView("a") { view in
            var lines = TextLines(view)
            _ = lines.next()
            for _ in 0..<3 {
                let line = lines.next()
                #expect(line == nil)
            }
            #expect(lines.number == 1)
        }
    }

    @Test(arguments: [
        ("", "", ""), ("a", "a", ""), ("a b", "a", "b"), ("a \t b c ", "a", "b c"), ("a\tb", "a", "b"), ("a ", "a", ""),
        (" a", "", "a"), ("a\rb", "a", "b"),
    ])
    func `The first word ends at a space, and what follows has none around it`(
        text: String, word: String, rest: String
    ) {
        withView(text) { view in
            #expect(view.firstWord.word.text == word)
            #expect(view.firstWord.rest.text == rest)
        }
    }

    @Test(arguments: [
        ("", ""), (" ", ""), (" \t\r", ""), ("a", "a"), (" a b ", "a b"), ("\u{A0}a\u{A0}", "\u{A0}a\u{A0}"),
        ("\na\n", "\na\n"),
    ])
    func `Only spaces, tabs and carriage returns are trimmed`(text: String, expected: String) {
        #expect(withView(text) { $0.trimmed.text } == expected)
    }

    @Test(arguments: seeds)
    func `All short texts of few bytes are the lines that splitting at the line feeds gives`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = Array("\n\n \t\r#ab".utf8)
        for round in 0..<5000 {
            let text = (0..<random.below(20)).map { _ in alphabet[random.below(alphabet.count)] }
            let all = String(decoding: text, as: UTF8.self).unicodeScalars.split(
                separator: "\n", omittingEmptySubsequences: false)
            var expected: [String] = []
            for (index, line) in all.enumerated() {
                let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
                let front = line.drop(while: isSpace)
                let end = front.lastIndex { !isSpace($0) }
                guard let end, front.first != "#" else { continue }
                expected.append("\(index + 1) \(String(String.UnicodeScalarView(front[...end])))")
            }
            guard lines(text) == expected else { return fail("round \(round): \(text)") }
        }
    }
}
