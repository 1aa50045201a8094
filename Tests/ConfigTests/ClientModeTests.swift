import Base
import Config
import TestSupport
import Testing

/// Whom client mode connects to, and as whom.
struct ClientModeTests {
    /// The brokers in the order in which they are tried.
    private func remotes(_ config: String, port: UInt16? = nil) throws -> [String] {
        try Array("mode client\n\(config)".utf8).withUnsafeBufferPointer { buffer in
            let view = ByteView(buffer.baseAddress!, buffer.count)
            guard case .settings(let settings) = ConfigFile.parse(view, port: port) else {
                throw Refused(config: config)
            }
            return (0..<settings.client.remoteCount).map { index in
                let remote = settings.client.remote(index)
                return "\(remote.host.text) \(remote.port)\(remote.isLocal ? " local" : "")"
            }
        }
    }

    private func client<R>(_ config: String, _ part: (ClientSettings) -> R) throws -> R {
        try withSettings("mode client\n" + config) { part($0.client) }
    }

    @Test(arguments: [
        ("", ["127.0.0.1 1883"]), ("address broker.lan", ["broker.lan 1883"]),
        ("address broker.lan:1884", ["broker.lan 1884"]), ("address 192.168.1.1", ["192.168.1.1 1883"]),
        ("address 192.168.1.1:1", ["192.168.1.1 1"]), ("address ::1", ["::1 1883"]),
        ("address [fe80::1]", ["fe80::1 1883"]), ("address [::1]:65535", ["::1 65535"]),
        ("address /run/mqtt.sock", ["/run/mqtt.sock 0 local"]), ("address my_host-1", ["my_host-1 1883"]),
        ("address a b:2\naddress c /d", ["a 1883", "b 2", "c 1883", "/d 0 local"]), ("addresses a", ["a 1883"]),
    ])
    func `Brokers are names or addresses, with port or without, tried in their order`(
        config: String, expected: [String]
    ) throws {
        #expect(try remotes(config) == expected)
    }

    @Test func `The port of the command line is that of brokers without one`() throws {
        #expect(try remotes("address a b:2 /c", port: 7) == ["a 7", "b 2", "/c 0 local"])
        #expect(try remotes("", port: 7) == ["127.0.0.1 7"])
    }

    @Test(arguments: [
        "", "a:0", "a:65536", "a:", ":1", "a:b", "[a]:1", "[::1", "[::1]1", "[127.0.0.1]", "a b!", "mqtt://a", "[]",
        "::1:1883:", "a:1:2", String(repeating: "a", count: 254), "/" + String(repeating: "a", count: 107),
    ])
    func `What is no broker is refused`(value: String) {
        let expected = "expected HOST[:PORT], [IPV6 ADDRESS][:PORT] or /PATH, each followed by the next"
        #expect(Outcome("mode client\naddress \(value)").error == "board.conf:2: address: \(expected)")
    }

    @Test func `Four brokers are enough`() {
        #expect(Outcome("mode client\naddress a b\naddress c d").error == "")
        let error = "board.conf:3: address: more than 4 brokers"
        #expect(Outcome("mode client\naddress a b\naddress c d e").error == error)
    }

    @Test func `Names and password are all that follows the key`() throws {
        let config = "remote_clientid my board\nremote_username me  too\nremote_password a \"b\" # c"
        let texts = try client(config) { [$0.clientID.text, $0.username?.text, $0.password?.text] }
        #expect(texts == ["my board", "me  too", "a \"b\" # c"])
        #expect(try client("remote_username u\nremote_password_file /a b") { $0.passwordFile?.text } == "/a b")
    }

    @Test(arguments: [
        ("clientid x", "remote_clientid x"), ("username x", "remote_username x"),
        ("username u\npassword x", "username u\nremote_password x"),
    ])
    func `mosquitto's short names say the same, and only one of them may stand`(short: String, long: String) throws {
        let texts = { (client: ClientSettings) in [client.clientID.text, client.username?.text, client.password?.text] }
        #expect(try client(short, texts) == client(long, texts))
        let key = short.split(separator: "\n").last!
        #expect(Outcome("mode client\n\(long)\n\(key)").error.hasSuffix("stands twice in this file"))
    }

    @Test(arguments: [
        ("", true), ("clientid x", false), ("cleansession true", true), ("clientid x\ncleansession true", true),
        ("cleansession false\nclientid x", false),
    ])
    func `A session is kept for a client that has a name, unless the file says otherwise`(
        config: String, isClean: Bool
    ) throws {
        #expect(try client(config, \.cleanSession) == isClean)
    }

    @Test func `The will, and what it is by default`() throws {
        let whole = "will_topic a/b\nwill_payload gone away\nwill_qos 1\nwill_retain true"
        #expect(try client(whole) { $0.willTopic?.text } == "a/b")
        #expect(try client(whole) { $0.willPayload.text } == "gone away")
        #expect(try client(whole, \.willQoS) == 1)
        #expect(try client(whole, \.willRetain))
        #expect(try client("will_topic x") { $0.willPayload.isEmpty && $0.willQoS == 0 && !$0.willRetain })
        #expect(try client("") { $0.willTopic == nil })
    }

    @Test(arguments: [
        ("", 1, 30), ("restart_timeout 5", 5, 5), ("restart_timeout 2 1min", 2, 60), ("restart_timeout 3 3", 3, 3),
    ])
    func `The wait between attempts is constant, or doubles up to where it stops`(
        config: String, base: Int, cap: Int
    ) throws {
        #expect(try client(config, \.restartBaseSeconds) == base)
        #expect(try client(config, \.restartCapSeconds) == cap)
    }

