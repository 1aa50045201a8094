import Base
import Broker
import Foundation
import TestSupport
import Testing

struct PasswordFileTests {
    private static let salt = Data((0..<12).map { UInt8($0) }).base64EncodedString()
    private static let hash = Data((0..<64).map { UInt8($0) }).base64EncodedString()

    /// The number of the first wrong line.
    private func check(_ text: String) -> Int? { withView(text) { PasswordFile.check($0) } }

    private func find(_ user: String, in text: String) -> String? {
        withView(text) { view in
            withView(user) { PasswordFile(view).find($0) }.map { entry in
                "\(entry.kind.rawValue) \(entry.iterations) \(entry.salt.text) \(entry.hash.text)"
            }
        }
    }

    @Test func `Both kinds that mosquitto_passwd has written are read`() {
        let (salt, hash) = (PasswordFileTests.salt, PasswordFileTests.hash)
        let text = "old:$6$\(salt)$\(hash)\nnew:$7$101$\(salt)$\(hash)\n"
        #expect(check(text) == nil)
        #expect(find("old", in: text) == "6 1 \(salt) \(hash)")
        #expect(find("new", in: text) == "7 101 \(salt) \(hash)")
    }

    @Test(arguments: ["", "\n", "# users\n", "\r\n\r\n"])
    func `A file without users is in order, and finds nobody`(text: String) {
        #expect(check(text) == nil)
        #expect(find("", in: text) == nil)
        #expect(find("a", in: text) == nil)
    }

    @Test(arguments: ["a", "A", "with space", "grüße", "a$b", "very-long-" + String(repeating: "n", count: 200)])
    func `A user is found by the whole name, and by nothing else`(user: String) {
        let entry = "$7$1$\(PasswordFileTests.salt)$\(PasswordFileTests.hash)"
        let text = "first:\(entry)\n\(user):\(entry)\n"
        #expect(check(text) == nil)
        #expect(find(user, in: text) != nil)
        for other in ["", user + "x", String(user.dropLast()), user + ":", "firs", "$7"] where other != user {
            #expect(find(other, in: text) == nil, "\(other)")
        }
    }

    @Test func `Of two lines for one user the first is taken`() {
        let (salt, hash) = (PasswordFileTests.salt, PasswordFileTests.hash)
        #expect(find("a", in: "a:$7$5$\(salt)$\(hash)\na:$7$6$\(salt)$\(hash)")?.hasPrefix("7 5 ") == true)
    }

    @Test(arguments: [
        "a", "a:", ":$6$SALT$HASH", "a:secret", "a:$", "a:$6", "a:$6$SALT", "a:$6$SALT$", "a:$6$$HASH",
        "a:$6$SALT$HASH$",
        "a:$6$SALT$HASH$x", "a:$6$1$SALT$HASH", "a:$7$SALT$HASH", "a:$7$$SALT$HASH", "a:$7$0$SALT$HASH",
        "a:$7$-1$SALT$HASH", "a:$7$1x$SALT$HASH", "a:$7$100001$SALT$HASH", "a:$7$99999999999999999999$SALT$HASH",
        "a:$8$SALT$HASH", "a:$66$SALT$HASH", "a:$2b$12$SALT$HASH", "a:6$SALT$HASH", "a:x$6$SALT$HASH", "a:$6$SA!T$HASH",
        "a:$6$SALT$HA SH", "a:$6$SALT$HAS", "a $6$SALT$HASH", "a:$7$1$SALT$HASH:x",
    ])
    func `A line that is not of that form is refused with its number`(line: String) {
        let whole = line.replacing("SALT", with: PasswordFileTests.salt).replacing("HASH", with: PasswordFileTests.hash)
        let good = "a:$6$\(PasswordFileTests.salt)$\(PasswordFileTests.hash)\n"
        #expect(check(whole) == 1)
        #expect(check(good + "\n# x\n" + whole + "\n" + good) == 4)
    }

    @Test(arguments: [1, 100_000])
    func `The number of rounds is from 1 to 100000`(rounds: Int) {
        let text = "a:$7$\(rounds)$\(PasswordFileTests.salt)$\(PasswordFileTests.hash)"
        #expect(find("a", in: text)?.hasPrefix("7 \(rounds) ") == true)
    }

    @Test(arguments: [1, 12, 64, 65])
    func `Salt and hash have up to 64 bytes`(count: Int) {
        let text = Data(repeating: 7, count: count).base64EncodedString()
        #expect((check("a:$6$\(text)$\(PasswordFileTests.hash)") == nil) == (count <= 64))
        #expect((check("a:$6$\(PasswordFileTests.salt)$\(text)") == nil) == (count <= 64))
    }

    @Test(arguments: seeds)
    func `A file with anything changed is in order or has a line that is wrong`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let (salt, hash) = (PasswordFileTests.salt, PasswordFileTests.hash)
        let whole = Array("# users\nann:$7$101$\(salt)$\(hash)\r\nbob:$6$\(salt)$\(hash)\n".utf8)
        let alphabet = Array("$$$::67019=AZaz+/\n\r\t #\u{0}".utf8) + [0xFF]
        for round in 0..<20_000 {
            var bytes = whole
            for _ in 0..<(1 + random.below(5)) where !bytes.isEmpty {
                let i = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[i] = random.pick(alphabet)
                case 1: bytes.insert(random.pick(alphabet), at: i)
                case 2: bytes.remove(at: i)
                default: bytes.removeSubrange(i..<min(bytes.count, i + random.below(60)))
                }
            }
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            let text = Text(bytes)
            let wrong = PasswordFile.check(text.view)
            guard (1...lines).contains(wrong ?? 1) else { return fail("round \(round)") }
            // Looking for somebody passes over lines that are wrong.
            for user in ["ann", "bob", ""] { _ = withView(user) { PasswordFile(text.view).find($0) } }
        }
    }
}
