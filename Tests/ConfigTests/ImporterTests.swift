import Testing

/// What a mosquitto.conf becomes.
struct ImporterTests {
    @Test func `An empty file serves this machine, and says which limits are in force`() {
        let imported = Imported("# all is by default\n\n")
        #expect(imported.lines == [])
        #expect(imported.allLines.contains("max_packet_size 262144"))
        #expect(imported.allLines.contains("max_subscriptions_per_client 256"))
        #expect(imported.leftOut == [])
    }

    @Test(arguments: [
        ("port 1884", ["allow_anonymous false", "listener 1884"]),
        ("bind_address 192.168.1.1", ["allow_anonymous false", "listener 1883 192.168.1.1"]),
        ("bind_address localhost\nport 1884", ["allow_anonymous false", "listener 1884 localhost"]),
        ("port 1884\nmax_connections 5\nlistener 1885",
            ["allow_anonymous false", "listener 1884", "max_connections 5", "listener 1885"]),
        ("max_connections 5\nlistener 1885",
            ["allow_anonymous false", "listener 1883", "max_connections 5", "listener 1885"]),
        ("max_connections -1\nprotocol mqtt\nlistener 1885", ["allow_anonymous false", "listener 1885"]),
        ("max_connections 5", ["max_connections 5"]),
        ("listener 1883 127.0.0.1 # here\nallow_anonymous true", ["allow_anonymous true", "listener 1883 127.0.0.1"]),
        ("listener 0 /run/mqtt", ["allow_anonymous false", "listener 0 /run/mqtt"]),
    ])
    func `Where mosquitto listens, it is listened`(file: String, lines: [String]) {
        #expect(Imported(file).lines == lines)
    }

