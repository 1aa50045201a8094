import Base
import Config
import TestSupport
import Testing

/// Board configs that name a base.
struct BaseTests {
    @Test func `What a file does not say is taken from its base`() {
        let base = "max_packet_size 1K\nmax_keepalive 30\n"
        let settings = Outcome("base b.conf\nmax_keepalive 40\n", base: base).settings
        #expect(settings?.limits.maxPacketBytes == 1024)
        #expect(settings?.limits.maxKeepAliveSeconds == 40)
    }

    @Test func `The base is the first line that says so, and its number`() throws {
        let base = try #require(ConfigFile.base(of: ByteView("# c\n\n base  my file.conf \nbase b.conf")))
        #expect(base.number == 3)
        #expect(base.name.text == "my file.conf")
        #expect(ConfigFile.base(of: ByteView("basement x\nmode broker\nbase\n")) == nil)
        #expect(Outcome("mode broker\nbase\n").error == "board.conf:2: base: expected the path of a file")
    }

    @Test(arguments: ["", "mode client\n", "mode bridge\nconnection a\naddress h\ntopic x\n"])
    func `A board of every mode may have a base`(rest: String) {
        #expect(Outcome("base b.conf\n" + rest, base: "max_packet_size 1K").settings?.limits.maxPacketBytes == 1024)
        #expect(Outcome("base b.conf\nmax_packet_size 1K", base: rest).error == "")
    }

    @Test func `The mode is the file's own, or that of the base`() {
        #expect(Outcome("base b\n", base: "mode client").settings?.mode == .client)
        #expect(Outcome("base b\nmode broker", base: "mode client").settings?.mode == .broker)
        let connection = "connection a\naddress h\ntopic x\n"
        #expect(Outcome("base b\n", base: connection).settings?.mode == .bridge)
        #expect(Outcome("base b\n" + connection, base: "max_keepalive 5").settings?.mode == .bridge)
    }

