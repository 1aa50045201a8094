import Base
import Config
import Testing

/// Words and flags, and what follows from the numbers of a file.
struct SettingsTests {
    private static let levels: [(String, UInt8)] = [("error", 3), ("warning", 4), ("notice", 5), ("information", 6)]

    private func levels(_ config: String) throws -> [String] {
        let settings = try #require(Outcome(config).settings)
        return SettingsTests.levels.filter { settings.logLevels.contains(LogLevel(rawValue: $0.1)!) }.map(\.0)
    }

    @Test(arguments: [
        ("", ["error", "warning", "notice", "information"]), ("log_type error", ["error"]),
        ("log_type error\nlog_type notice", ["error", "notice"]), ("log_type none", []),
        ("log_type all", ["error", "warning", "notice", "information"]), ("log_type debug", []),
        ("log_type error\nlog_type none\nlog_type warning", ["warning"]),
    ] as [(String, [String])])
    func `The first log_type takes the place of all levels, the others add to it`(
        config: String, expected: [String]
    ) throws {
        #expect(try levels(config) == expected)
    }

    @Test(arguments: [
        ("", true, false), ("log_dest stderr", true, false), ("log_dest syslog", false, true),
        ("log_dest syslog\nlog_dest stderr", true, true), ("log_dest none", false, false),
    ])
    func `The first log_dest takes the place of stderr, the others add to it`(
        config: String, toStandardError: Bool, toSyslog: Bool
    ) throws {
        let settings = try #require(Outcome(config).settings)
        #expect(settings.logsToStandardError == toStandardError)
        #expect(settings.logsToSyslog == toSyslog)
    }

    @Test(arguments: [
        ("log_type verbose", "expected error, warning, notice, information, all or none"),
        ("log_dest file", "expected stderr, syslog or none"), ("log_dest stdout", "expected stderr, syslog or none"),
        ("queue_policy both", "expected oldest or newest"), ("queue_qos0_messages 1", "expected true or false"),
        ("retain_available yes", "expected true or false"), ("per_listener_settings on", "expected true or false"),
    ])
    func `A word that is none of the key's is refused`(line: String, expected: String) {
        #expect(Outcome(line).error == "board.conf:1: \(line.prefix { $0 != " " }): \(expected)")
    }

    @Test func `Flags and policies are those of mosquitto by default`() throws {
        let settings = try #require(Outcome("").settings)
        #expect(settings.allowZeroLengthClientID)
        #expect(settings.logsConnections)
        #expect(!settings.logsTime)
        #expect(settings.limits.queuePolicy == .dropNewest)
        #expect(!settings.limits.queuesQoS0)
        #expect(settings.limits.retainsMessages)
        #expect(!settings.isPerListener)
    }

    @Test func `Flags and policies change what they are called after`() throws {
        let config = """
            allow_zero_length_clientid false
            connection_messages false
            log_timestamp true
            queue_policy oldest
            queue_qos0_messages true
            retain_available false
            """
        let settings = try #require(Outcome(config).settings)
        #expect(!settings.allowZeroLengthClientID)
        #expect(!settings.logsConnections)
        #expect(settings.logsTime)
        #expect(settings.limits.queuePolicy == .dropOldest)
        #expect(settings.limits.queuesQoS0)
        #expect(!settings.limits.retainsMessages)
        #expect(Outcome("queue_policy newest").settings?.limits.queuePolicy == .dropNewest)
    }

    /// Config, and the clients that there can be.
    @Test(arguments: [
        ("", 512), ("max_connections 300", 600), ("max_connections 10", 512), ("max_connections 200000", 300_000),
        ("max_connections 300\nglobal_max_clients 400", 400), ("global_max_clients 400\nmax_connections 300", 400),
        ("listener 1\nmax_connections 400\nlistener 2\nmax_connections 400", 1600),
    ])
    func `Unless the file says it, there can be twice as many clients as connections`(config: String, count: Int) {
        #expect(Outcome(config).settings?.limits.maxClients == count)
    }

