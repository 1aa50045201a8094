import Base
import Linux

extension Program {
    mutating func writeClientHelp(_ tool: ClientOption.Tools) {
        System.write(ByteView(tool == .pub ? ClientHelp.pub : ClientHelp.sub), to: .output)
        var i: UInt8 = 0
        while let option = ClientOption(rawValue: i) {
            i += 1
            guard option.exists(for: tool) else { continue }
            let row = option.row
            line.text("  ")
            var width = 34
            if let short = row.short {
                line.text(short)
                width -= short.utf8CodeUnitCount
                if row.long != nil {
                    line.text(", ")
                    width -= 2
                }
            }
            if let long = row.long {
                line.text(long)
                width -= long.utf8CodeUnitCount
            }
            if let value = row.value {
                line.text(" ")
                line.text(value)
                width -= value.utf8CodeUnitCount + 1
            }
            line.spaces(width)
            line.text(row.help)
            end(to: .output)
        }
        if tool == .sub { System.write(ByteView(ClientHelp.format), to: .output) }
        System.write(ByteView(ClientHelp.rest), to: .output)
    }
}

private enum ClientHelp {
    static var pub: StaticString {
        """
        swiftlet pub, or a link named mosquitto_pub: publishes a message, or a message a line

        usage: swiftlet pub -t TOPIC -m TEXT|-f FILE|-n|-s|-l [OPTION...]

        """
    }

    static var sub: StaticString {
        """
        swiftlet sub, or a link named mosquitto_sub: shows messages as they come

        usage: swiftlet sub -t FILTER [-t FILTER...] [OPTION...]

        """
    }

    static var format: StaticString {
        """

        FORMAT is text in which % @ and \\ mean something:
          %t topic  %p payload  %x %X payload in hexadecimal  %l its length  %q QoS  %r retained  %m packet id
          %j JSON with the payload as a string  %J with the payload as JSON  %I time  %U seconds since 1970  %% a %
          between % and letter: - left, 0 zeros in front, width, .most; in front of x or X what separates bytes
          @ and a letter of strftime: @H:@M  @N nanoseconds  @@ an @      \\n \\t \\r \\0 \\a \\e \\v \\\\

        """
    }

    static var rest: StaticString {
        """

        Options may stand in a file, one a line with what belongs to it, in $XDG_CONFIG_HOME/mosquitto_pub or
        $HOME/.config/mosquitto_pub (or mosquitto_sub), or in FILE of -o in their place.
        A first attempt to connect must succeed, and a connection that is lost later is made again. --retry never leaves
        out the second; until-first makes attempts until one succeeds, and then no more; always does both.

        exit status: 0 done; 1 the system refused something; 2 the command line is wrong; 3 no such host; 4 the host's
        name cannot be looked up; 5 the broker cannot be reached; 6 no answer; 7 the connection was lost; 8 the broker
        does not answer any more; 9 the broker broke the rules; 10 a message is too long; 11 a file cannot be read;
        12 all subscriptions were denied; 13 nobody reads the output; 21 to 25 the broker refused: 21 protocol version,
        22 client id, 23 unavailable, 24 user name or password, 25 not authorised; 27 the time of -W is up

        """
    }
}