    @Test func `One limit by two names is said once`() {
        let base = "global_max_connections 50\nmemory_budget 100M"
        #expect(Outcome("base b\nmax_connections 40", base: base).settings?.limits.maxConnections == 40)
        #expect(Outcome("base b\nglobal_max_connections 40", base: "max_connections 50").settings?
            .limits.maxConnections == 40)
    }

    @Test func `What a file says of the log takes the place of all that the base says`() {
        let base = "log_type error\nlog_type warning\nlog_dest syslog"
        let settings = Outcome("base b\nlog_dest none", base: base).settings
        #expect(settings?.logsToSyslog == false)
        #expect(settings?.logsToStandardError == false)
        #expect(Outcome("base b", base: base).settings?.logsToSyslog == true)
    }

    @Test func `A password and the file of one are the same thing`() throws {
        let base = "mode client\nremote_username u\nremote_password old\n"
        try withSettings("base b\nremote_password_file /p", base: base) { settings in
            #expect(settings.client.password == nil)
            #expect(settings.client.passwordFile?.text == "/p")
        }
    }

    @Test(arguments: [
        ("per_listener_settings false", "per_listener_settings true\nlistener 1\nallow_anonymous true"),
        ("per_listener_settings true", "acl_file /a\nlistener 1"),
        ("per_listener_settings true\nlistener 2\nallow_anonymous true", "password_file /p\nlistener 1"),
    ])
    func `Nobody is let in by access settings that were meant for others`(own: String, base: String) {
        #expect(Outcome("base b\n" + own, base: base).error.hasPrefix("board.conf:1: base: its access settings would"))
    }

    @Test func `A listener with settings of its own may take the place of those of the base`() {
        let own = "base b\nper_listener_settings true\nlistener 2\npassword_file /p"
        let settings = Outcome(own, base: "listener 1\nallow_anonymous true").settings
        #expect(settings?.listenerCount == 1)
        #expect(settings?.access(1).passwordFile?.text == "/p")
        #expect(settings?.access(1).allowAnonymousSaid == nil)
    }

    // MARK: Listeners

    private static let listeners = """
        max_keepalive 30
        listener 1883
        allow_anonymous true
        max_connections 5
        max_packet_size 1K
        listener 1884
        socket_domain ipv4
        """

    @Test func `Without a listener of its own a file has those of the base`() {
        let settings = Outcome("base b\nmax_connections 40", base: BaseTests.listeners).settings
        #expect(settings?.listenerCount == 2)
        #expect(settings?.listener(0).maxConnections == 5)
        #expect(settings?.limits.maxConnections == 40)
        #expect(settings?.access(0).allowAnonymous == true)
    }

    @Test func `A listener leaves out those of the base with all that is theirs`() {
        let own = "base b\nlistener 1885 127.0.0.1\nmax_connections 7"
        let settings = Outcome(own, base: BaseTests.listeners).settings
        #expect(settings?.listenerCount == 1)
        #expect(settings.map { text($0.listener(0).address) } == "127.0.0.1:1885")
        #expect(settings?.listener(0).maxConnections == 7)
        #expect(settings?.access(0).allowAnonymousSaid == nil)
        // These are the board's, wherever they stand.
        #expect(settings?.limits.maxPacketBytes == 1024)
        #expect(settings?.limits.maxKeepAliveSeconds == 30)
    }

    @Test func `Who may come in, if it stands above the base's listeners, stays`() {
        let base = "allow_anonymous true\nlistener 1883"
        #expect(Outcome("base b\nlistener 1884", base: base).settings?.access(0).allowAnonymous == true)
    }

    @Test func `With access by listener each keeps its own`() throws {
        let base = "per_listener_settings true\nlistener 1883\nallow_anonymous true\nlistener 1884\nacl_file /a"
        try withSettings("base b\npassword_file /p", base: base) { settings in
            #expect(settings.hasVoidAccess)
            #expect(settings.access(settings.accessIndex(ofListener: 0)).allowAnonymous)
            #expect(settings.access(settings.accessIndex(ofListener: 1)).aclFile?.text == "/a")
        }
        try withSettings("base b\nlistener 1885\npassword_file /p", base: base) { settings in
            #expect(settings.isPerListener)
            #expect(settings.listenerCount == 1)
            #expect(settings.access(settings.accessIndex(ofListener: 0)).passwordFile?.text == "/p")
        }
    }

    // MARK: Connections

    private static let bridge = """
        mode bridge
        listener 1883
        connection a
        address h
        topic x
        topic y
        keepalive_interval 7
        remote_username u
        remote_password p
        connection b
        address i
        topic z
        """

    @Test func `A connection that both have is one, by what the file says of it`() throws {
        let own = """
            base b
            connection a
            keepalive_interval 9
            topic w
            connection c
            address j
            topic v
            """
        try withSettings(own, base: BaseTests.bridge) { settings in
            #expect((0..<settings.bridgeCount).map { settings.bridge($0).name.text } == ["a", "b", "c"])
            let bridge = settings.bridge(0)
            #expect(bridge.keepAliveSeconds == 9)
            #expect(bridge.username?.text == "u")
            #expect(bridge.remoteCount == 1 && bridge.remote(0).host.text == "h")
            #expect(bridge.topicCount == 1)
            var topics = bridge.topics
            #expect(topics.next()?.pattern.text == "w")
            #expect(settings.bridge(1).topicCount == 1)
            #expect(settings.bridge(2).remote(0).host.text == "j")
        }
    }

    @Test func `Addresses of a connection take the place of the base's`() throws {
        try withSettings("base b\nconnection b\naddress k l", base: BaseTests.bridge) { settings in
            let bridge = settings.bridge(1)
            #expect((0..<bridge.remoteCount).map { bridge.remote($0).host.text } == ["k", "l"])
            #expect(settings.bridge(0).remoteCount == 1)
        }
    }

    @Test func `Keys of the whole board below a connection are the board's`() {
        let own = "base b\nconnection a\nmax_packet_size 2K\nkeepalive_interval 9"
        let settings = Outcome(own, base: "max_packet_size 1K\n" + BaseTests.bridge).settings
        #expect(settings?.limits.maxPacketBytes == 2048)
    }

    @Test func `A connection that stands twice is one too many`() {
        let twice = "connection a\nconnection a\n"
        let error = Outcome("base b\n" + twice, base: BaseTests.bridge).error
        #expect(error == "board.conf:3: connection: needs address")
    }

    @Test func `Of more connections than there can be the first is told`() {
        let many = (0..<12).map { "connection c\($0)\naddress h\ntopic x\n" }
        let error = "board.conf:2: connection: more than 8 lines of this key"
        #expect(Outcome("base b\nconnection d\n", base: many.prefix(8).joined()).error == error)
        let own = (0..<12).map { "connection c\($0)\nremote_username u\n" }.joined()
        let other = "base.conf:25: connection: more than 8 lines of this key"
        #expect(Outcome("base b\n" + own, base: many.joined()).error == other)
    }
}
