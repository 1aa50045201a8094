import Base
import Config
import TestSupport
import Testing

/// Whom a connection of a bridge reaches, as whom, and how.
struct BridgeSettingsTests {
    static let connection = "mode bridge\nconnection cloud\naddress vps.example.org\ntopic sensors/#\n"

    private func bridge<R>(_ config: String, _ part: (BridgeSettings) -> R) throws -> R {
        try withSettings(BridgeSettingsTests.connection + config) { part($0.bridge(0)) }
    }

    private func error(_ config: String) -> String { Outcome(BridgeSettingsTests.connection + config).error }

    private func remotes(_ bridge: BridgeSettings) -> [String] {
        (0..<bridge.remoteCount).map { "\(bridge.remote($0).host.text) \(bridge.remote($0).port)" }
    }

    @Test func `Without more keys a connection is as mosquitto's, with a spool of its own`() throws {
        try withSettings(BridgeSettingsTests.connection) { settings in
            let bridge = settings.bridge(0)
            #expect(bridge.name.text == "cloud")
            #expect(bridge.number == 2)
            #expect(remotes(bridge) == ["vps.example.org 1883"])
            #expect([bridge.clientID, bridge.localClientID, bridge.bindDevice].map(\.text) == ["", "", ""])
            #expect(bridge.username == nil && bridge.password == nil && bridge.passwordFile == nil)
            #expect(bridge.localUsername == nil && bridge.notificationTopic == nil && bridge.bindAddress == nil)
            #expect(!bridge.cleanSession && !bridge.localCleanSession && !bridge.isRoundRobin && !bridge.isLazy)
            #expect(bridge.notifies && !bridge.notifiesLocallyOnly && bridge.triesPrivate && bridge.keepsRetain)
            #expect(!bridge.unsubscribes && !bridge.reloadsAtOnce && !bridge.spoolsQoS0)
            #expect([bridge.keepAliveSeconds, bridge.restartBaseSeconds, bridge.restartCapSeconds] == [60, 5, 30])
            #expect([bridge.stableSeconds, bridge.idleTimeoutSeconds, bridge.threshold] == [10, 60, 10])
            #expect([bridge.tcpKeepAliveIdleSeconds, bridge.tcpKeepAliveCount, bridge.tcpUserTimeoutMs] == [0, 0, 0])
            #expect([bridge.spoolMessages, bridge.spoolBytes, bridge.spoolExpirySeconds] == [1000, 1 << 20, 86_400])
            #expect(bridge.spoolPolicy == .dropNewest)
            #expect(bridge.maxPacketBytes == settings.limits.maxPacketBytes)
        }
    }

    @Test(arguments: [
        ("address b:2", ["vps.example.org 1883", "b 2"]),
        ("addresses [::1]:3 /s", ["vps.example.org 1883", "::1 3", "/s 0"]),
    ])
    func `Addresses are tried in their order`(line: String, expected: [String]) throws {
        #expect(try bridge(line, remotes) == expected)
    }

    @Test func `Four addresses are enough`() {
        #expect(error("address a b c") == "")
        #expect(error("address a b\naddresses c d\naddress e") == "board.conf:6: addresses: more than 4 brokers")
    }

    /// Each key with what it changes.
    private let texts: [(String, (BridgeSettings) -> String)] = [
        ("remote_clientid my board", \.clientID.text), ("clientid my board", \.clientID.text),
        ("local_clientid my board", \.localClientID.text), ("bridge_bind_device my board", \.bindDevice.text),
    ]

