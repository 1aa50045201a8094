import Base
import Config
import TestSupport
import Testing

/// Lines of client mode in two files, and where a line stands that is wrong.
struct BaseLinesTests {
    private static let client = """
        mode client
        exec_timeout 5
        subscribe a exec /a
        exec_queue 3
        publish b every 1min file /b
        on_change_only true
        subscribe c print
        remote_username u
        """

    /// Topics, in the order of the lines.
    private func topics(_ settings: Settings) -> [String] {
        var lines = settings.actionLines
        var topics: [String] = []
        while let line = lines.next() { topics.append(text(line.topic)) }
        return topics
    }

    @Test func `A line that subscribes leaves out those of the base with what stands below`() throws {
        try withSettings("base b\nsubscribe d exec /d\nexec_queue 4", base: BaseLinesTests.client) { settings in
            #expect(topics(settings) == ["b", "d"])
            var lines = settings.actionLines
            #expect(lines.next()?.options.onChangeOnly == true)
            let own = lines.next()
            #expect(own?.options.limits.execQueue == 4)
            // Stands above all lines.
            #expect(own?.options.limits.execTimeoutSeconds == 5)
            #expect(settings.client.username?.text == "u")
        }
    }

    @Test func `A line that publishes leaves out those of the base`() throws {
        try withSettings("base b\npublish d every 1s file /d", base: BaseLinesTests.client) { settings in
            #expect(topics(settings) == ["a", "c", "d"])
        }
    }

    @Test func `Above its lines a file speaks of those of the base, below of its own only`() throws {
        let own = "base b\nexec_timeout 6\npublish d every 1s exec /d\nexec_timeout 7"
        try withSettings(own, base: BaseLinesTests.client) { settings in
            var lines = settings.actionLines
            let timeouts = (0..<3).map { _ in lines.next()?.options.limits.execTimeoutSeconds }
            #expect(timeouts == [6, 6, 7])
        }
    }

    @Test func `A key below a line that says something of the board leaves out the base's`() throws {
        let own = "base b\npublish d every 1s file /d\nremote_username v"
        try withSettings(own, base: BaseLinesTests.client) { #expect($0.client.username?.text == "v") }
    }

    // MARK: Places

    @Test(arguments: [
        ("base b\n\n# c\nbogus 1\n", "mode broker", "board.conf:4: bogus: unknown key; swiftlet --help lists them all"),
        ("# c\nbase b\n", "\n\nbogus 1", "base.conf:3: bogus: unknown key; swiftlet --help lists them all"),
        ("base b\nmax_keepalive 1", "max_keepalive 2\nmode x", "base.conf:2: mode: expected broker, client or bridge"),
        ("base b\nbase c", "", "board.conf:2: base: stands twice in this file"),
        ("base b", "max_keepalive 1\n\nmax_keepalive 2", "base.conf:3: max_keepalive: stands twice in this file"),
        ("base b\nconnection a\n\nbogus", "\nconnection a\n#", "board.conf:4: bogus: unknown key; "),
        ("base b\nconnection a\ntopic x", "connection a\naddress h\n\nbogus", "base.conf:4: bogus: unknown key; "),
        ("base b\n\n\nconnection c\nbogus", "connection a\naddress h", "board.conf:5: bogus: unknown key; "),
        ("base b\nconnection a\ntopic x", "mode bridge\n\nconnection a\n", "base.conf:3: connection: needs address"),
        ("mode client\nbase b\n\nsubscribe x\n", "", "board.conf:4: subscribe: expected FILTER "),
        ("mode client\nbase b\n", "#\nsubscribe x", "base.conf:2: subscribe: expected FILTER "),
    ])
    func `What is wrong is told with the file and the line where it stands`(own: String, base: String, error: String) {
        #expect(Outcome(own, base: base).error.hasPrefix(error))
    }

    @Test func `Lines keep the places that they have in their files`() throws {
        let own = "mode client\nbase b\n\npublish d every 1s file /d\n#\n\npublish e every 1s file /e"
        try withSettings(own, base: BaseLinesTests.client) { settings in
            var lines = settings.actionLines
            var places: [String] = []
            while let line = lines.next() {
                let place = settings.place(of: line.number)
                places.append("\(text { $0.place(place) })")
                #expect(text { $0.field(place) } == (place.file == 1 ? "base-line" : "line") + "=\(place.line)")
            }
            #expect(places == ["line 3 of the base", "line 7 of the base", "line 4", "line 7"])
        }
    }

    @Test func `Without a base a line has its own number`() throws {
        try withSettings("mode broker") { settings in
            #expect(settings.place(of: 7).file == 0)
            #expect(settings.place(of: 7).line == 7)
        }
    }

    @Test func `Both files together are as long as one may be`() {
        let own = "base b\n"
        let room = ConfigFile.maxBytes - own.utf8.count - "mode \n".utf8.count
        let wide = String(repeating: " ", count: 10) + "mode broker"
        #expect(Outcome(own, base: wide).error == "")
        let mode = "mode " + String(repeating: "x", count: room)
        #expect(Outcome(own, base: mode).error == "base.conf:1: mode: expected broker, client or bridge")
        let error = "board.conf:1: base: is longer than 65536 bytes together with this file"
        #expect(Outcome(own, base: mode + "x").error == error)
        #expect(Outcome(own, base: mode + "\nmax_keepalive 1").error == error)
    }
}
