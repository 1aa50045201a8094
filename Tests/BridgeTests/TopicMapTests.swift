import Base
import Bridge
import Config
import TestSupport
import Testing
import Wire

/// What a topic of one broker is called at the other.
struct TopicMapTests {
    private func remote(_ topic: String, _ line: String, room: Int = 256) throws -> String? {
        try withTopic(line) { rule in
            topic.withBytes { topic in written(capacity: room) { TopicMap.remoteTopic(topic, rule, to: &$0) } }
        }
    }

    private func local(_ topic: String, _ line: String) throws -> String? {
        try withTopic(line) { rule in
            topic.withBytes { topic in written { TopicMap.localTopic(topic, rule, to: &$0) } }
        }
    }

    @Test(arguments: [
        ("a/b", "# out", "a/b"), ("a/b", "# out 0 \"\" r/", "r/a/b"), ("a/b", "# out 0 a/", "b"),
        ("a/b", "# out 0 a/ r/", "r/b"), ("a/b", "b out 0 a/ x-", "x-b"), ("a-b/c", "b/# out 0 a- r/", "r/b/c"),
        ("a", "\"\" out 0 a b/c", "b/c"), ("a//b", "+/# out 0 a/ r/", "r//b"), ("a/", "# out 0 a/ r/", "r/"),
        ("a/b/c", "+/c both 0 a/ r/", "r/b/c"), ("/a", "# out", "/a"),
    ])
    func `Prefixes are swapped on the way out`(topic: String, line: String, expected: String) throws {
        #expect(try remote(topic, line) == expected)
    }

    @Test(arguments: [
        ("a/b", "# in", "a/b"), ("r/a/b", "# in 0 \"\" r/", "a/b"), ("b", "# in 0 a/", "a/b"),
        ("r/b", "# both 0 a/ r/", "a/b"), ("b/c", "\"\" in 0 a b/c", "a"),
    ])
    func `Prefixes are swapped on the way in`(topic: String, line: String, expected: String) throws {
        #expect(try local(topic, line) == expected)
    }

    @Test(arguments: [
        ("b/c", "# out 0 a/"), ("a", "b out"), ("a/b/c", "+ out 0 a/"), ("ab", "\"\" out 0 a b"), ("A/b", "# out 0 a/"),
    ])
    func `What a line does not match it does not send`(topic: String, line: String) throws {
        #expect(try remote(topic, line) == nil)
    }

    @Test func `A line goes its way and no other`() throws {
        #expect(try remote("a", "# in") == nil)
        #expect(try local("a", "# out") == nil)
        #expect(try remote("a", "# both") == "a")
        #expect(try local("a", "# both") == "a")
    }

    @Test func `The level above a prefix is not covered`() throws {
        // mosquitto 2.0.11 puts the other prefix in front of it as it is: r/a.
        #expect(try remote("a", "# out 0 a/ r/") == nil)
        #expect(try remote("a/b", "b/# out 0 a/ r/") == "r/b")
    }

    @Test func `No topic becomes empty`() throws {
        #expect(try remote("a/", "# out 0 a/") == nil)
        #expect(try local("r/", "# in 0 \"\" r/") == nil)
    }

    @Test func `What a wildcard does not match here or there stays where it is`() throws {
        #expect(try remote("$SYS/uptime", "# out") == nil)
        #expect(try remote("$SYS/uptime", "# out 0 \"\" r/") == nil)
        #expect(try remote("$SYS/uptime", "+/uptime out 0 \"\" r/") == nil)
        // Over there it would be one of the broker's own.
        #expect(try local("r/$SYS/uptime", "# in 0 \"\" r/") == nil)
    }

    @Test func `Behind a prefix, or by its name, a topic with a dollar crosses`() throws {
        #expect(try remote("a/$b", "# out 0 a/ r/") == "r/$b")
        #expect(try remote("$SYS/uptime", "$SYS/# out 0 \"\" r/") == "r/$SYS/uptime")
        #expect(try remote("$SYS/uptime", "# out 0 $SYS/ r/") == "r/uptime")
        #expect(try remote("$SYS/uptime", "uptime out 0 $SYS/") == "uptime")
    }

    @Test func `A name for which there is no room is not sent`() throws {
        #expect(try remote("a/b", "# out 0 a/ r/", room: 3) == "r/b")
        #expect(try remote("a/b", "# out 0 a/ r/", room: 2) == nil)
    }

    @Test(arguments: [
        ("#", "#", "#"), ("# out 0 l/ r/", "l/#", "r/#"),
        ("\"\" out 0 a b", "a", "b"), ("+/x in 0 \"\" r/", "+/x", "r/+/x"),
    ])
    func `A filter is prefix and pattern`(line: String, here: String, there: String) throws {
        try withTopic(line) { topic in
            let filters = [TopicMap.writeLocalFilter, TopicMap.writeRemoteFilter].map { write in
                written { writer in
                    write(topic, &writer)
                    return true
                }
            }
            #expect(filters == [here, there])
        }
    }

    /// All lines of a few patterns and prefixes, and all topics of a few levels.
    @Test func `What a line sends, its filters match at both sides, and it takes it back the same`() throws {
        let levels = ["", "a", "b", "$a"]
        let topics = Topics.all(levels, upTo: 3)
        var crossed = 0
        for pattern in ["#", "+", "+/#", "a", "a/#", "a/+", "$a/#", "\"\""] {
            for local in ["\"\"", "a/", "a", "$a/", "/"] {
                for remote in ["\"\"", "b/", "a/a/", "/"] {
                    // Others are refused before they are asked.
                    guard problem("connection c\naddress h\ntopic \(pattern) both 0 \(local) \(remote)").isEmpty else {
                        continue
                    }
                    crossed += try cross("\(pattern) both 0 \(local) \(remote)", topics)
                }
            }
        }
        #expect(crossed > 500)
    }

    /// How many of the topics a line sends.
    private func cross(_ words: String, _ topics: [String]) throws -> Int {
        try withTopic(words) { line in
            let filters = [TopicMap.writeLocalFilter, TopicMap.writeRemoteFilter].map { write in
                written { writer in
                    write(line, &writer)
                    return true
                } ?? ""
            }
            var crossed = 0
            for topic in topics {
                let sent = topic.withBytes { topic in written { TopicMap.remoteTopic(topic, line, to: &$0) } }
                guard let sent else { continue }
                crossed += 1
                let back = sent.withBytes { topic in written { TopicMap.localTopic(topic, line, to: &$0) } }
                if back != topic { fail("\(topic) comes back as \(back ?? "nothing")") }
                if !Topics.matches(filters[0], topic) { fail("\(filters[0]) does not match \(topic)") }
                if !Topics.matches(filters[1], sent) { fail("\(filters[1]) does not match \(sent)") }
            }
            return crossed
        }
    }
}

/// Topics and filters as text.
enum Topics {
    /// All of one level up to `count`, but the empty one.
    static func all(_ levels: [String], upTo count: Int) -> [String] {
        var found: [String] = []
        var last = levels
        for _ in 0..<count {
            found += last
            last = last.flatMap { front in levels.map { "\(front)/\($0)" } }
        }
        return found.filter { !$0.isEmpty }
    }

    static func matches(_ filter: String, _ topic: String) -> Bool {
        filter.withBytes { filter in topic.withBytes { TopicFilter.matches(filter, $0) } }
    }
}
