import Base
import Config
import TestSupport
import Testing

/// OpenWrt's /etc/config/mosquitto, as its init script has it.
struct ImportUCITests {
    @Test func `Each line stays where it is`() {
        #expect(Rewritten("""
            # mosquitto
            config mosquitto 'mosquitto'

            \toption allow_anonymous '1'
            \tlist log_types 'error'
            """) == .text("\n\n\nallow_anonymous 1\nlog_type error\n"))
    }

    @Test(arguments: [
        ("option port 1884", "port 1884"), ("option port '1884'", "port 1884"), ("option port \"1884\"", "port 1884"),
        ("option acl_file '/etc/with space'", "acl_file /etc/with space"), ("option acl_file a\\ b", "acl_file a b"),
        (#"option acl_file "a\"b""#, #"acl_file a"b"#), (#"option acl_file 'a\b'"#, #"acl_file a\b"#),
        ("option acl_file 'a'\"'\"'b'", "acl_file a'b"), ("option 'port' 1 # here", "port 1"),
        ("option acl_file a#b", "acl_file a#b"), ("option no_remote_access '1'", "bind_address localhost"),
        ("option no_remote_access on", "bind_address localhost"), ("option no_remote_access 0", ""),
        ("list log_dest 'syslog'", "log_dest syslog"), ("option max_keepalive 60", "!max_keepalive 60"),
    ])
    func `Quotes go, and names are mosquitto's`(line: String, result: String) {
        #expect(Rewritten("config mosquitto\n\(line)") == .text("\n\(result)\n"))
    }

    @Test func `Sections become listeners and connections, with what stands below them`() {
        #expect(Rewritten("""
            config persistence
            option client_expiration 2m
            option location '/tmp/m'
            config listener
            option max_connections 5
            option port 1884
            option no_remote_access 1
            config listener 'named'
            option port 1885
            option bind_address 192.168.1.1
            option auth_opt_host db
            config bridge
            option address 'b.lan:1883'
            list topic '# both 1 "" here/'
            option connection 'cloud'
            option cafile '/etc/ca'
            option attempt_unsubscribe 0
            """) == .text("""

            persistent_client_expiration 2m
            persistence_location /tmp/m
            listener 1884 127.0.0.1
            max_connections 5


            listener 1885

            !bind_address 192.168.1.1
            auth_opt_host db
            connection cloud
            address b.lan:1883
            topic # both 1 "" here/

            bridge_cafile /etc/ca
            bridge_attempt_unsubscribe 0

            """))
    }

    @Test(arguments: [("0", "use_uci 0"), ("1", "")])
    func `Whether mosquitto uses the file at all is told`(value: String, line: String) {
        let file = "config owrt 'owrt'\n\toption use_uci '\(value)'\n\toption write_pid 1"
        #expect(Rewritten(file) == .text("\n\(line)\n\n", saysUse: true))
    }

    @Test(arguments: [
        ("config mosquitto\noption port '1883", 2), ("config mosquitto\n\nport 1883", 3), ("config", 1),
        ("package mosquitto\noption port 1", 2), ("config mosquitto\noption", 2),
        ("config mosquitto\noption allow_anonymous 1\noption per_listener_settings 1", 3),
    ])
    func `A line that is none of UCI's is told`(file: String, line: Int) {
        #expect(Rewritten(file) == .wrong(line: line))
    }

    @Test(arguments: [("config owrt", true), ("# x\n\n package mosquitto", true), ("port 1883", false), ("", false)])
    func `The first line tells UCI from mosquitto.conf`(file: String, isUCI: Bool) {
        Array(file.utf8).withUnsafeBufferPointer { buffer in
            let view = buffer.isEmpty ? .empty : ByteView(buffer.baseAddress!, buffer.count)
            #expect(ImportUCI.isUCI(view) == isUCI)
        }
    }

    @Test func `The mosquitto section is for all, wherever it stands`() {
        let file = "config listener\noption port 1\nconfig mosquitto\noption protocol websockets\noption port 2"
        guard case .text(let conf, _) = Rewritten(file) else { return fail("a file") }
        #expect(Imported(conf).lines == ["allow_anonymous false", "listener 1"])
        #expect(Imported(conf).leftOutKeys.sorted() == ["4: protocol", "5: port"])
    }

    @Test(arguments: [
        "option connection c\noption address b\noption topic #", "option connection c\nlist topic #",
        "option address b\nlist topic #",
    ])
    func `A bridge without name, address or a list of topics is ignored, as by the script`(section: String) {
        guard case .text(let conf, _) = Rewritten("config bridge\n\(section)") else { return fail("a file") }
        #expect(Imported(conf).lines == [])
        #expect(Imported(conf).leftOut.count == section.split(separator: "\n").count)
    }

    @Test func `What the script does not hand on is left out`() {
        guard case .text(let conf, _) = Rewritten("config mosquitto\noption port 1\noption max_keepalive 60") else {
            return fail("a file")
        }
        #expect(Imported(conf).leftOut == ["3: max_keepalive: OpenWrt's script does not hand it on to mosquitto"])
    }
}
