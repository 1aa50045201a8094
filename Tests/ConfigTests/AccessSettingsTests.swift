import Base
import Config
import TestSupport
import Testing

/// Who may come, for all listeners or for each.
struct AccessSettingsTests {
    /// `anonymous`, password file and ACL file of each listener.
    private func access(_ config: String) throws -> [String] {
        try withSettings(config) { settings in
            (0..<settings.listenerCount).map { index in
                let access = settings.access(settings.accessIndex(ofListener: index))
                let files = [access.passwordFile, access.aclFile].map { $0?.text ?? "-" }
                return ([access.allowAnonymous ? "anonymous" : "-"] + files).joined(separator: " ")
            }
        }
    }

    @Test(arguments: [
        "allow_anonymous true\npassword_file p\nacl_file a\nlistener 1\nlistener 2",
        "listener 1\nallow_anonymous true\npassword_file p\nacl_file a\nlistener 2",
        "listener 1\npassword_file p\nlistener 2\nacl_file a\nallow_anonymous true",
        "per_listener_settings false\nlistener 1\npassword_file p\nlistener 2\nacl_file a\nallow_anonymous true",
    ])
    func `Without per_listener_settings one set is for all listeners, wherever it stands`(config: String) throws {
        #expect(try access(config) == ["anonymous p a", "anonymous p a"])
        try withSettings(config) { #expect($0.accessCount == 1) }
    }

    @Test func `With per_listener_settings each listener has its own`() throws {
        let config = """
            per_listener_settings true
            listener 1
            allow_anonymous true
            listener 2
            password_file p
            listener 3
            acl_file a
            """
        #expect(try access(config) == ["anonymous - -", "- p -", "- - a"])
        try withSettings(config) { #expect($0.accessCount == 4) }
    }

    @Test(arguments: ["per_listener_settings true\npassword_file p", "password_file p\nper_listener_settings true"])
    func `With per_listener_settings what stands in front of all listeners holds for none`(front: String) throws {
        let config = front + "\nallow_anonymous true\nacl_file a\nlistener 1\nlistener 2\nallow_anonymous true"
        #expect(try access(config) == ["- - -", "anonymous - -"])
        try withSettings(config) { settings in
            #expect(settings.hasVoidAccess)
            #expect(!settings.usesPasswords && !settings.usesACL, "nobody would look at the files")
        }
    }

    @Test(arguments: [
        "", "password_file p", "password_file p\nlistener 1", "per_listener_settings true\npassword_file p",
        "per_listener_settings true\nlistener 1\npassword_file p",
    ])
    func `Access settings hold for some listener anywhere else`(config: String) throws {
        try withSettings(config) { #expect(!$0.hasVoidAccess) }
    }

    @Test func `per_listener_settings must stand in front of all listeners`() {
        let error = "board.conf:2: per_listener_settings: must stand in front of the first listener"
        #expect(Outcome("listener 1\nper_listener_settings true").error == error)
    }

    @Test(arguments: ["allow_anonymous true", "password_file p", "acl_file a"])
    func `With per_listener_settings each listener may have a key, and only once`(line: String) {
        let own = "per_listener_settings true\n"
        #expect(Outcome(own + "\(line)\nlistener 1\n\(line)\nlistener 2\n\(line)").error == "")
        #expect(Outcome(own + "listener 1\n\(line)\n\(line)").error.hasPrefix("board.conf:4: "))
        #expect(Outcome("listener 1\n\(line)\nlistener 2\n\(line)").error.hasPrefix("board.conf:4: "))
    }

    @Test func `With per_listener_settings and no listener this machine is served, and everybody on it`() throws {
        #expect(try access("per_listener_settings true") == ["anonymous - -"])
        #expect(try access("per_listener_settings true\nallow_anonymous false\npassword_file p") == ["- p -"])
    }

    @Test(arguments: [
        ("", false, false), ("password_file p", true, false), ("acl_file a", false, true),
        ("per_listener_settings true\nlistener 1\nlistener 2\npassword_file p", true, false),
        ("per_listener_settings true\nlistener 1\nacl_file a\nlistener 2", false, true),
    ])
    func `It is known whether any listener asks for a password or an access file`(
        config: String, usesPasswords: Bool, usesACL: Bool
    ) throws {
        try withSettings(config) { settings in
            #expect(settings.usesPasswords == usesPasswords)
            #expect(settings.usesACL == usesACL)
        }
    }

    @Test(arguments: ["password_file", "acl_file"])
    func `A file is named by all that follows the key`(key: String) throws {
        try withSettings("\(key)   /etc/with space/file ") { settings in
            let access = settings.access(0)
            #expect((access.passwordFile ?? access.aclFile)?.text == "/etc/with space/file")
        }
        #expect(Outcome(key).error == "board.conf:1: \(key): expected the path of a file")
    }

    /// What the log and `--check` say of it.
    @Test(arguments: [
        ("", "anyone on this machine"), ("allow_anonymous false", "nobody: neither allow_anonymous nor password_file"),
        ("listener 1", "nobody: neither allow_anonymous nor password_file"),
        ("listener 1\nallow_anonymous true", "anyone who can reach it"),
        ("listener 1 127.0.0.1\nallow_anonymous true", "anyone on this machine"),
        ("listener 1 ::1\nallow_anonymous true", "anyone on this machine"),
        ("listener 0 /run/mqtt\nallow_anonymous true", "anyone on this machine"),
        ("listener 1\npassword_file p", "users with password"),
        ("listener 0 /run/mqtt\npassword_file p", "users with password, on this machine"),
        ("listener 1\npassword_file p\nallow_anonymous true", "anyone who can reach it"),
        ("listener 1\nlistener 2 127.0.0.1\nallow_anonymous true", "differs by listener; --check tells"),
        ("listener 1\nlistener 2\nallow_anonymous true", "anyone who can reach it"),
        (
            "per_listener_settings true\nlistener 1\npassword_file p\nlistener 2\nallow_anonymous true",
            "differs by listener; --check tells"
        ),
    ])
    func `Who may come is told in a few words`(config: String, words: String) {
        #expect(Outcome(config).settings?.accessSummary.description == words)
    }
}
