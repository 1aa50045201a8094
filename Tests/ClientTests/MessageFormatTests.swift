import Base
import Testing
import TestSupport
import Wire

@testable import Client

/// What mosquitto_sub 2.0.11 printed for the same messages, byte for byte.
struct MessageFormatTests {
    private static let payload = Array("hello \"x\" \\ \n\t\u{1}".utf8) + [0xFF, 0xC3, 0xA9] + Array("/".utf8)
    /// 2026-11-24, 12:34:36.558857123 UTC.
    private static let seconds: UInt32 = 1_795_523_676

    private func shown(
        _ format: MessageFormat, _ payload: [UInt8], topic: String = "a/b", qos: QoS = .atMostOnce, retain: Bool = true,
        packetID: UInt16 = 0, zone: String = "UTC0"
    ) throws -> [UInt8] {
        var kept = Kept()
        try zone.withBytes { zone in
            let rule = try #require(ZoneRule(parsing: zone))
            topic.withBytes { topic in
                payload.withView { payload in
                    let time = rule.time(seconds: MessageFormatTests.seconds, nanoseconds: 558_857_123)
                    _ = format.write(
                        ReceivedMessage(
                            topic: topic, payload: payload, qos: qos, retain: retain, packetID: packetID, time: time),
                        to: &kept)
                }
            }
        }
        return kept.bytes
    }

    private func shown(
        _ format: String, _ payload: [UInt8] = MessageFormatTests.payload, qos: QoS = .atMostOnce, packetID: UInt16 = 0,
        isPretty: Bool = false, zone: String = "UTC0"
    ) throws -> [UInt8] {
        try format.withBytes { format in
            try shown(
                .custom(format, endsLines: false, isPretty: isPretty), payload, qos: qos, packetID: packetID,
                zone: zone)
        }
    }