    @Test func `Names are all that follows the key`() throws {
        for (line, part) in texts { #expect(try bridge(line, part) == "my board") }
        let optional = "username a b\npassword c \"d\"\nlocal_username e f\nlocal_password x\nnotification_topic g h"
        let texts = try bridge(optional) { bridge in
            [bridge.username, bridge.password, bridge.localUsername, bridge.notificationTopic].map { $0?.text }
        }
        #expect(texts == ["a b", "c \"d\"", "e f", "g h"])
        #expect(try bridge("username a\nremote_password_file /a b") { $0.passwordFile?.text } == "/a b")
    }

    private let flags: [(String, (BridgeSettings) -> Bool)] = [
        ("cleansession", \.cleanSession), ("local_cleansession", \.localCleanSession), ("round_robin", \.isRoundRobin),
        ("notifications", \.notifies), ("notifications_local_only", \.notifiesLocallyOnly),
        ("try_private", \.triesPrivate), ("bridge_attempt_unsubscribe", \.unsubscribes),
        ("bridge_outgoing_retain", \.keepsRetain), ("spool_qos0", \.spoolsQoS0),
    ]

    @Test func `A flag changes what it is for`() throws {
        for (key, part) in flags {
            for value in [false, true] { #expect(try bridge("\(key) \(value)", part) == value, "\(key)") }
            #expect(error("\(key) 1") == "board.conf:5: \(key): expected true or false")
        }
    }

    @Test func `The session here is as clean as that there unless a line says so`() throws {
        #expect(try bridge("cleansession true", \.localCleanSession))
        #expect(try bridge("cleansession true\nlocal_cleansession false", \.localCleanSession) == false)
    }

    @Test(arguments: [("start_type lazy", true), ("start_type automatic", false)])
    func `A lazy connection is one`(line: String, isLazy: Bool) throws { #expect(try bridge(line, \.isLazy) == isLazy) }

    @Test(arguments: [("5", [5, 5, 10]), ("2 1min", [2, 60, 10]), ("3 3 0", [3, 3, 0]), ("1\t2  1h", [1, 2, 3600])])
    func `The wait between attempts has a base, a cap and a time to last`(value: String, expected: [Int]) throws {
        let numbers = try bridge("restart_timeout \(value)") {
            [$0.restartBaseSeconds, $0.restartCapSeconds, $0.stableSeconds]
        }
        #expect(numbers == expected)
    }

    @Test(arguments: ["0", "5 4", "1 2 x", "1 2 3 4", "1 2 86401", "86401"])
    func `A wait that cannot be is refused`(value: String) {
        let expected = "expected seconds from 1 to 86400, and at which to stop doubling them"
        #expect(error("restart_timeout \(value)") == "board.conf:5: restart_timeout: \(expected)")
    }

    @Test func `TCP is told how to look whether the other side is there`() throws {
        let numbers = try bridge("bridge_tcp_keepalive 10 5 3\nbridge_tcp_user_timeout 20000") {
            [$0.tcpKeepAliveIdleSeconds, $0.tcpKeepAliveIntervalSeconds, $0.tcpKeepAliveCount, $0.tcpUserTimeoutMs]
        }
        #expect(numbers == [10, 5, 3, 20_000])
        for value in ["10 5", "0 5 3", "10 0 3", "10 5 0", "10 5 128", "32768 5 3", "10 5 3 1", "a b c"] {
            #expect(error("bridge_tcp_keepalive \(value)").hasPrefix("board.conf:5: bridge_tcp_keepalive: expected "))
        }
    }

    @Test(arguments: ["bind_address", "bridge_bind_address"])
    func `It may come from one address only`(key: String) throws {
        let address = try #require(try bridge("\(key) 10.0.0.2", \.bindAddress))
        #expect(text(address) == "10.0.0.2:0")
        #expect(error("\(key) eth0") == "board.conf:5: \(key): expected an IP address of this machine")
    }

    @Test func `A full spool drops what the policy says`() throws {
        let policies: [(String, QueuePolicy)] = [
            ("oldest", .dropOldest), ("newest", .dropNewest), ("latest", .keepLatest),
        ]
        for (value, policy) in policies { #expect(try bridge("spool_policy \(value)", \.spoolPolicy) == policy) }
    }

    @Test func `The policy of a client's queue cannot be latest`() {
        #expect(Outcome("queue_policy latest").error == "board.conf:1: queue_policy: expected oldest or newest")
    }

    @Test func `Messages wait as long for a connection as for clients unless a line says so`() throws {
        #expect(try bridge("offline_message_expiry 2h", \.spoolExpirySeconds) == 7200)
        #expect(try bridge("spool_expiry 1h\noffline_message_expiry 2h", \.spoolExpirySeconds) == 3600)
    }

    private let numbers: [(Option, (BridgeSettings) -> Int)] = [
        (.keepAliveInterval, \.keepAliveSeconds), (.idleTimeout, \.idleTimeoutSeconds), (.threshold, \.threshold),
        (.bridgeTCPUserTimeout, \.tcpUserTimeoutMs), (.spoolMessages, \.spoolMessages), (.spoolSize, \.spoolBytes),
        (.spoolExpiry, \.spoolExpirySeconds),
    ]

    @Test func `A number of a connection is taken from its least to its greatest value and not beyond`() throws {
        for (option, part) in numbers {
            let range = try #require(option.range)
            for value in [range.lowerBound, range.upperBound] {
                #expect(try bridge("max_packet_size 128\n\(option.name) \(value)", part) == value, "\(option.name)")
            }
            for value in [range.lowerBound - 1, range.upperBound + 1] {
                #expect(error("\(option.name) \(value)").hasPrefix("board.conf:5: \(option.name): expected "))
            }
        }
    }

    @Test(arguments: [("", 131_072), ("bridge_max_packet_size 1000", 1000), ("bridge_max_packet_size 1M", 131_072)])
    func `A packet to the other broker is as long as both keys allow`(line: String, bytes: Int) throws {
        #expect(try bridge("max_packet_size 128K\n\(line)", \.maxPacketBytes) == bytes)
    }

    @Test(arguments: [
        (
            "spool_size 1000\nbridge_max_packet_size 1001",
            "spool_size is smaller than a packet can be, by max_packet_size or bridge_max_packet_size"
        ),
        ("remote_password x", "remote_password needs remote_username"),
        ("remote_password_file x", "remote_password_file needs remote_username"),
        (
            "username u\npassword x\nremote_password_file y",
            "remote_password_file stands beside remote_password; one is enough"
        ),
        ("max_subscriptions_per_client 1\ntopic a both", "more topics go out than max_subscriptions_per_client"),
    ])
    func `What cannot be together is told with the line of the connection`(config: String, text: String) {
        #expect(error(config) == "board.conf:2: connection: \(text)")
    }

    @Test func `What comes in needs no subscription here`() {
        #expect(error("max_subscriptions_per_client 1\ntopic a in\ntopic b in") == "")
    }
}
