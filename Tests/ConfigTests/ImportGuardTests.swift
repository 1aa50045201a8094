import Testing

/// Nothing becomes open by an import that mosquitto would not have open.
struct ImportGuardTests {
    @Test(arguments: ["allow_anonymous true", "acl_file a"])
    func `Access in front of the listeners opens none, but for passwords`(line: String) {
        let imported = Imported("per_listener_settings true\n\(line)\nlistener 2\nallow_anonymous true")
        #expect(imported.lines == ["per_listener_settings true", "listener 2", "allow_anonymous true"])
        #expect(imported.leftOutKeys == ["2: \(line.prefix { $0 != " " })"])
        let first = Imported("per_listener_settings true\n\(line)\npassword_file p\nlistener 2")
        #expect(first.lines == ["per_listener_settings true", "listener 1883", line, "password_file p", "listener 2"])
    }

    @Test func `A listener whose client ids are the user names is left out`() {
        let imported = Imported("listener 1\nlistener 2\nallow_anonymous true\nuse_username_as_clientid true")
        #expect(imported.lines == ["allow_anonymous true", "listener 1"])
        #expect(imported.leftOutKeys == ["2: listener", "4: use_username_as_clientid"])
        let file = "allow_anonymous true\nlistener 1\nuse_username_as_clientid false"
        #expect(Imported(file).lines == ["allow_anonymous true", "listener 1"])
        #expect(Imported("use_username_as_clientid false\n" + file).lines == ["allow_anonymous true", "listener 1"])
    }

    @Test(arguments: [
        "plugin /x.so", "auth_plugin /x.so", "global_plugin /x.so", "plugin_load x /x.so", "clientid_prefixes no",
    ])
    func `Where a plugin or a prefix says who may come in, nobody does without it`(line: String) {
        let key = line.prefix { $0 != " " }
        let imported = Imported("allow_anonymous true\nlistener 1\n\(line)")
        #expect(imported.lines == ["allow_anonymous false", "listener 1"])
        #expect(imported.leftOut.contains("1: allow_anonymous: must not be without \(key)"))
        #expect(Imported("password_file p\nlistener 1\n\(line)").lines == ["allow_anonymous false", "listener 1"])
        let file = "allow_anonymous true\npassword_file p\nacl_file a\nlistener 1\n\(line)"
        #expect(Imported(file).lines == ["allow_anonymous false", "password_file p", "acl_file a", "listener 1"])
        #expect(Imported(line).lines == ["allow_anonymous false"])
    }

    @Test func `With per_listener_settings, a plugin guards its own listener`() {
        let file = "per_listener_settings true\nlistener 1\nauth_plugin x\nallow_anonymous true\nlistener 2"
        #expect(Imported(file).lines == ["per_listener_settings true", "listener 2"])
        #expect(Imported(file).leftOutKeys == ["2: listener", "3: auth_plugin"])
        let all = "per_listener_settings true\nclientid_prefixes x\nlistener 1\nallow_anonymous true"
        #expect(Imported(all).lines == ["allow_anonymous false"])
    }

    @Test(arguments: [
        "use_username_as_clientid true", "certfile c", "per_listener_settings true\nplugin x",
        "per_listener_settings true\nclientid_prefixes x",
    ])
    func `This machine alone is not served without it, either`(lines: String) {
        #expect(Imported("\(lines)\nallow_anonymous true\npassword_file p").lines == ["allow_anonymous false"])
    }

    @Test func `Without its ACL, nobody comes in`() {
        let imported = Imported("allow_anonymous true\npassword_file p\nacl_file\nlistener 1")
        #expect(imported.lines == ["allow_anonymous false", "listener 1"])
        #expect(imported.leftOut == [
            "1: allow_anonymous: must not be without acl_file", "2: password_file: must not be without acl_file",
            "3: acl_file: expected the path of a file",
        ])
        let bridge = ["connection c", "address b", "topic #"]
        let local = "per_listener_settings true\nacl_file\n" + bridge.joined(separator: "\n")
        #expect(Imported(local).lines == ["allow_anonymous false"] + bridge)
    }

    @Test(arguments: [
        ("per_listener_settings true\nlistener 1\nallow_anonymous true\nper_listener_settings false", 4),
        ("per_listener_settings false\nper_listener_settings true", 2),
        ("listener 1\nallow_anonymous true\nper_listener_settings true", 3), ("plugin x\nper_listener_settings 1", 2),
        ("per_listener_settings true\nallow_anonymous true", nil), ("acl_file a\nper_listener_settings false", nil),
    ])
    func `With a line that says too late what stands for whom, mosquitto does not start`(file: String, line: Int?) {
        #expect(Imported(file).lateLine == line)
    }

    @Test func `A listener that comes of another line is told by that one's key`() {
        #expect(Imported("port 70000").leftOutKeys == ["1: port"])
        #expect(Imported("bind_address router.lan").leftOutKeys == ["1: bind_address"])
    }
}
