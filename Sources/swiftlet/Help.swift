import Base
import Config
import Linux

extension Program {
    mutating func writeHelp() {
        let usage: StaticString = """
            swiftlet: MQTT broker or client with a fixed amount of memory

            usage: swiftlet [-c] [FILE]     run what the board config FILE says (- is standard input);
                                            without FILE, a broker for this machine on port 1883
                   swiftlet --plan [FILE]   print the memory plan; fails when it is over memory_budget
                   swiftlet --check [FILE]  check all files, say who may connect or what a client does, print the plan
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
        writeKeys("Keys of all boards:") { $0.belongs(to: .broker) && $0.belongs(to: .client) }
        writeKeys("Keys of brokers (mode broker):") { !$0.belongs(to: .client) }
        writeKeys("Keys of clients (mode client):") { !$0.belongs(to: .broker) }
    }

    private mutating func writeKeys(_ title: StaticString, _ isListed: (Option) -> Bool) {
        line.text(title)
        end(to: .output)
        let broker = Limits(.broker)
        let client = Limits(.client)
        var i: UInt8 = 0
        while let option = Option(rawValue: i) {
            i += 1
            guard isListed(option) else { continue }
            let row = option.row
            line.text("  ")
            line.column(row.name, width: 30)
            row.kind.describe(to: &line)
            if row.kind.hasDefault {
                line.text(", default ")
                let ofBroker = option.belongs(to: .broker)
                line.number(ofBroker ? broker[option] : client[option])
                if ofBroker, option.belongs(to: .client), broker[option] != client[option] {
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
            line.text(", or a link named ")
            line.text(applet.row.link)
            line.text(": ")
            line.text(applet.row.help)
            end(to: .output)
        }
    }
}
