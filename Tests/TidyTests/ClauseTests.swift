import Testing

/// Every clause of the standard that binds a server is named by a test, as `[MQTT-3.1.4-2]`; or it stands here with the
/// reason why there is nothing to test.
struct ClauseTests {
    /// The normative statements of MQTT 3.1.1 that bind a server, alone or with the client, by section.
    private static let bindServer = ids(
        """
        1.5.3: 1 2 3; 2.2.2: 1 2; 2.3.1: 1 4 5 6 7; 3.1.0: 2; 3.1.2: 1 2 3 4 5 6 7 8 10 12 16 17 24;
        3.1.3: 2 5 6 8 9; 3.1.4: 1 2 3 4 5; 3.2.0: 1; 3.2.2: 1 2 3 4 5 6; 3.3.1: 1 2 3 4 5 6 7 8 9 10 11 12;
        3.3.2: 1 2 3; 3.3.4: 1; 3.3.5: 1 2; 3.6.1: 1; 3.8.1: 1; 3.8.3: 2 4; 3.8.4: 1 2 3 4 5 6; 3.9.3: 1 2;
        3.10.1: 1; 3.10.4: 1 2 3 4 5 6; 3.12.4: 1; 3.14.1: 1; 3.14.4: 3; 4.1.0: 1 2; 4.3.1: 1; 4.3.2: 1 2;
        4.3.3: 1 2; 4.4.0: 1; 4.5.0: 1; 4.6.0: 5 6; 4.7.1: 1; 4.7.2: 1; 4.7.3: 1 2 3 4; 4.8.0: 1 2; 6.0.0: 1 2 4;
        7.0.0: 1 2; 7.1.1: 1;
        """)

    /// Those that bind the client alone. Tests name them where a server has to be ready for their breach.
    private static let bindClient = ids(
        """
        2.3.1: 2 3; 3.1.0: 1; 3.1.2: 9 11 13 14 15 18 19 20 21 22 23; 3.1.3: 1 3 4 7 10 11; 3.8.3: 1 3; 3.10.3: 1 2;
        3.14.4: 1 2; 4.5.0: 2; 4.6.0: 1 2 3 4; 4.7.1: 2 3; 6.0.0: 3; 7.1.2: 1;
        """)

    private static let exempt = [
        "MQTT-3.8.3-2": "for servers without wildcards, and this one has them",
        "MQTT-6.0.0-1": "there is no WebSocket",
        "MQTT-6.0.0-2": "there is no WebSocket",
        "MQTT-6.0.0-4": "there is no WebSocket",
        "MQTT-7.0.0-1": "it does not connect to other brokers, so it is a server and nothing else",
        "MQTT-7.0.0-2": "other people's clients, which know nothing of it, are what EndToEnd talks to it with",
        "MQTT-7.1.1-1": "everything in EndToEnd goes over TCP",
    ]

    /// `3.1.2: 1 2;` stands for two clauses.
    private static func ids(_ table: String) -> [String] {
        table.split(separator: ";").flatMap { section -> [String] in
            let words = section.split { $0 == " " || $0 == "\n" || $0 == ":" }
            return words.dropFirst().map { "MQTT-\(words[0])-\($0)" }
        }
    }

    /// The clauses that `text` names in brackets: one, or several with commas, where `-3` is of the section before.
    private static func citations(in text: String) throws -> [String] {
        let brackets = try Regex(#"\[(MQTT-[^\]]*)\]"#)
        return text.matches(of: brackets).flatMap { match -> [String] in
            var section = ""
            return (match.output[1].substring ?? "").split(separator: ",").map { part in
                let word = String(part.trimmingPrefix { $0 == " " })
                guard !word.hasPrefix("-") else { return section + word }
                section = String(word[..<(word.lastIndex(of: "-") ?? word.endIndex)])
                return word
            }
        }
    }

    private static let tests = Tree.files.filter { file in
        // What this file names are samples.
        file.path.hasPrefix("Tests/") && [".swift", ".py"].contains { file.path.hasSuffix($0) }
            && file.path != "Tests/TidyTests/ClauseTests.swift"
    }

    @Test func `Every clause that binds a server is named by a test`() throws {
        let named = try Set(ClauseTests.tests.flatMap { try ClauseTests.citations(in: $0.text) })
        let missing = ClauseTests.bindServer.filter { !named.contains($0) && ClauseTests.exempt[$0] == nil }
        #expect(missing == [])
    }

    @Test func `What has nothing to test is a clause that binds a server, and no test names it`() throws {
        let named = try Set(ClauseTests.tests.flatMap { try ClauseTests.citations(in: $0.text) })
        #expect(ClauseTests.exempt.keys.filter { !ClauseTests.bindServer.contains($0) || named.contains($0) } == [])
    }

    @Test func `No test and no source names a clause that there is not`() throws {
        let all = Set(ClauseTests.bindServer + ClauseTests.bindClient)
        let wrong = try (ClauseTests.tests + Tree.sources).flatMap { file in
            try ClauseTests.citations(in: file.text).filter { !all.contains($0) }.map { "\(file.path): \($0)" }
        }
        #expect(wrong == [])
    }

    @Test func `The standard has so many clauses, each once`() {
        #expect(ClauseTests.bindServer.count == 106)
        #expect(ClauseTests.bindClient.count == 35)
        #expect(Set(ClauseTests.bindServer + ClauseTests.bindClient).count == 141)
    }

    @Test(arguments: [
        ("[MQTT-3.1.4-2]", ["MQTT-3.1.4-2"]), ("MQTT-3.1.4-2", []), ("[MQTT 3.1.1 §3.1]", []),
        ("a [MQTT-1.5.3-1, MQTT-2.2.2-2] b [MQTT-3.1.0-1]", ["MQTT-1.5.3-1", "MQTT-2.2.2-2", "MQTT-3.1.0-1"]),
        ("[MQTT-3.2.2-1, -2, -3, MQTT-4.1.0-1, -2]",
            ["MQTT-3.2.2-1", "MQTT-3.2.2-2", "MQTT-3.2.2-3", "MQTT-4.1.0-1", "MQTT-4.1.0-2"]),
    ] as [(String, [String])])
    func `Clauses are found where they stand in brackets`(text: String, found: [String]) throws {
        #expect(try ClauseTests.citations(in: text) == found)
    }
}
