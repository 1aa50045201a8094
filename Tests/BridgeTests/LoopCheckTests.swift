import Testing

/// Which lines of a bridge let a message run in circles.
struct LoopCheckTests {
    private func board(_ connections: [(String, [String])]) -> String {
        connections.enumerated().map { index, connection in
            "connection c\(index)\naddress \(connection.0)\n" + connection.1.map { "topic \($0)\n" }.joined()
        }.joined()
    }

    private func problem(_ connections: (String, [String])...) -> String { BridgeTests.problem(board(connections)) }

    /// What is said of a line and another.
    private func loop(_ line: Int, _ other: Int) -> String {
        "\(line): topic: what it sends may come back, to be sent again, by line \(other)"
    }

    @Test(arguments: [
        ["#"], ["# both"], ["# both 1 \"\" site/"], ["# both 1 site/"],
        ["# out 1 \"\" site1/", "cmd/# in 1 \"\" site1/"],
        ["sensors/# out", "cmd/# in"], ["a/# both", "a/b/# both"], ["# out", "# in"],
        // The same names by other prefixes.
        ["b/# out 0 a/ r/", "# in 0 a/b/ r/b/"], ["# out 0 a/b/ r/b/", "b/# in 0 a/ r/"],
        // Here and there change places.
        ["# both 0 home/ cabin/", "# both 0 cabin/ home/"],
        // What returns has another name, which is not sent.
        ["a/# out", "# in 0 cloud/"], ["state out", "# in 0 \"\" state/"],
        // The second line gets nothing of it: the first has it already.
        ["a/# both", "# in 0 a/x/"],
        // The level above a prefix is not covered.
        ["\"\" out 0 a r", "# in 0 a/ r/"], ["\"\" out 0 b r", "\"\" in 0 a r", "# out 0 a/ s/"],
        // Wildcards do not reach the broker's own topics.
        ["$SYS/# out", "# in 0 $SYS/x/"],
    ])
    func `Within a connection a message may come back as it went, or as what is not sent`(lines: [String]) {
        #expect(problem(("h", lines)) == "")
    }

    @Test(arguments: [
        ["# out 0 \"\" x/", "# in"], ["# out", "# in 0 remote/"], ["a/# out", "# in 0 a/"],
        ["a/# out", "+ in 0 a/ a/", "# in 0 a/b/ a/"],
        ["# out 1 \"\" site/", "# both"],
        ["a/+/c out 0 \"\" r/", "+ in 0 a/x/ r/a/b/"], ["\"\" out 0 a r", "\"\" out 0 b s", "\"\" in 0 b r"],
    ])
    func `It may not come back as something else that is sent`(lines: [String]) {
        #expect(problem(("h", lines)) == loop(4, lines.count == 2 ? 5 : 6))
    }

    @Test func `The line that sends may stand below the one that takes`() {
        #expect(problem(("h", ["# in 0 remote/", "# out 0 \"\" local/"])) == loop(5, 4))
    }

    @Test func `Two connections to one broker do not send each other's messages`() {
        #expect(problem(("h", ["a/# both"]), ("h", ["a/# both"])) == loop(4, 7))
        #expect(problem(("h", ["a/# out"]), ("h", ["# in"])) == loop(4, 7))
        #expect(problem(("h", ["# in"]), ("h", ["a/# out"])) == loop(7, 4))
        #expect(problem(("h", ["a/# out"]), ("h", ["# in 0 a/"])) == loop(4, 7))
    }

    @Test(arguments: ["h:1883", "g h", "g\naddress h"])
    func `One broker is one address of several`(addresses: String) {
        #expect(problem((addresses, ["a/# both"]), ("x h:1883 y", ["a/# both"])).contains("may come back"))
    }

    @Test func `A message may return by another connection under a name that is not sent`() {
        #expect(problem(("h", ["a/# out"]), ("h", ["# in 0 cloud/"])) == "")
        #expect(problem(("h", ["sensors/# out"]), ("h", ["cmd/# in"])) == "")
        // The second does not send what it has published itself.
        #expect(problem(("h", ["a/# out"]), ("h", ["# in 0 b/ a/", "# out 0 b/ x/"])) == "")
    }

    @Test func `A third connection may send what two have passed on`() {
        let lines = [("h", ["a/# out"]), ("h", ["a/# in 0 b/ "]), ("h", ["b/# out 0 \"\" x/"])]
        #expect(BridgeTests.problem(board(lines)) == loop(4, 7))
        // But not to another broker.
        #expect(BridgeTests.problem(board([lines[0], lines[1], ("g", lines[2].1)])) == "")
    }

    @Test(arguments: ["g", "h:1884", "/h"])
    func `Different brokers have nothing to do with each other`(other: String) {
        #expect(problem(("h", ["# both"]), (other, ["# both"])) == "")
    }

    @Test(arguments: [
        ("listener 1884", "127.0.0.1:1884"), ("listener 1884", "localhost:1884"), ("listener 1884", "[::1]:1884"),
        ("listener 1884 10.0.0.1", "10.0.0.1:1884"), ("listener 1883 10.0.0.1", "10.0.0.1"),
        ("listener 1884 10.0.0.1", "0.0.0.0:1884"), ("listener 0 /run/mqtt", "/run/mqtt"),
        ("listener 1\nlistener 1884 ::1", "g [::1]:1884"),
    ])
    func `A board does not connect to itself`(listener: String, address: String) {
        let line = listener.split(separator: "\n").count + 2
        let error = "\(line): connection: one of its addresses is a listener of this board"
        #expect(BridgeTests.problem("\(listener)\nconnection a\naddress \(address)\ntopic a") == error)
    }

    @Test(arguments: [
        ("listener 1884", "127.0.0.1:1885"), ("listener 1884 10.0.0.1", "127.0.0.1:1884"),
        ("listener 1884", "10.0.0.1:1884"),
        ("listener 0 /run/mqtt", "/run/mqtt2"), ("", "127.0.0.1"),
    ])
    func `Elsewhere on this machine may be another broker`(listener: String, address: String) {
        #expect(BridgeTests.problem("\(listener)\nconnection a\naddress \(address)\ntopic a") == "")
    }
}