    /// Config, and how many messages and bytes can be retained.
    @Test(arguments: [
        ("", 4096, 2 << 20), ("max_messages 100", 50, 2 << 20), ("max_messages 100000", 4096, 2 << 20),
        ("message_store_size 1M\nmax_packet_size 64K", 4096, 256 << 10),
        ("max_messages 100\nmax_retained_messages 60", 60, 2 << 20),
        ("message_store_size 1M\nmax_packet_size 64K\nmax_retained_bytes 300K", 4096, 300 << 10),
    ])
    func `Unless the file says it, half of the messages and a quarter of their bytes can be retained`(
        config: String, messages: Int, bytes: Int
    ) {
        let limits = Outcome(config).settings?.limits
        #expect(limits?.maxRetainedMessages == messages)
        #expect(limits?.maxRetainedBytes == bytes)
    }

    /// Config, and the deliveries that there can be.
    @Test(arguments: [
        ("", 32_768), ("global_max_clients 100000", 100_000), ("max_connections 40000", 80_000),
        ("global_max_clients 300\nmax_deliveries 300", 300),
    ])
    func `Unless the file says it, a message can go to all clients`(config: String, count: Int) {
        #expect(Outcome(config).settings?.limits.maxDeliveries == count)
    }

    @Test(arguments: Option.all)
    func `A key's sample is taken`(option: Option) throws {
        let front = ["bind_interface", "socket_domain", "protocol"].contains(option.name) ? "listener 1\n" : ""
        // The least values of some want others to be small, too.
        let sizes = [
            "max_packet_size 128", "max_retained_bytes 0", "max_retained_messages 0", "max_connections 1",
            "global_max_clients 1",
        ]
        // What stands below a connection has tests of its own.
        guard option.belongs(to: .broker) || option.belongs(to: .client) else { return }
        guard option.belongs(to: .broker) else {
            // What some of the keys need.
            let others = ["remote_username u", "will_topic t"].filter { !$0.hasPrefix(option.name) }
            let file = others.joined(separator: "\n")
            #expect(Outcome("mode client\n\(file)\n\(option.name) \(option.sample)").error == "")
            return
        }
        let others = (option == .globalMaxConnections ? [] : sizes).filter { !$0.hasPrefix(option.name) }
        #expect(Outcome(others.joined(separator: "\n") + "\n\(front)\(option.name) \(option.sample)").error == "")
    }

    @Test func `An option of mosquitto's that is not here is told from a wrong name`() {
        let foreign = [
            "persistence", "port", "bind_address", "tls_version", "user", "plugin_opt_x", "auth_opt_x",
            "bridge_max_topic_alias",
        ]
        for key in foreign {
            let error = "board.conf:1: \(key): an option of mosquitto that swiftlet does not have"
            #expect(Outcome("\(key) x").error == error)
        }
        for key in ["persistenc", "persistences", "Persistence", "plugin_op", "bridge", "ports"] {
            #expect(Outcome("\(key) x").error == "board.conf:1: \(key): unknown key; swiftlet --help lists them all")
        }
    }

    @Test(arguments: Option.all)
    func `What sizes memory needs a restart`(option: Option) {
        // Kept as a list of its own, so that a new key is thought about.
        let atStart: [Option] = [
            .maxPacketSize, .maxConnections, .globalMaxConnections, .globalMaxClients, .maxSubscriptions,
            .maxTopicNodes,
            .maxMessages, .messageStoreSize, .maxDeliveries, .maxIncomingInflight, .packetStoreSize, .receiveBufferSize,
            .maxClientIDLength, .maxTopicLength, .maxTopicLevels, .maxAccessSize, .sysInterval, .memoryBudget, .logDest,
            .mode,
        ]
        // Client mode has no reload.
        let isOfClient = option.belongs(to: .client) && !option.belongs(to: .broker)
        #expect(option.needsRestart == (atStart.contains(option) || isOfClient))
    }
}