    @Test func `What is for all stands in front, wherever it stood`() {
        let imported = Imported("""
            listener 1883
            max_inflight_messages 7
            connection cloud
            address broker.lan
            topic #
            sys_interval 60
            max_connections 9
            listener 1884
            keepalive_interval 30
            allow_anonymous true
            """)
        #expect(imported.lines == [
            "max_inflight_messages 7", "sys_interval 60", "allow_anonymous true", "listener 1883", "max_connections 9",
            "listener 1884", "connection cloud", "address broker.lan", "topic #", "keepalive_interval 30",
        ])
    }

    @Test func `With per_listener_settings each listener keeps its own access`() {
        let file = "per_listener_settings true\nlistener 1\npassword_file p\nlistener 2\nallow_anonymous true"
        #expect(Imported(file).lines == [
            "per_listener_settings true", "listener 1", "password_file p", "listener 2", "allow_anonymous true",
        ])
        #expect(Imported("per_listener_settings true\npassword_file p\nlistener 2").lines == [
            "per_listener_settings true", "listener 1883", "password_file p", "listener 2",
        ])
    }

    @Test(arguments: [
        ("max_inflight_messages 0", "max_inflight_messages 20000"),
        ("max_inflight_messages -1", "max_inflight_messages 20000"),
        ("max_queued_messages -1", "max_queued_messages 0"), ("max_queued_messages 0", "max_queued_messages 0"),
        ("max_queued_bytes 2000000000", "max_queued_bytes 1073741824"),
        ("message_size_limit 0", "message_size_limit 0"),
        ("persistent_client_expiration 2m", "persistent_client_expiration 2m"),
        ("persistent_client_expiration 20y", "persistent_client_expiration 315360000"),
        ("max_packet_size 20", "max_packet_size 128"), ("retain_available 0", "retain_available false"),
        ("max_keepalive 60 seconds", "max_keepalive 60"), ("max_keepalive 65535", "max_keepalive 0"),
        ("log_dest stdout", "log_dest stderr"),
    ])
    func `A value that has another form or another end here is translated`(file: String, line: String) {
        let imported = Imported(file)
        #expect(imported.allLines.contains(line))
        #expect(imported.leftOut == [])
    }

    @Test(arguments: ["max_packet_size 0", "max_connections -1", "set_tcp_nodelay false", "max_qos 2",
        "persistence false", "memory_limit 0", "allow_duplicate_messages false", "check_retain_source false"])
    func `What says no more than is so anyway goes`(line: String) {
        #expect(Imported(line).text == Imported("").text)
    }

    @Test func `Long packets get room`() throws {
        let lines = Imported("max_packet_size 20000000").allLines
        #expect(lines.contains("max_packet_size 20000000"))
        #expect(lines.contains { $0.hasPrefix("packet_store_size ") })
        #expect(lines.contains { $0.hasPrefix("message_store_size ") })
        let bridge = Imported("max_packet_size 2000000\nconnection c\naddress b\ntopic #")
        #expect(bridge.lines.suffix(4) == ["connection c", "spool_size 2000000", "address b", "topic #"])
    }

    @Test(arguments: [
        "persistence true", "user mosquitto", "pid_file /run/m.pid", "log_dest file /tmp/log", "log_dest topic",
        "log_type websockets", "include_dir /etc/mosquitto/conf.d", "auth_opt_x y",
        "memory_limit 100000", "psk_file p", "max_topic_alias 5", "upgrade_outgoing_qos true", "max_qos 1",
        "max_packet_size 268435455", "unheard_of 1", "socket_domain ipv4",
    ])
    func `What has no counterpart is a comment, and told with its line`(line: String) {
        let imported = Imported("# a comment\n\n\(line)\nsys_interval 5\n")
        let key = line.prefix { $0 != " " }
        #expect(imported.leftOutKeys == ["3: \(key)"])
        #expect(imported.text.contains("# \(line)\n#   "))
        #expect(imported.lines == ["sys_interval 5"])
    }

    @Test func `Of two lines of a key the last holds, as in mosquitto`() {
        let imported = Imported("sys_interval 1\nsys_interval 2")
        #expect(imported.lines == ["sys_interval 2"])
        #expect(imported.leftOut == ["1: sys_interval: what holds is said in line 2"])
    }

    @Test func `What contradicts itself is withdrawn`() {
        let imported = Imported("message_store_size 4096\nsys_interval 1")
        #expect(imported.lines == ["sys_interval 1"])
        #expect(imported.leftOut == ["1: message_store_size: has no room for max_packet_size"])
    }

    @Test(arguments: [
        ("", 256), ("listener 1", 256), ("listener 1\nmax_connections 5", 5), ("port 1\nmax_connections 9000", 9000),
        ("listener 1\nmax_connections 5\nlistener 2", 261), ("listener 1\nmax_connections -1", 256),
        ("listener 1\nmax_connections 5\nlistener 2\nmax_connections 7", 12), ("global_max_clients 10", 10),
        ("global_max_connections 20", 20), ("global_max_clients 10\nglobal_max_connections 20", 10),
        ("listener 1\nmax_connections 1000000000", 256),
    ])
    func `As many connect as all listeners allow`(file: String, count: Int) {
        #expect(Imported(file).allLines.filter { $0.hasPrefix("global_max") && !$0.contains("clients") } == [
            "global_max_connections \(count)",
        ])
    }

    @Test func `Keys of a board config, or none of mosquitto's, are no mosquitto.conf`() {
        #expect(Imported("mode client\naddress broker").isOwn)
        #expect(Imported("<html>\n<p>port").isSenseless)
        #expect(!Imported("port 1883\n<p>").isSenseless)
        #expect(!Imported("").isSenseless)
    }

    @Test func `A file that is not used says so`() {
        #expect(Imported("port 1883", isUsed: false).text.contains("# OpenWrt's script does not use that file"))
        #expect(!Imported("port 1883").text.contains("OpenWrt"))
    }

    @Test func `What would be too long is not cut off`() {
        let line = "log_dest file /" + String(repeating: "x", count: 1000) + "\n"
        #expect(Imported(String(repeating: line, count: 64)).isTooLong)
    }
}