    @Test func `Connections may come from one address of this machine`() throws {
        #expect(try client("") { $0.bindAddress == nil })
        #expect(try client("bind_address 192.168.1.2") { $0.bindAddress.map { text($0) } } == "192.168.1.2:0")
    }

    /// The whole text of each kind of error.
    @Test(arguments: [
        (
            "restart_timeout 0",
            "2: restart_timeout: expected seconds from 1 to 86400, and at which to stop doubling them"
        ),
        (
            "restart_timeout 5 4",
            "2: restart_timeout: expected seconds from 1 to 86400, and at which to stop doubling them"
        ),
        (
            "restart_timeout 1 2 3",
            "2: restart_timeout: expected seconds from 1 to 86400, and at which to stop doubling them"
        ),
        ("keepalive_interval 4", "2: keepalive_interval: expected seconds (min, h, d, w allowed) from 5 to 65535"),
        ("bind_address eth0", "2: bind_address: expected an IP address of this machine"),
        ("will_qos 3", "2: will_qos: expected 0, 1 or 2"), ("reply_qos x", "2: reply_qos: expected 0, 1 or 2"),
        ("will_retain 1", "2: will_retain: expected true or false"),
        ("remote_clientid", "2: remote_clientid: expected text up to the end of the line"),
        ("on_failure ignore", "2: on_failure: expected drop, retry or dead-letter"),
        ("remote_password x", " remote_password: needs remote_username"),
        ("remote_password_file x", " remote_password_file: needs remote_username"),
        (
            "username u\npassword x\nremote_password_file y",
            " remote_password_file: stands beside remote_password; one is enough"
        ),
        ("cleansession false", " cleansession: needs remote_clientid"),
        ("will_payload x", " will_payload: needs will_topic"),
        ("will_qos 1", " will_qos: needs will_topic"), ("will_retain true", " will_retain: needs will_topic"),
        ("max_packet_size 200K", " max_packet_size: is larger than message_store_size can hold"),
        ("max_queued_bytes 119M", " max_queued_bytes: is more than 118M"),
        ("listener 1883", "2: listener: a key for brokers; this board is a client"),
        ("password_file /x", "2: password_file: a key for brokers; this board is a client"),
        ("max_keepalive 60", "2: max_keepalive: a key for brokers; this board is a client"),
        ("connection x", "2: connection: a key of bridge mode; this board is a client"),
        ("bridge_cafile x", "2: bridge_cafile: an option of mosquitto that swiftlet does not have; \(noTLS)"),
        ("adress x", "2: adress: unknown key; swiftlet --help lists them all"),
        ("mode client", "2: mode: stands twice in this file"),
    ])
    func `An error names file, line and key, and what is wrong`(config: String, error: String) {
        #expect(Outcome("mode client\n" + config).error == "board.conf:" + error)
    }

    private static let noTLS = "there is no TLS yet, bridges speak plain MQTT"

    @Test func `A broker has no keys of client mode`() {
        let keys = Option.all.filter { !$0.belongs(to: .broker) && $0.belongs(to: .client) && $0 != .bindAddress }
        #expect(keys.count > 25)
        for key in keys {
            let error = "board.conf:1: \(key.name): a key of client mode; this board is a broker"
            #expect(Outcome("\(key.name) \(key.sample)").error == error)
        }
        #expect(Outcome("bind_address ::1").error.hasSuffix("an option of mosquitto that swiftlet does not have"))
    }

    @Test func `A client has no keys of brokers`() {
        let keys = Option.all.filter { !$0.belongs(to: .client) && $0.belongs(to: .broker) }
        #expect(keys.count > 25)
        for key in keys {
            let error = "board.conf:2: \(key.name): a key for brokers; this board is a client"
            #expect(Outcome("mode client\n\(key.name) \(key.sample)").error == error)
        }
    }

    @Test func `The mode may stand below the keys that need it`() {
        #expect(Outcome("address x\n# y\nmode client").settings?.mode == .client)
        let error = "board.conf:1: address: a key of client mode; this board is a broker"
        #expect(Outcome("address x\nmode broker").error == error)
    }

    @Test func `A client's limits are smaller by default`() throws {
        let limits = try #require(Outcome("mode client").settings).limits
        #expect(limits.keepAliveIntervalSeconds == 60)
        #expect(limits.maxPacketBytes == 65_536)
        #expect(limits.offlineMessageExpirySeconds == 86_400)
        #expect(limits.maxQueuedMessages == 100)
        #expect(limits.maxQueuedBytes == 131_072)
        #expect(limits.maxSubscriptionsPerClient == 64)
        #expect(limits.memoryBudget == 2 << 20)
    }

    @Test func `Queues without a limit hold as many as fit`() throws {
        let limits = try #require(Outcome("mode client\nmax_queued_messages 0\nmax_queued_bytes 0").settings).limits
        #expect(limits.maxQueuedBytes == limits.messageStoreBytes)
        #expect(limits.maxQueuedMessages == limits.messageStoreBytes / 120)
        // But no more than the key could say.
        let most = "message_store_size 118M\nmax_queued_bytes 118M\nmax_queued_messages 0"
        #expect(Outcome("mode client\n\(most)").settings?.limits.maxQueuedMessages == 1_000_000)
    }
}
