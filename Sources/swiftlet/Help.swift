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
                   swiftlet --fixed [FILE]  print what only a restart can change, for whoever has to decide on one
                   swiftlet --check [FILE]  check all files, say who may connect, and what a bridge or client does
                   swiftlet --import FILE   print the board config that does what a mosquitto.conf, or OpenWrt's
                                            /etc/config/mosquitto, does; say what of it has no counterpart
                   swiftlet --schema        all keys of board configs, in Markdown
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
        var raw: UInt8 = 0
        while let group = KeyGroup(rawValue: raw) {
            raw += 1
            line.text(group.title)
            line.text(":")
            end(to: .output)
            writeKeys(group)
        }
    }

    private mutating func writeKeys(_ group: KeyGroup) {
        var raw: UInt8 = 0
        while let option = Option(rawValue: raw) {
            raw += 1
            guard group.contains(option) else { continue }
            line.text("  ")
            line.column(option.row.name, width: 30)
            writeForm(option, group)
            end(to: .output)
            line.spaces(32)
            line.text(option.row.help)
            end(to: .output)
        }
    }

    /// What a value looks like, and which one there is if no line says.
    mutating func writeForm(_ option: Option, _ group: KeyGroup) {
        option.row.kind.describe(to: &line)
        guard option.row.kind.hasDefault else { return }
        let (broker, client) = (Limits(.broker)[option], Limits(.client)[option])
        line.text(", default ")
        line.number(group.isOfClients ? client : broker)
        guard group == .all, broker != client else { return }
        line.text(", of a client ")
        line.number(client)
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
