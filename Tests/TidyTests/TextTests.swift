import Testing

struct TextTests {
    /// Assembled, so that this file is not found.
    private static let unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "WI" + "P"]
    private static let privatePlaces = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/sha" + "red/"]

    static let columns = 120
    static let maxLines = 300

    private static let code = Tree.files.filter { file in
        [".swift", ".c", ".h", ".py"].contains { file.path.hasSuffix($0) }
    }

    @Test func `No line of code is longer than 120 columns`() {
        let long = places(TextTests.code) { $0.count > TextTests.columns ? "\($0.count) columns" : nil }
        #expect(long == [])
    }

    @Test func `No Swift file is longer than 300 lines`() {
        let long = TextTests.code.filter { $0.path.hasSuffix(".swift") && $0.lines.count - 1 > TextTests.maxLines }
        #expect(long.map(\.path) == [])
    }

    @Test func `No line has a tab or ends in a space`() {
        let odd = Tree.files.flatMap { file in
            // In a makefile, a tab is what makes a line a command.
            let isMakefile = file.path.hasSuffix("/Makefile") || file.path.hasSuffix(".mk")
            return places([file]) { line in
                let text = isMakefile && line.hasPrefix("\t") ? line.dropFirst() : line[...]
                return text.contains("\t") ? "tab" : text.last?.isWhitespace == true ? "space" : nil
            }
        }
        #expect(odd == [])
    }

    @Test func `Every file ends with one line feed`() {
        let odd = Tree.files.filter { !$0.text.hasSuffix("\n") || $0.text.hasSuffix("\n\n") }
        #expect(odd.map(\.path) == [])
    }

    @Test func `Nothing is marked as unfinished`() {
        let marks = places(Tree.files) { line in
            let words = line.split { !$0.isLetter }
            return TextTests.unfinished.first { words.contains(Substring($0)) }
        }
        #expect(marks == [])
    }

    @Test func `No file is a placeholder`() {
        let empty = Tree.swift.filter { $0.lines.count < 3 || $0.path.hasSuffix("/x.swift") }
        #expect(empty.map(\.path).filter { !$0.hasSuffix("/main.swift") } == [])
    }

    @Test func `No file names a place on somebody's machine`() {
        let found = places(Tree.files) { line in TextTests.privatePlaces.first { line.contains($0) } }
        #expect(found == [])
    }

    @Test func `The top level has what it should have and nothing else`() throws {
        let expected: Set = [
            "Package.swift", "Sources", "Tests", "toolchains", "board-configs", "Dockerfile", "README.md",
        ]
        #expect(try Set(Tree.topLevel) == expected)
    }

    @Test func `The package depends on no other`() throws {
        let package = try #require(Tree.file("Package.swift"))
        #expect(!package.text.contains(".pack" + "age("))
    }
}
