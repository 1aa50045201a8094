import Testing

/// Listeners and connections that an import takes, changes or leaves out.
struct ImportSectionTests {
    @Test(arguments: [
        "certfile /etc/cert", "psk_hint here", "cafile /etc/ca", "protocol websockets", "mount_point guests/",
        "enable_proxy_protocol 2", "listener_allow_anonymous false", "bind_interface a-name-that-is-too-long",
        "socket_domain ipv5",
    ])
    func `A listener that would be more open is left out, and all below it`(line: String) {
        let imported = Imported("listener 1883\nlistener 8883\nmax_connections 5\n\(line)")
        #expect(imported.lines == ["allow_anonymous false", "listener 1883"])
        let key = line.prefix { $0 != " " }
        #expect(imported.leftOutKeys.sorted() == ["2: listener", "4: \(key)"])
        #expect(imported.leftOut.contains { $0.hasSuffix("as it must not be without \(key)") })
    }

    @Test func `Where no listener is left, nobody comes in`() {
        let file = "listener 8883\ncertfile c\nkeyfile k\npassword_file p"
        #expect(Imported(file).lines == ["allow_anonymous false"])
        #expect(Imported("allow_anonymous true\n" + file).lines == ["allow_anonymous false"])
        #expect(Imported("per_listener_settings true\n" + file).lines == ["allow_anonymous false"])
        let bridge = "\nconnection c\naddress b.lan\ntopic #"
        #expect(Imported("per_listener_settings true\n" + file + bridge).lines.contains("allow_anonymous false"))
    }

    @Test(arguments: ["listener", "listener 70000", "listener 1883 router.lan", "listener 0"])
    func `A listener that cannot be is left out with all below it`(line: String) {
        let imported = Imported("listener 1\n\(line)\nmax_connections 5\n")
        #expect(imported.lines == ["allow_anonymous false", "listener 1"])
        #expect(imported.leftOutKeys == ["2: listener"])
    }

    @Test func `More listeners than there can be are left out`() {
        let file = (1...10).map { "listener \($0)\n" }.joined()
        let imported = Imported(file)
        #expect(imported.lines == ["allow_anonymous false"] + (1...8).map { "listener \($0)" })
        #expect(imported.leftOutKeys == ["9: listener", "10: listener"])
        let guarded = Imported("listener 11\ncertfile c\n" + file)
        #expect(guarded.lines == imported.lines)
    }

    @Test func `More connections than there can be are left out, each once`() {
        let file = (1...12).map { "connection c\($0)\naddress b\ntopic #\n" }.joined()
        let imported = Imported(file)
        #expect(imported.lines == (1...8).flatMap { ["connection c\($0)", "address b", "topic #"] })
        #expect(imported.leftOutKeys == (8..<12).map { "\(3 * $0 + 1): connection" })
    }

    @Test func `A connection keeps what it says, by mosquitto's names`() {
        let lines = [
            "connection cloud", "addresses a.lan:1884 b.lan", "topic sensors/# out 1 \"\" house/", "topic both/# both",
            "clientid me", "username u", "password p", "cleansession true", "bridge_attempt_unsubscribe true",
            "restart_timeout 5 30", "start_type lazy", "idle_timeout 10", "threshold 5", "try_private false",
            "notifications false", "local_clientid l", "bridge_protocol_version mqttv311", "round_robin true",
            "bridge_outgoing_retain false", "bridge_max_packet_size 0", "bridge_bind_address 192.168.1.1",
        ]
        let imported = Imported(lines.joined(separator: "\n"))
        #expect(imported.lines == lines)
        #expect(imported.leftOut == [])
    }

    @Test(arguments: [
        ("address ::1:1884", "address [::1]:1884"),
        ("address b.lan:1 fe80::1:2 # other", "address b.lan:1 [fe80::1]:2"),
        ("address 10.0.0.1", "address 10.0.0.1"),
    ])
    func `An IPv6 address and its port are told apart`(line: String, result: String) {
        #expect(Imported("connection c\ntopic #\n\(line)").lines == ["connection c", "topic #", result])
    }

    @Test(arguments: [
        ("keepalive_interval 3", "keepalive_interval 5"), ("idle_timeout 0", "idle_timeout 1"),
        ("threshold 0", "threshold 1"), ("notifications 0", "notifications false"),
    ])
    func `What mosquitto corrects is corrected`(line: String, result: String) {
        #expect(Imported("connection c\naddress b\ntopic #\n\(line)").lines.last == result)
    }

    @Test(arguments: ["start_type once", "bridge_protocol_version mqttv50", "bridge_receive_maximum 5",
        "bridge_insecure true", "topic two words in"])
    func `What a connection cannot do is left out, and the connection stays`(line: String) {
        let imported = Imported("connection c\naddress b\ntopic #\n\(line)")
        #expect(imported.lines == ["connection c", "address b", "topic #"])
        #expect(imported.leftOut.count == 1)
    }

    @Test(arguments: ["bridge_cafile /etc/ca", "bridge_capath /etc", "bridge_psk ab", "bridge_tls_use_os_certs true"])
    func `A connection with TLS does not become one without`(line: String) {
        let imported = Imported("connection c\naddress b:8883\nremote_username u\nremote_password p\ntopic #\n\(line)")
        #expect(imported.lines == [])
        #expect(imported.leftOutKeys.sorted() == ["1: connection", "6: \(line.prefix { $0 != " " })"])
    }

    @Test(arguments: [
        "connection c\ntopic #", "connection c\naddress b", "connection a/b\naddress b\ntopic #",
        "connection c\naddress b\ntopic #\nremote_password p",
    ])
    func `A connection that cannot be is left out, and the others stay`(section: String) {
        let imported = Imported("connection good\naddress b\ntopic x\n\(section)\nconnection last\naddress b\ntopic y")
        #expect(imported.lines == [
            "connection good", "address b", "topic x", "connection last", "address b", "topic y",
        ])
        #expect(imported.leftOutKeys == ["4: connection"])
    }

    @Test func `A key of a connection in front of all is left out`() {
        #expect(Imported("topic #\nconnection c\naddress b\ntopic x").leftOutKeys == ["1: topic"])
        #expect(Imported("keepalive_interval 9").leftOutKeys == ["1: keepalive_interval"])
    }
}
