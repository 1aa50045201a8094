import Base
import Config
import TestSupport
import Testing

/// What stands below a `listener` line.
struct ListenerSectionTests {
    private func listeners(_ config: String) throws -> [Settings.Listener] {
        let settings = try #require(Outcome(config).settings)
        return (0..<settings.listenerCount).map { settings.listener($0) }
    }

    @Test func `A listener with a path is a unix socket`() throws {
        try withSettings("listener 0 /var/run/mqtt.sock") { settings in
            #expect(settings.listener(0).isLocal)
            #expect(settings.listener(0).path.text == "/var/run/mqtt.sock")
            #expect(settings.listener(0).address.isLocal)
        }
    }

    @Test(arguments: [107, 108])
    func `A path has room for its end in 108 bytes`(count: Int) {
        let path = "/" + String(repeating: "p", count: count - 1)
        #expect((Outcome("listener 0 \(path)").settings != nil) == (count == 107))
    }

    @Test(arguments: ["1883 /run/mqtt", "0 run/mqtt", "0 ./mqtt", "/run/mqtt", "x /run/mqtt"])
    func `A unix socket has port 0 and a path from the root`(value: String) {
        let error = "board.conf:1: listener: expected PORT [IP ADDRESS] or 0 /PATH"
        #expect(Outcome("listener \(value)").error == error)
    }

    @Test func `Keys below a listener are of that listener only`() throws {
        let config = """
            listener 1
            bind_interface br-lan
            socket_domain ipv4
            max_connections 5
            listener 2
            listener 3
            protocol mqtt
            max_connections 7
            socket_domain ipv6
            """
        try withSettings(config) { settings in
            let all = (0..<3).map { settings.listener($0) }
            #expect(all.map(\.interface.text) == ["br-lan", "", ""])
            #expect(all.map { text($0.address) } == ["0.0.0.0:1", "[::]:2", "[::]:3"])
            #expect(all.map(\.address.isAny) == [false, true, false])
            #expect(all.map(\.address.isAnyV6) == [false, false, true])
            #expect(all.map(\.maxConnections) == [5, 0, 7])
        }
    }

    @Test(arguments: ["ipv4", "ipv6"])
    func `A single address has its family already`(domain: String) throws {
        let found = try listeners("listener 1 127.0.0.1\nsocket_domain \(domain)")
        #expect(text(found[0].address) == "127.0.0.1:1")
    }

    @Test(arguments: [("bind_interface", "eth0"), ("socket_domain", "ipv4")])
    func `Keys of a listener want a listener above them`(key: String, value: String) {
        #expect(Outcome("\(key) \(value)\nlistener 1").error.hasPrefix("board.conf:1: \(key): expected "))
    }

    @Test(arguments: [
        ("bind_interface", "abcdefghijklmnop", "a network device, below a listener"),
        ("socket_domain", "ipv5", "ipv4 or ipv6, below a listener"),
        ("socket_domain", "IPv4", "ipv4 or ipv6, below a listener"),
        ("protocol", "websockets", "mqtt"), ("protocol", "http_api", "mqtt"),
    ])
    func `A wrong value of a listener's key is refused`(key: String, value: String, expected: String) {
        #expect(Outcome("listener 1\n\(key) \(value)").error == "board.conf:2: \(key): expected \(expected)")
    }

    @Test func `A network device has up to 15 bytes`() throws {
        try withSettings("listener 1\nbind_interface abcdefghijklmno") { settings in
            #expect(settings.listener(0).interface.text == "abcdefghijklmno")
        }
    }

    @Test(arguments: ["bind_interface eth0", "socket_domain ipv4", "protocol mqtt", "max_connections 5"])
    func `A listener has a key once, and the next listener may have it again`(line: String) {
        let key = line.prefix { $0 != " " }
        #expect(Outcome("listener 1\n\(line)\nlistener 2\n\(line)").error == "")
        #expect(Outcome("listener 1\n\(line)\n\(line)").error == "board.conf:3: \(key): stands twice in this file")
    }

    @Test(arguments: ["mode broker", "max_messages 100", "allow_anonymous true", "log_timestamp true"])
    func `A key that is of no listener stands once in the file`(line: String) {
        let key = line.prefix { $0 != " " }
        let error = "board.conf:4: \(key): stands twice in this file"
        #expect(Outcome("listener 1\n\(line)\nlistener 2\n\(line)").error == error)
    }

    @Test func `The command line's port is served to this machine, where the file has no listener`() throws {
        let alone = try #require(Outcome("allow_anonymous true", port: 1884).settings)
        #expect(alone.listenerCount == 1)
        #expect(text(alone.listener(0).address) == "127.0.0.1:1884")
        let settings = try #require(Outcome("listener 1", port: 1884).settings)
        #expect(settings.listenerCount == 1)
        #expect(text(settings.listener(0).address) == "[::]:1")
    }

    @Test func `Two listeners are at the same place when address, port, device and path are the same`() throws {
        let places = [
            "1", "1 0.0.0.0", "2", "1 127.0.0.1", "0 /a", "0 /b", "1\nbind_interface eth0", "1\nsocket_domain ipv6",
        ]
        for (i, place) in places.enumerated() {
            for (k, other) in places.enumerated() {
                try withSettings("listener \(place)") { settings in
                    try withSettings("listener \(other)\nmax_connections 5") { others in
                        let isSame = settings.listener(0).isSamePlace(as: others.listener(0))
                        #expect(isSame == (i == k), "\(place) and \(other)")
                    }
                }
            }
        }
    }

    /// Config, and the connections that there can be over all listeners.
    @Test(arguments: [
        ("max_connections 9", 9), ("max_connections 9\nlistener 1\nlistener 2", 9),
        ("max_connections 9\nlistener 1\nmax_connections 4", 9),
        ("listener 1\nmax_connections 4\nlistener 2\nmax_connections 3", 7), ("listener 1\nmax_connections 4", 4),
        ("listener 1\nmax_connections 4\nlistener 2", 256), ("", 256),
        ("listener 1\nmax_connections 4\nglobal_max_connections 9", 9), ("global_max_connections 9", 9),
        ("listener 1\nmax_connections 300000\nlistener 2\nmax_connections 300000", 300_000),
    ])
    func `All listeners together have as many connections as is said, or as their limits add up to`(
        config: String, count: Int
    ) {
        #expect(Outcome(config).settings?.limits.maxConnections == count)
    }
}
