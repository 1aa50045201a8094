import Base
import Broker
import TestSupport
import Testing

/// The grammar of access files.
struct AccessListTests {
    private func check(_ text: String) -> Int? { withView(text) { Broker.checkACL($0) } }

    @Test(arguments: [
        "", "\n\n", "# a comment", "topic a", "topic read a/#", "topic write +/a", "topic readwrite a",
        "topic deny a/+/b",
        "user ann", "user ann smith", "pattern a/%u/%c", "pattern read %u/#", "pattern deny %c", "topic read",
        "topic deny",
        "topic\tread\ta", "topic  read   a", "topic a b", "topic read a b", "topic read write", "topic $SYS/#",
        "topic /",
        "user a\r\ntopic b\r\n", "topic %u", "pattern a", "user topic", "user #",
    ])
    func `A line of mosquitto's grammar is taken`(text: String) {
        #expect(check(text) == nil)
    }

    @Test(arguments: [
        "topic", "user", "pattern", "user ", "topics a", "Topic a", "deny a", "a", "topic read a+", "topic #/a",
        "topic a#",
        "topic deny a/#/b", "pattern %u#", "pattern +%c", "topic=a", "allow_anonymous true", "user_ a",
        "topic read a\u{0}",
    ])
    func `Any other line is refused with its number`(line: String) {
        #expect(check(line) == 1)
        #expect(check("user ann\n\n# x\ntopic a\n" + line + "\ntopic b") == 5)
    }

    @Test func `A filter that is no UTF-8 is refused [MQTT-1.5.3-1]`() {
        let text = Text(Array("topic a\ntopic ".utf8) + [0xC3, 0x28])
        #expect(Broker.checkACL(text.view) == 2)
    }

    @Test func `As many rules as their texts have bytes for fit, in however many files`() async {
        await #expect(processExitsWith: .success) {
            // Eight bytes a line, but for the last of each file, which has no end.
            let first = Text((0..<26).map { _ in "topic a" }.joined(separator: "\n"))
            let other = Text("topic b")
            let broker = TestBroker(acl: "") { $0.maxAccessBytes = first.view.count + 8 * other.view.count }
            broker.addAccess(0, first)
            for index in 1...8 { broker.addAccess(index, other) }
        }
    }

    @Test(arguments: seeds)
    func `A file with anything changed rules, or has a line that is wrong`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let lines = [
            "topic read a/#", "user ann", "topic write b/+", "topic deny b/c", "pattern readwrite %u/%c/#", "# x",
        ]
        let alphabet = Array("abu %c/#+\n\r\t\u{0}".utf8) + [0xFF]
        var ruling = 0
        for round in 0..<2000 {
            var bytes = Array((0..<(1 + random.below(8))).map { _ in random.pick(lines) }.joined(separator: "\n").utf8)
            for _ in 0..<random.below(4) where !bytes.isEmpty {
                let i = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[i] = random.pick(alphabet)
                case 1: bytes.insert(random.pick(alphabet), at: i)
                default: bytes.remove(at: i)
                }
            }
            let count = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            let text = Text(bytes)
            if let wrong = Broker.checkACL(text.view) {
                guard (1...count).contains(wrong) else { return fail("round \(round)") }
            } else if ruling < 100 {
                ruling += 1
                let broker = TestBroker(acl: String(decoding: bytes, as: UTF8.self)) { $0.maxAccessBytes = 1024 }
                broker.publish(broker.connect("c", user: "ann"), "a/b")
            }
        }
        #expect(ruling == 100)
    }
}