    @Test(arguments: [
        ("%t|", "a/b|"), ("%10t|", "       a/b|"), ("%-10t|", "a/b       |"), ("%.2t|", "a/|"),
        ("%10.2t|", "        a/|"), ("%-10.2t|", "a/        |"), ("%.t|", "|"), ("%-05t|", "a/b  |"),
        ("%I", "2026-11-24T12:34:36+0000"), ("%30I|", "      2026-11-24T12:34:36+0000|"), ("%.4I", "2026"),
        ("%-30.4I|", "2026                          |"), ("%U %3U", "1795523676.558857123 1795523676.558857123"),
        ("%l %5l %-5l| %05l", "19    19 19   | 00019"), ("%-05l|", "19   |"), ("%m %q %r %5q %5m|", "0 0 1 0     0|"),
        ("%x", "68656c6c6f20227822205c200a0901ffc3a92f"), ("%10x|", "68656c6c6f|"), ("%-20x|", "68656c6c6f20227822  |"),
        ("%020X|", "0068656C6C6F20227822|"), ("%.3x|", "68656c6c6f20227822205c200a0901ffc3a92f|"),
        ("%5p", "hello"), ("%5%%-5%", "%%"), ("@@", "@"), ("@N", "558857123"), ("", ""), ("plain", "plain"),
        (#"\\\0\a\e\n\r\t\v"#, "\\\0\u{7}\u{1B}\n\r\t\u{B}"),
    ])
    func `A format's conversions are written as mosquitto_sub writes them`(format: String, expected: String) throws {
        #expect(try String(decoding: shown(format), as: UTF8.self) == expected)
    }

    @Test(arguments: [
        ("%50p|", 31, " ", 0), ("%050p|", 31, "0", 0), ("%-50p|", 0, " ", 31), ("%-040p|", 0, " ", 21),
        ("%-p|", 0, " ", 19), ("%0p|", 0, " ", 0), ("%.3p|", 0, " ", 0),
    ])
    func `A payload is padded as mosquitto_sub pads it`(format: String, front: Int, pad: String, behind: Int) throws {
        let expected = Array(String(repeating: pad, count: front).utf8) + MessageFormatTests.payload
            + Array(String(repeating: " ", count: behind).utf8) + Array("|".utf8)
        #expect(try shown(format) == expected)
    }

    @Test(arguments: [
        ("a", "Tue"), ("A", "Tuesday"), ("b", "Nov"), ("B", "November"), ("c", "Tue Nov 24 12:34:36 2026"), ("C", "20"),
        ("d", "24"), ("D", "11/24/26"), ("e", "24"), ("E", "%E"), ("f", "%f"), ("F", "2026-11-24"), ("g", "26"),
        ("G", "2026"), ("h", "Nov"), ("H", "12"), ("I", "12"), ("j", "328"), ("k", "12"), ("l", "12"), ("m", "11"),
        ("M", "34"), ("n", "\n"), ("N", "558857123"), ("O", "%O"), ("p", "PM"), ("P", "pm"), ("r", "12:34:36 PM"),
        ("R", "12:34"), ("s", "1795523676"), ("S", "36"), ("t", "\t"), ("T", "12:34:36"), ("u", "2"), ("U", "47"),
        ("V", "48"), ("w", "2"), ("W", "47"), ("x", "11/24/26"), ("X", "12:34:36"), ("y", "26"), ("Y", "2026"),
        ("z", "+0000"), ("Z", "UTC"), ("%", "%"), ("+", "%+"), ("2", "%2"), ("3", " %3"), ("9", "       %9"),
        ("\\", "%\\"), ("~", "%~"),
    ])
    func `A letter of a time is written as strftime writes it`(letter: String, expected: String) throws {
        #expect(try String(decoding: shown("@" + letter), as: UTF8.self) == expected)
    }

    @Test func `Times are the zone's`() throws {
        let zone = "<+0530>-5:30"
        #expect(try String(decoding: shown("%I @Z @H:@M %U", zone: zone), as: UTF8.self)
            == "2026-11-24T18:04:36+0530 +0530 18:04 1795523676.558857123")
        #expect(try String(decoding: shown("%j", [], zone: "XYZ3:30"), as: UTF8.self)
            .hasPrefix(#"{"tst":"2026-11-24T09:04:36.558857Z-0330","#))
    }

    @Test func `JSON has the payload as an escaped string that ends at a zero byte`() throws {
        let begin = #"{"tst":"2026-11-24T12:34:36.558857Z+0000","topic":"a/b","qos":0,"retain":1,"payloadlen":"#
        let escaped = Array((begin + #"19,"payload":"hello \"x\" \\ \n\t\u0001"#).utf8) + [0xFF, 0xC3, 0xA9]
        #expect(try shown("%j") == escaped + Array(#"/"}"#.utf8))
        #expect(try shown("%j", Array("a\0b".utf8)) == Array((begin + #"3,"payload":"a"}"#).utf8))
        #expect(try shown("%j", []) == Array((begin + #"0,"payload":null}"#).utf8))
        #expect(try shown("%J", []) == Array((begin + #"0,"payload":null}"#).utf8))
    }

    @Test func `JSON names the packet id of QoS 1 and 2`() throws {
        #expect(try String(decoding: shown("%j %m", [0x78], qos: .exactlyOnce, packetID: 7), as: UTF8.self)
            .hasSuffix(#","qos":2,"retain":1,"payloadlen":1,"mid":7,"payload":"x"} 7"#))
    }

    @Test func `Pretty JSON stands on several lines`() throws {
        let expected = "{\n\t\"tst\":\t\"2026-11-24T12:34:36.558857Z+0000\",\n\t\"topic\":\t\"a/b\",\n\t\"qos\":\t0,\n"
            + "\t\"retain\":\t1,\n\t\"payloadlen\":\t1,\n\t\"payload\":\t\"a\"\n}"
        #expect(try String(decoding: shown("%j", [0x61], isPretty: true), as: UTF8.self) == expected)
    }

    @Test func `A payload that is no JSON leaves a gap, and is told`() {
        "a%Jb".withBytes { format in
            "a/b".withBytes { topic in
                for (payload, isJSON) in [("{}", true), ("{", false)] {
                    payload.withBytes { payload in
                        var kept = Kept()
                        let message = ReceivedMessage(
                            topic: topic, payload: payload, qos: .atMostOnce, retain: false, packetID: 0)
                        #expect(MessageFormat.custom(format).write(message, to: &kept) == isJSON)
                        if !isJSON { #expect(kept.text == "ab\n") }
                    }
                }
            }
        }
    }

    @Test func `Without a format there is the payload, or topic and payload, as mosquitto_sub shows them`() throws {
        for (format, full, empty) in [
            (MessageFormat.payload(endsLines: true), "x\n", ""), (.payload(endsLines: false), "x", ""),
            (.topicAndPayload(endsLines: true), "a/b x\n", "a/b (null)\n"),
            (.topicAndPayload(endsLines: false), "a/b x", ""),
        ] {
            #expect(try shown(format, [0x78]) == Array(full.utf8))
            #expect(try shown(format, []) == Array(empty.utf8))
        }
    }

    @Test func `Bytes in hexadecimal may have a separator`() throws {
        #expect(try String(decoding: shown("%:x|% X|%-8.x", [1, 2, 0xAB]), as: UTF8.self)
            == "01:02:ab|01 02 AB|01      ")
    }

    @Test(arguments: [
        ("a%", "% is not complete"), ("%5", "%5 is not complete"), ("%-", "%- is not complete"),
        ("%5.3", "%5.3 is not complete"), ("@", "@ is not complete"), ("x\\", "\\\\ is not complete"),
        (#"a\q"#, #"\\q is not understood"#), ("%z", "%z is not understood"), ("%0-5t", "%0- is not understood"),
        ("%: t", "%: is not understood"), ("%100000t", "%100000t has too large a number"),
        ("%t%3A", "%3A needs MQTT 5, which swiftlet does not have"),
        ("%d", "%d needs floating point, which swiftlet does without"),
    ])
    func `A wrong conversion is named`(format: String, problem: String) throws {
        try format.withBytes { format in
            let found = try #require(MessageFormat.check(format))
            #expect(withLine { found.write(to: &$0) } == problem)
        }
    }

    @Test(arguments: [
        ("%p %t", false), ("@@ %%", false), ("%j", true), ("%J", true), ("%U", true), ("x%5I", true), ("@s", true),
    ])
    func `Whether the time is needed, a format knows`(format: String, needsTime: Bool) {
        format.withBytes { #expect(MessageFormat.custom($0).needsTime == needsTime) }
    }
}
