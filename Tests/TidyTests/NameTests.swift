import Testing

/// Names that appear in logs: scripts match them, so they have one form and no two are alike.
struct NameTests {
    /// The cases and names in a `name` property that has a line for each.
    private func names(_ path: String) throws -> [(caseName: String, name: String)] {
        let file = try #require(Tree.file(path))
        return try file.text.matches(of: Regex(#"case \.(\w+): "([^"]*)""#)).map { match in
            (String(match.output[1].substring ?? ""), String(match.output[2].substring ?? ""))
        }
    }

    /// `badUTF8` is `bad-utf8`, `badQoS` is `bad-qos`, `endOfStream` is `end-of-stream`.
    private func kebab(_ name: String) -> String {
        var words = ""
        var wasUpper = true
        for character in name.split(separator: "QoS", omittingEmptySubsequences: false).joined(separator: "Qos") {
            if character.isUppercase, !wasUpper { words += "-" }
            wasUpper = character.isUppercase
            words += character.lowercased()
        }
        return words
    }

    @Test(arguments: ["Sources/Base/LogEvent.swift", "Sources/Wire/CloseReason.swift"])
    func `Log names are their cases' names, in small letters with hyphens`(path: String) throws {
        let names = try names(path)
        #expect(names.count > 5)
        for (caseName, name) in names { #expect(name == kebab(caseName)) }
    }

    @Test(arguments: ["Sources/Base/LogEvent.swift", "Sources/Wire/CloseReason.swift"])
    func `No two log names are the same`(path: String) throws {
        let names = try names(path).map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `Names in small letters with hyphens are made as they should be`() {
        #expect(["ready", "acceptFailed", "badUTF8", "badQoS", "badPacketID"].map(kebab)
            == ["ready", "accept-failed", "bad-utf8", "bad-qos", "bad-packet-id"])
    }
}
