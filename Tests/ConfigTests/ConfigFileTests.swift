import Base
import Config
import TestSupport
import Testing

struct ConfigFileTests {
    @Test(arguments: ["", "\n", "\n\n\r\n", "# nothing\n#\n", "   \t \r\n", "#listener 1883"])
    func `A file that says nothing gives the defaults`(file: String) throws {
        let settings = try #require(Outcome(file).settings)
        #expect(Option.all.filter { settings.limits[$0] != Limits()[$0] } == [])
    }

    @Test(arguments: [
        "max_messages 100", "max_messages 100\n", "max_messages 100\r\n", "\r\n\r\nmax_messages 100\r\n",
        "  max_messages   100  ", "\tmax_messages\t100\t\n", "# first\nmax_messages 100\n# last",
        "max_messages 100\n\n",
    ])
    func `Spaces, comments and line ends make no difference`(file: String) {
        #expect(Outcome(file).settings?.limits.maxMessages == 100)
    }

    @Test func `A comment stands on a line of its own, as in mosquitto.conf`() {
        #expect(Outcome("max_messages 100 # few").error.hasPrefix("board.conf:1: max_messages: expected a number"))
    }

    /// The whole text of each kind of error.
    @Test(arguments: [
        ("max_mesages 100", "board.conf:1: max_mesages: unknown key; swiftlet --help lists them all"),
        ("\n# x\nmax_messages 1", "board.conf:3: max_messages: expected a number from 16 to 1000000"),
        ("max_messages", "board.conf:1: max_messages: expected a number from 16 to 1000000"),
        ("stall_timeout 2d", "board.conf:1: stall_timeout: expected seconds (min, h, d, w allowed) from 1 to 3600"),
        (
            "max_packet_size 1\r\n",
            "board.conf:1: max_packet_size: expected bytes (K and M allowed) from 128 to 61865984"
        ),
        ("max_messages 100\n\nmax_messages 100", "board.conf:3: max_messages: stands twice in this file"),
        ("mode=broker", "board.conf:1: mode=broker: unknown key; swiftlet --help lists them all"),
        ("a\u{1B}[31m 1", "board.conf:1: a\\x1b[31m: unknown key; swiftlet --help lists them all"),
        ("max_packet_size 8M", "board.conf: max_packet_size: is larger than message_store_size can hold"),
        (
            "max_packet_size 2M\npacket_store_size 1M",
            "board.conf: max_packet_size: is larger than packet_store_size can hold"
        ),
        ("max_deliveries 511", "board.conf: global_max_clients: is larger than max_deliveries can hold"),
        ("global_max_clients 255", "board.conf: max_connections: is larger than global_max_clients can hold"),
        (
            "max_messages 100\nmax_retained_messages 76",
            "board.conf: max_retained_messages: is larger than max_messages can hold"
        ),
        (
            "message_store_size 4M\nmax_retained_bytes 2049K",
            "board.conf: max_retained_bytes: is larger than message_store_size can hold"
        ),
        ("persistence true", "board.conf:1: persistence: an option of mosquitto that swiftlet does not have"),
        ("cafile x", "board.conf:1: cafile: an option of mosquitto that swiftlet does not have"),
        ("set_tcp_nodelay false", "board.conf:1: set_tcp_nodelay: expected true or false"),
    ])
    func `An error names file, line and key, and what was expected`(file: String, error: String) {
        #expect(Outcome(file).error == error)
    }

    @Test func `Limits that are just as large as others can hold are taken`() {
        let sizes = "max_packet_size 1M\nmessage_store_size 2M\npacket_store_size 1M\n"
        #expect(Outcome(sizes + "max_connections 9\nglobal_max_clients 9").error == "")
        #expect(Outcome("max_messages 100\nmax_retained_messages 75").error == "")
        #expect(Outcome("message_store_size 4M\nmax_retained_bytes 2M").error == "")
    }

    @Test func `Up to eight listeners are kept in their order, and the ninth is refused`() throws {
        let eight = (1...8).map { "listener \($0)" }.joined(separator: "\n")
        let settings = try #require(Outcome(eight).settings)
        #expect((0..<settings.listenerCount).map { settings.listener($0).address.port } == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(Outcome(eight + "\nlistener 9").error == "board.conf:9: listener: more than 8 lines of this key")
    }

    @Test func `Without a listener this machine is served, and everybody on it`() throws {
        let settings = try #require(Outcome("").settings)
        #expect(settings.listenerCount == 1)
        #expect(text(settings.listener(0).address) == "127.0.0.1:1883")
        #expect(settings.access(0).allowAnonymous)
    }

    /// File, and whether clients without a name may come in.
    @Test(arguments: [
        ("listener 1883", false), ("listener 1883 127.0.0.1", false), ("listener 1883\nallow_anonymous true", true),
        ("allow_anonymous false", false), ("allow_anonymous true\nlistener 1883", true),
        ("listener 1883\nallow_anonymous false", false),
    ])
    func `Whoever opens a listener says who may come`(file: String, isAnonymousAllowed: Bool) {
        #expect(Outcome(file).settings?.access(0).allowAnonymous == isAnonymousAllowed)
    }

    @Test(arguments: seeds)
    func `A file with anything changed is settings, or an error with a line of that file`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let whole = Option.all.map { option in
            "# \(option.row.help.description)\n\(option.name) \(option.sample)\r\n"
        }
        let alphabet = Array("0123456789KMdhmsy \t\r\n#.:_abtrue\u{0}".utf8) + [0xFF, 0xC3]
        for round in 0..<4000 {
            var bytes = Array(whole.filter { _ in random.below(3) > 0 }.joined().utf8)
            for _ in 0..<random.below(6) where !bytes.isEmpty {
                let i = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[i] = alphabet[random.below(alphabet.count)]
                case 1: bytes.insert(alphabet[random.below(alphabet.count)], at: i)
                case 2: bytes.remove(at: i)
                default: bytes.removeSubrange(i..<min(bytes.count, i + random.below(40)))
                }
            }
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            let parts = Outcome(bytes).error.split(separator: ":")
            guard parts.count < 2 || parts[1].hasPrefix(" ") || (1...lines).contains(Int(parts[1]) ?? 0) else {
                return fail("round \(round)")
            }
        }
    }
}
