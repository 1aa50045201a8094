import Base
import Config
import TestSupport
import Testing

/// Which keys belong to which connection of a bridge.
struct BridgeSectionTests {
    private static let two = """
        mode bridge
        listener 1883
        connection a
        address h
        topic x
        keepalive_interval 7
        # between
        connection b
        address i
        topic y in 1
        max_packet_size 1K
        keepalive_interval 8
        listener 1884
        max_connections 5
        """

    @Test func `Keys belong to the connection above them`() throws {
        try withSettings(BridgeSectionTests.two) { settings in
            #expect(settings.mode == .bridge)
            #expect(settings.bridgeCount == 2)
            #expect((0..<2).map { settings.bridge($0).name.text } == ["a", "b"])
            #expect((0..<2).map { settings.bridge($0).number } == [3, 8])
            #expect((0..<2).map { settings.bridge($0).keepAliveSeconds } == [7, 8])
            #expect((0..<2).map { settings.bridge($0).remote(0).host.text } == ["h", "i"])
            #expect(settings.limits.maxPacketBytes == 1024)
            #expect(settings.listener(1).maxConnections == 5)
        }
    }

    @Test func `A connection is all its lines, to see whether they change`() throws {
        try withSettings(BridgeSectionTests.two) { settings in
            let texts = (0..<2).map { settings.bridge($0).sectionText.text }
            #expect(texts[0] == "connection a\naddress h\ntopic x\nkeepalive_interval 7")
            #expect(texts[1].hasPrefix("connection b\n") && texts[1].hasSuffix("\nkeepalive_interval 8"))
        }
    }

    @Test(arguments: Option.all.filter { $0.belongs(to: .bridge) && !$0.belongs(to: .broker) && $0 != .connection })
    func `A connection's key stands below a connection`(option: Option) {
        let line = "\(option.name) \(option.sample)"
        // The least spool_size wants the longest packet to be short, too.
        let rest = "connection a\naddress h\ntopic x\nremote_username u\nmax_packet_size 128\n"
        let error = "board.conf:2: \(option.name): must stand below a connection"
        #expect(Outcome("mode bridge\n\(line)\n\(rest)").error == error)
        let other = "board.conf:8: \(option.name): must stand below a connection"
        #expect(Outcome("mode bridge\n\(rest)listener 1883\n\(line)").error == other)
        // The user name is there already.
        if option != .remoteUsername { #expect(Outcome("mode bridge\n\(rest)\(line)").error == "") }
    }

    @Test(arguments: [Option.maxConnections, .bindInterface, .socketDomain, .protocolName])
    func `A listener's key does not stand below a connection`(option: Option) {
        let config = "mode bridge\nlistener 1883\nconnection a\naddress h\ntopic x\n\(option.name) \(option.sample)"
        let error = "board.conf:6: \(option.name): is for listeners, and stands below a connection"
        #expect(Outcome(config).error == error)
    }

    @Test func `Nor do access settings that are those of a listener`() {
        let config = "listener 1883\nconnection a\naddress h\ntopic x\nallow_anonymous true"
        #expect(Outcome("mode bridge\n" + config).error == "")
        let error = "board.conf:7: allow_anonymous: is for listeners, and stands below a connection"
        #expect(Outcome("mode bridge\nper_listener_settings true\n" + config).error == error)
    }

    @Test func `Each connection may have each key once`() {
        #expect(Outcome(BridgeSectionTests.two).error == "")
        let twice = BridgeSectionTests.two.split(separator: "listener 1884")[0] + "keepalive_interval 9"
        #expect(Outcome(String(twice)).error == "board.conf:13: keepalive_interval: stands twice in this file")
    }

    @Test func `Keys of bridges are told as such elsewhere`() {
        for key in Option.all where !key.belongs(to: .broker) && !key.belongs(to: .client) {
            let line = "\(key.name) \(key.sample)"
            let end = ": \(key.name): a key of bridge mode; this board is a"
            #expect(Outcome("mode broker\n\(line)").error == "board.conf:2\(end) broker")
            #expect(Outcome("mode client\n\(line)").error == "board.conf:2\(end) client")
        }
        let error = "board.conf:2: subscribe: a key of client mode; this board is a bridge"
        #expect(Outcome("mode bridge\nsubscribe a print").error == error)
    }

    @Test(arguments: [
        ("address h", "needs topic"), ("topic x", "needs address"),
        ("address h\n" + String(repeating: "topic x\n", count: 129), "more than 128 topics"),
    ])
    func `A connection has an address and topics`(keys: String, problem: String) {
        let config = "mode bridge\nmax_subscriptions_per_client 1000\nconnection a\n\(keys)"
        #expect(Outcome(config).error == "board.conf:3: connection: \(problem)")
    }

    @Test func `A bridge has a connection`() {
        #expect(Outcome("mode bridge").error == "board.conf: mode: needs connection")
    }

    @Test(arguments: ["a/b", "+", "a#", String(repeating: "a", count: 41)])
    func `A name is one level of a topic`(name: String) {
        let error = "board.conf:2: connection: expected a name of up to 40 bytes, without / + #"
        #expect(Outcome("mode bridge\nconnection \(name)").error == error)
    }

    @Test func `Eight connections are enough`() {
        let lines = (1...8).map { "connection c\($0)\naddress h\ntopic x in\n" }.joined()
        #expect(Outcome("mode bridge\n" + lines).error == "")
        let error = "board.conf:26: connection: more than 8 lines of this key"
        #expect(Outcome("mode bridge\n\(lines)connection d").error == error)
    }

    @Test func `A file of mosquitto's with a connection is a bridge, and serves this machine`() throws {
        let settings = try #require(Outcome("connection a\naddress h\ntopic x").settings)
        #expect(settings.mode == .bridge)
        #expect(settings.listenerCount == 1)
        #expect(text(settings.listener(0).address) == "127.0.0.1:1883")
        #expect(settings.access(0).allowAnonymous)
    }

    @Test func `A bridge that says so and has no listener serves nobody`() throws {
        let settings = try #require(Outcome("mode bridge\nconnection a\naddress h\ntopic x").settings)
        #expect(settings.listenerCount == 0)
        #expect(ByteView(settings.accessSummary).text == "nobody: there is no listener")
        #expect(settings.limits.maxConnections == Limits().maxConnections)
    }

    @Test(arguments: ["bridge_cafile", "bridge_insecure", "bridge_psk"])
    func `TLS is refused by name, and said to be not there`(key: String) {
        let error = "an option of mosquitto that swiftlet does not have; there is no TLS yet, bridges speak plain MQTT"
        #expect(Outcome("connection a\n\(key) true").error == "board.conf:2: \(key): \(error)")
    }

    @Test(arguments: ["bridge_cafil", "bridge_", "spool_count"])
    func `A key that nobody knows is unknown`(key: String) {
        let error = "board.conf:2: \(key): unknown key; swiftlet --help lists them all"
        #expect(Outcome("connection a\n\(key) 1").error == error)
    }
}
