import Testing

/// What MQTT demands of a board of bridge mode, beyond what its lines look like.
struct BridgeCheckTests {
    private func connection(_ keys: String, name: String = "a", address: String = "h") -> String {
        "connection \(name)\naddress \(address)\n\(keys)\n"
    }

    @Test(arguments: [
        "topic a/+/#", "topic # out 0 a/ b/", "topic b/# out 0 a- c-", "topic \"\" in 0 a b/c", "topic ä/#",
        "topic a\nclientid ä\nusername ö\nnotification_topic a/b",
    ])
    func `What MQTT allows is right`(keys: String) { #expect(problem(connection(keys)) == "") }

    @Test(arguments: ["a/# out", "# out 0 \"\" b/", "a+ out 0 l/ r/", "a/#/b in", "# out 0 l r/"])
    func `Prefix and pattern here are a filter`(line: String) {
        guard line.contains("+") || line.contains("#/") || line.contains(" l ") else {
            #expect(problem(connection("topic \(line)")) == "")
            return
        }
        let expected = "local prefix and pattern are no topic filter: + alone in its level, # alone in the last, UTF-8"
        #expect(problem(connection("topic \(line)")) == "4: topic: \(expected)")
    }

    @Test(arguments: ["# out 0 l/ r", "+/a in 0 \"\" r"])
    func `Prefix and pattern there are a filter`(line: String) {
        let expected = "remote prefix and pattern are no topic filter: + alone in its level, # alone in the last, UTF-8"
        #expect(problem(connection("topic \(line)")) == "4: topic: \(expected)")
    }

    @Test(arguments: ["a out 0 +/ r/", "a out 0 l/ +/", "a in 0 l# r/", "\"\" in 0 # b"])
    func `A prefix has no wildcards`(line: String) {
        let isComment = line.contains(" # b")
        let expected = isComment ? "" : "4: topic: a prefix cannot have + or #"
        // What begins with # where a prefix could be is a comment, and the pattern lacks its prefixes.
        #expect(problem(connection("topic \(line)")).hasPrefix(isComment ? "not read" : expected))
    }

    @Test func `What is subscribed to here keeps to the limits of topics`() {
        let expected = "4: topic: local prefix and pattern are more than max_topic_length or max_topic_levels"
        #expect(problem(connection("topic 6789/# out 0 12345/\nmax_topic_length 16")) == "")
        #expect(problem(connection("topic 6789012345/# out 0 12345/\nmax_topic_length 16")) == expected)
        #expect(problem(connection("topic b/# out 0 a/\nmax_topic_levels 3")) == "")
        #expect(problem(connection("topic b/c/# out 0 a/\nmax_topic_levels 3")) == expected)
    }

    @Test(arguments: ["remote_clientid", "remote_username", "local_clientid"])
    func `Text that is not UTF-8 is refused`(key: String) {
        let config = Array(connection("topic a\n\(key) a").utf8.dropLast()) + [0x80]
        #expect(problem(config) == "2: connection: its \(key) is not UTF-8")
    }

    @Test func `A name that is not UTF-8 is refused`() {
        let config = Array("connection a".utf8) + [0x80] + Array("\naddress h\ntopic a".utf8)
        #expect(problem(config) == "2: connection: is not UTF-8")
    }

    @Test(arguments: ["a/+", "#"])
    func `The state is published under a topic without wildcards`(topic: String) {
        let error = "2: connection: its notification_topic must be a topic without wildcards, UTF-8"
        #expect(problem(connection("topic a\nnotification_topic \(topic)")) == error)
    }

    @Test(arguments: [("local_clientid", 23), ("remote_clientid", 17)])
    func `The client id here keeps to the limit of client ids`(key: String, most: Int) {
        let id = { (count: Int) in String(repeating: "x", count: count) }
        let config = { (count: Int) in connection("topic a\nmax_client_id_length 23\n\(key) \(id(count))") }
        #expect(problem(config(most)) == "")
        #expect(problem(config(most + 1)) == "2: connection: its local_clientid is longer than max_client_id_length")
    }

    @Test func `Two connections have two names`() {
        let config = connection("topic a") + connection("topic b", address: "g")
        #expect(problem(config) == "5: connection: has the name of the connection of line 2")
    }

    @Test func `Two connections to one broker have two client ids there`() {
        let ids = ["topic a\nclientid x\nlocal_clientid 1", "topic b in\nclientid x\nlocal_clientid 2"]
        let config = connection(ids[0]) + connection(ids[1], name: "b")
        #expect(problem(config) == "7: connection: has the address and remote_clientid of the connection of line 2")
        #expect(problem(connection(ids[0]) + connection(ids[1], name: "b", address: "g")) == "")
    }

    @Test(arguments: ["clientid x", "local_clientid local.x"])
    func `Two connections have two client ids here`(key: String) {
        let config = connection("topic a\nclientid x") + connection("topic b\n\(key)", name: "b", address: "g")
        #expect(problem(config) == "6: connection: needs another local_clientid than the connection of line 2")
    }

    @Test func `Ids that no line says are those of the names`() {
        #expect(problem(connection("topic a") + connection("topic b in", name: "b")) == "")
    }
}
