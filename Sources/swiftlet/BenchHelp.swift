import Base
import Linux

extension Program {
    mutating func writeBenchHelp() {
        let usage: StaticString = """
            swiftlet bench: puts load on an MQTT broker, checks every message and tells how long it took

            usage: swiftlet bench [OPTION]...

            """
        System.write(ByteView(usage), to: .output)
        var i: UInt8 = 0
        while let option = BenchOption(rawValue: i) {
            i += 1
            let row = option.row
            line.text("  ")
            var width = 26 - row.name.utf8CodeUnitCount
            line.text(row.name)
            if let value = row.value {
                line.text(" ")
                line.text(value)
                width -= value.utf8CodeUnitCount + 1
            }
            line.spaces(width)
            line.text(row.help)
            end(to: .output)
        }
        let rest: StaticString = """

            Publisher i publishes in turn to the topics i, i + P, i + 2 P and so on, or with fewer topics than
            publishers to i modulo T; subscriber j has the topic j modulo T, or with more topics than subscribers each
            that is j modulo S. So by default one publishes to one; --publishers 100 is fan-in, --subscribers 100
            fan-out, and --publishers 10 --subscribers 10 --topics 10 ten pairs. With --filters each topic is matched
            by one filter.

            When everybody is connected and subscribed, the measured phase begins; it ends when the last message has
            been delivered and acknowledged. What came of it is one line of JSON. Latencies are in microseconds, from
            publisher to subscriber; of --retained from SUBSCRIBE, and of --connects from the first packet of TCP to
            CONNACK. With --rate a message that the broker had no room for counts from when it was due. With --process,
            cpu_us is the broker's processor time in the measured phase, rss_kb_before its memory before anybody
            connected, and wakeups its voluntary context switches.

            Exit status: 0 when everything has been delivered; 1 when something is lost, corrupt, out of order, or with
            QoS 0 or 2 doubled; 2 when the command line is wrong; when it could not begin, as with swiftlet pub.

            """
        System.write(ByteView(rest), to: .output)
    }
}
