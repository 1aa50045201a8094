import Base
import Config
import Linux

extension Program {
    mutating func writeHelp() {
        let usage: StaticString = """
            swiftlet: MQTT broker, bridge or client with a fixed amount of memory

            usage: swiftlet [-c] [FILE]     run what the board config FILE says (- is standard input);
                                            without FILE, a broker for this machine on port 1883
                   swiftlet --plan [FILE]   print the memory plan; fails when it is over memory_budget
                   swiftlet --check [FILE]  check all files, say who may connect, and what a bridge or client does
                   swiftlet --help          this text
                   swiftlet --version       version and processor family
            options: -p PORT  serve this machine on PORT, where FILE has no listener; or a client's, where an address
                              has none
                     -v       log everything, whatever the file says
            signals: TERM and INT stop, HUP reads the board config again, USR1 logs how much of each pool is used

            """
        System.write(ByteView(usage), to: .output)
        writeApplets()
        let keys: StaticString = """

            A board config has lines of `key value`; lines that begin with # are comments.

            """
        System.write(ByteView(keys), to: .output)
        writeKeys("Keys of all boards:", broker: true, client: true, bridge: true)
        writeKeys("Keys of brokers (mode broker, mode bridge):", broker: true, client: false, bridge: true)
        writeKeys("Keys of a client, and of a bridge's connection:", broker: false, client: true, bridge: true)
        writeKeys("Keys of clients (mode client):", broker: false, client: true, bridge: false)
        writeKeys("Keys of a bridge (mode bridge):", broker: false, client: false, bridge: true)
    }

    /// Those that belong to these modes and no other.
    @inline(never)
    private mutating func writeKeys(_ title: StaticString, broker ofBroker: Bool, client ofClient: Bool, bridge: Bool) {
        line.text(title)
        end(to: .output)
        let broker = Limits(.broker)
        let client = Limits(.client)
        var i: UInt8 = 0
        while let option = Option(rawValue: i) {
            i += 1
            guard option.belongs(to: .broker) == ofBroker, option.belongs(to: .client) == ofClient,
                option.belongs(to: .bridge) == bridge
            else { continue }
            let row = option.row
            line.text("  ")
            line.column(row.name, width: 30)
            row.kind.describe(to: &line)
            if row.kind.hasDefault {
                line.text(", default ")
                line.number(ofClient && !ofBroker ? client[option] : broker[option])
                if ofBroker, ofClient, broker[option] != client[option] {
                    line.text(", of a client ")
                    line.number(client[option])
                }
            }
            end(to: .output)
            line.spaces(32)
            line.text(row.help)
            end(to: .output)
        }
    }

    /// What else the program can be.
    private mutating func writeApplets() {
        var i: UInt8 = 0
        while let applet = Applet(rawValue: i) {
            i += 1
            guard let word = applet.row.word else { continue }
            line.text("applets: swiftlet ")
            line.text(word)
            if let link = applet.row.link {
                line.text(", or a link named ")
                line.text(link)
            }
            line.text(": ")
            line.text(applet.row.help)
            end(to: .output)
        }
    }
}
