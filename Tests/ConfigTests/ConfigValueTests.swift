import Base
import Config
import Testing

struct ConfigValueTests {
    private func size(_ value: String) -> Int? {
        Outcome("max_queued_bytes \(value)").settings?.limits.maxQueuedBytes
    }

    private func duration(_ value: String) -> Int? {
        Outcome("persistent_client_expiration \(value)").settings?.limits.persistentClientExpirationSeconds
    }

    private func number(_ value: String) -> Int? {
        Outcome("max_queued_messages \(value)").settings?.limits.maxQueuedMessages
    }

    @Test(arguments: [("0", 0), ("17", 17), ("0017", 17), ("1000000", 1_000_000)])
    func `A number is digits`(value: String, expected: Int) { #expect(number(value) == expected) }

    @Test(arguments: [
        "", "-1", "+1", "1.5", "1e3", "0x10", "1K", "ten", "1 2", "1_000", "2147483648", "4294967297",
        "18446744073709551617", "99999999999999999999999999",
    ])
    func `What is no number is refused`(value: String) { #expect(number(value) == nil) }

    @Test(arguments: [("100", 100), ("1K", 1024), ("64K", 65_536), ("1M", 1_048_576), ("1024M", 1 << 30), ("0M", 0)])
    func `A size counts bytes, K or M`(value: String, expected: Int) { #expect(size(value) == expected) }

    @Test(arguments: ["K", "1k", "1m", "1KB", "1 K", "1G", "1.5K", "-1K", "2048M", "4194304K", "9999999999M"])
    func `What is no size is refused`(value: String) { #expect(size(value) == nil) }

    @Test(arguments: [
        ("90", 90), ("90s", 90), ("2min", 120), ("3h", 10_800), ("2d", 172_800), ("1w", 604_800), ("2m", 5_184_000),
        ("1y", 31_536_000), ("10y", 315_360_000), ("0d", 0),
    ])
    func `A duration counts seconds, minutes, hours, days, weeks, months or years`(value: String, expected: Int) {
        #expect(duration(value) == expected)
    }

    @Test(arguments: ["d", "1 d", "1D", "1day", "1mi", "1hh", "-1d", "1.5h", "11y", "99999999y", "1ms"])
    func `What is no duration is refused`(value: String) { #expect(duration(value) == nil) }

    @Test(arguments: [("true", true), ("false", false)])
    func `A flag is true or false`(value: String, expected: Bool) {
        #expect(Outcome("connection_messages \(value)").settings?.logsConnections == expected)
        #expect(Outcome("allow_anonymous \(value)").settings?.access(0).allowAnonymous == expected)
    }

    @Test(arguments: ["", "TRUE", "yes", "1", "truee", "t"])
    func `What is no flag is refused`(value: String) {
        let error = "board.conf:1: connection_messages: expected true or false"
        #expect(Outcome("connection_messages \(value)").error == error)
    }

    @Test(arguments: [
        ("1883", "[::]:1883"), ("0", "[::]:0"), ("65535", "[::]:65535"), ("1883 127.0.0.1", "127.0.0.1:1883"),
        ("1883 localhost", "127.0.0.1:1883"), ("1883 ::1", "[::1]:1883"), ("1883\t192.168.1.1", "192.168.1.1:1883"),
        ("1883   fe80::1 ", "[fe80::1]:1883"), ("1883 0.0.0.0", "0.0.0.0:1883"),
    ])
    func `A listener is a port, and an address if not all`(value: String, expected: String) {
        let settings = Outcome("listener \(value)").settings
        #expect(settings?.listenerCount == 1)
        #expect(settings.map { text($0.listener(0).address) } == expected)
    }

    @Test(arguments: [
        "", "65536", "-1", "mqtt", "127.0.0.1", "127.0.0.1 1883", "1883 router.lan", "1883 127.0.0.1 eth0",
        "1883 1.2.3", "1883:127.0.0.1",
    ])
    func `What is no listener is refused`(value: String) {
        let error = "board.conf:1: listener: expected PORT [IP ADDRESS] or 0 /PATH"
        #expect(Outcome("listener \(value)").error == error)
    }

    @Test func `The mode is broker, client or bridge, and broker if no line says`() {
        #expect(Outcome("").settings?.mode == .broker)
        #expect(Outcome("mode broker").settings?.mode == .broker)
        #expect(Outcome("mode client").settings?.mode == .client)
        #expect(Outcome("mode bridge\nconnection a\naddress h\ntopic x").settings?.mode == .bridge)
        #expect(Outcome("mode router").error == "board.conf:1: mode: expected broker, client or bridge")
    }
}
