import Base
import Config
import TestSupport
import Testing

/// What follows `topic` below a connection, as mosquitto 2.0.11 reads it.
struct BridgeTopicTests {
    /// Line, direction, QoS, pattern and prefixes of each `topic` line.
    private func topics(_ lines: String) throws -> [String] {
        try withSettings("connection a\naddress h\n\(lines)") { settings in
            var found: [String] = []
            var topics = settings.bridge(0).topics
            while let topic = topics.next() {
                let way = topic.sendsOut ? topic.takesIn ? "both" : "out" : "in"
                let texts = [topic.pattern, topic.localPrefix, topic.remotePrefix].map { "[\($0.text)]" }
                found.append("\(topic.number) \(way) \(topic.qos) \(texts.joined())")
            }
            #expect(found.count == settings.bridge(0).topicCount)
            return found
        }
    }

    @Test(arguments: [
        ("#", "out 0 [#][][]"), ("a/+/b out", "out 0 [a/+/b][][]"), ("# in", "in 0 [#][][]"),
        ("# both 2", "both 2 [#][][]"), ("# out 1 l/", "out 1 [#][l/][]"), ("# out 1 l/ r/", "out 1 [#][l/][r/]"),
        ("# out 1 \"\" r/", "out 1 [#][][r/]"), ("# out 1 l/ \"\"", "out 1 [#][l/][]"),
        ("# out 1 \"\" \"\"", "out 1 [#][][]"), ("\"\" in 0 a/b c", "in 0 [][a/b][c]"),
        ("# OUT", "out 0 [#][][]"), ("# Both 1", "both 1 [#][][]"), ("  #   out\t1  ", "out 1 [#][][]"),
        ("# out # a comment", "out 0 [#][][]"), ("# out 1 # a comment", "out 1 [#][][]"),
        ("# out 1 l/ # a comment", "out 1 [#][l/][]"), ("$SYS/# out", "out 0 [$SYS/#][][]"),
    ])
    func `A topic has a pattern, a direction, a QoS and two prefixes`(line: String, expected: String) throws {
        #expect(try topics("topic \(line)") == ["3 \(expected)"])
    }

    @Test(arguments: ["", "# up", "# out 3", "# out x", "# out 1 l/ r/ x", "# #", "# inn", "# ou4"])
    func `What has another form is refused`(line: String) {
        let expected = "expected PATTERN [out|in|both [QOS [LOCAL-PREFIX [REMOTE-PREFIX]]]]"
        #expect(Outcome("connection a\naddress h\ntopic \(line)").error == "board.conf:3: topic: \(expected)")
    }

    @Test(arguments: ["\"\"", "\"\" out 0 a", "\"\" out 0 a \"\"", "\"\" out 0 \"\" b"])
    func `An empty pattern needs both prefixes`(line: String) {
        let error = "board.conf:3: topic: an empty pattern needs a local and a remote prefix"
        #expect(Outcome("connection a\naddress h\ntopic \(line)").error == error)
    }

    @Test func `Topics are found in their order, with their lines, wherever they stand`() throws {
        let lines = "# c\ntopic a\nkeepalive_interval 5\n\ntopic b in\nbridge_bind_device topic"
        #expect(try topics(lines) == ["4 out 0 [a][][]", "7 in 0 [b][][]"])
    }

    @Test func `Each connection has its own`() throws {
        let config = "connection a\naddress h\ntopic a\nconnection b\naddress i\ntopic b\n"
        let numbers = try withSettings(config) { settings in
            (0..<2).map { index in
                var topics = settings.bridge(index).topics
                let numbers = [topics.next()?.number, topics.next()?.number]
                return numbers.map { $0 ?? 0 }
            }
        }
        #expect(numbers == [[3, 0], [6, 0]])
    }
}
