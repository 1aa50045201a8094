import Base
import Broker
import Foundation
import TestSupport
import Testing

struct PasswordEditorTests {
    private static let salt = Data((0..<12).map { UInt8($0) }).base64EncodedString()
    private static let digest = Data((0..<64).map { UInt8($0) }).base64EncodedString()
    private static let hash = "$7$101$\(salt)$\(digest)"
    private static let oldHash = "$6$\(salt)$\(digest)"

    /// What `edit` makes of `text`; nil when that is longer than `capacity`.
    private func edited(_ text: String, capacity: Int = 4096, _ edit: (inout PasswordEditor) -> Void) -> String? {
        var space = [UInt8](repeating: 0, count: capacity + 1)
        return space.withUnsafeMutableBufferPointer { buffer in
            withView(text) { view in
                var editor = PasswordEditor(view, target: ByteWriter(buffer.baseAddress!, capacity: capacity))
                edit(&editor)
                return editor.isCut ? nil : editor.result.text
            }
        }
    }

    private func set(_ user: String, _ hash: String, in text: String, capacity: Int = 4096) -> String? {
        edited(text, capacity: capacity) { editor in
            withView(user) { user in withView(hash) { editor.set(user, hash: $0) } }
        }
    }

    /// Nil when there is nobody to be removed.
    private func remove(_ user: String, from text: String) -> String? {
        var isThere = false
        let result = edited(text) { editor in isThere = withView(user) { editor.remove($0) } }
        return isThere ? result : nil
    }

    /// Passwords with an H in front of them; or the number of the line that cannot be hashed, and why not.
    private func hashAll(_ text: String) -> String? {
        var problem: String?
        let result = edited(text) { editor in
            while true {
                switch editor.skipToPlain() {
                case .password(let user, let password):
                    withView("H\(password.text)") { editor.put(user, hash: $0) }
                case .wrong(let what):
                    problem = "\(editor.number): \(what)"
                    return
                case .end:
                    return
                }
            }
        }
        return problem ?? result
    }

    @Test(arguments: [
        ("", "u:H\n"), ("a:b\n", "a:b\nu:H\n"), ("a:b", "a:b\nu:H\n"), ("# u:x\n", "# u:x\nu:H\n"),
        ("\n\n", "\n\nu:H\n"), ("u\n", "u\nu:H\n"), ("uu:x\n", "uu:x\nu:H\n"), ("U:x\n", "U:x\nu:H\n"),
        ("a:u:x\n", "a:u:x\nu:H\n"), (":\n", ":\nu:H\n"),
    ])
    func `A user who is not there comes behind all others`(text: String, expected: String) {
        #expect(set("u", "H", in: text) == expected)
    }

    @Test(arguments: [
        ("u:x\n", "u:H\n"), ("u:x", "u:H\n"), ("a:b\nu:x\nc:d\n", "a:b\nu:H\nc:d\n"), ("u:\n", "u:H\n"),
        ("u:x\r\na:b\r\n", "u:H\r\na:b\r\n"), ("  u : x \n", "u:H\n"), ("u:x:y\n", "u:H\n"), ("#\nu:x\n#", "#\nu:H\n#"),
        ("a:b\r\nu:x\n", "a:b\r\nu:H\n"), ("u:x\nb", "u:H\nb"),
    ])
    func `A user who is there stays at the same place`(text: String, expected: String) {
        #expect(set("u", "H", in: text) == expected)
    }

    @Test func `A user who stands there twice has no other password left`() {
        #expect(set("u", "H", in: "u:x\na:b\nu:y\n") == "u:H\na:b\nu:H\n")
        #expect(remove("u", from: "u:x\na:b\nu:y") == "a:b\n")
    }

    @Test(arguments: [
        ("u:x\n", ""), ("u:x", ""), ("a:b\nu:x\nc:d", "a:b\nc:d"), ("a:b\nu:x", "a:b\n"), ("\n u:x\n\n", "\n\n"),
        ("# u:x\n", nil), ("u\n", nil), ("", nil), ("U:x\nuu:x\n", nil),
    ])
    func `A user who is removed leaves the others as they are`(text: String, expected: String?) {
        #expect(remove("u", from: text) == expected)
    }

    @Test(arguments: [
        ("", ""), ("u:x\n", "u:Hx\n"), ("u:x", "u:Hx\n"), (" u : x y \n", "u:Hx y\n"), ("u:$x\n", "u:H$x\n"),
        ("# u:x\n\nodd\n", "# u:x\n\nodd\n"), ("a:x\r\nb:y\r\n", "a:Hx\r\nb:Hy\r\n"), ("a:x\r\nb:y", "a:Hx\r\nb:Hy\n"),
        ("u:\(hash)\nv:x\nw:\(oldHash)", "u:\(hash)\nv:Hx\nw:\(oldHash)"), ("u:$5$x\n", "u:H$5$x\n"),
    ])
    func `What is plain text is hashed, and nothing else`(text: String, expected: String) {
        #expect(hashAll(text) == expected)
    }

    @Test(arguments: [
        "u:", "u: ", ":x", "u:a:b", "u:$7$", "u:$7$200000$\(salt)$\(digest)", "u:$6$x", "u:\(hash)=",
        "u:$argon2id$v=19$x", "a\tb:x", "\u{7F}:x",
    ])
    func `A line that cannot be hashed is told by its number`(line: String) {
        #expect(hashAll("# c\na:b\n\(line)\nc:d\n")?.hasPrefix("3: ") == true)
    }

    @Test func `What does not fit is not cut off but told`() {
        for capacity in 0..<12 { #expect(set("u", "H", in: "a:b\nu:x\nc:d\n", capacity: capacity) == nil) }
        #expect(set("u", "H", in: "a:b\nu:x\nc:d\n", capacity: 12) == "a:b\nu:H\nc:d\n")
    }

    @Test func `Whoever was set is found by a broker, with that hash`() {
        let text = set("ann", PasswordEditorTests.oldHash, in: "bob:\(PasswordEditorTests.hash)\n") ?? ""
        withView(text) { view in
            #expect(PasswordFile.check(view) == nil)
            #expect(withView("ann") { PasswordFile(view).find($0)?.kind } == .sha512)
            #expect(withView("bob") { PasswordFile(view).find($0)?.kind } == .pbkdf2)
        }
    }

    @Test(arguments: ["a", "with space", "grüße", "a$b", "-", "a#", String(repeating: "n", count: 65_535)])
    func `A user may have this name`(name: String) {
        #expect(withView(name) { PasswordFile.problem(ofUser: $0) } == nil)
    }

    @Test(arguments: [
        "", ":", "a:", "a:b", "#a", " a", "a ", "\ta", "a\r", "a\nb", "\u{0}", "a\u{1F}", "\u{7F}",
        String(repeating: "n", count: 65_536),
    ])
    func `A user cannot have this name`(name: String) {
        #expect(withView(name) { PasswordFile.problem(ofUser: $0) } != nil)
    }

    @Test(arguments: seeds)
    func `Of any file all other lines stay as they are`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let pieces = ["u", "v", ":", ":", "\n", "\n", "\r\n", " ", "#", "x", "\t", "é"]
        for round in 0..<5000 {
            let text = (0..<random.below(30)).map { _ in random.pick(pieces) }.joined()
            let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let others = lines.filter { line in
                let trimmed = String(line)!.trimmingCharacters(in: .init(charactersIn: " \t\r"))
                let user = trimmed.split(separator: ":", omittingEmptySubsequences: false)
                return user.count < 2 || user[0].trimmingCharacters(in: .init(charactersIn: " \t\r")) != "u"
            }
            let expected = others.map { String($0)! }.joined(separator: "\n")
            // The last line may be the user's: then the line in front of it keeps its end.
            let removed = remove("u", from: text) ?? text
            guard removed == expected || removed == expected + "\n" else { return fail("round \(round): \(text)") }
            guard let set = set("u", "H", in: text) else { return fail("round \(round): \(text)") }
            guard remove("u", from: set)?.utf8.starts(with: expected.utf8) == true else {
                return fail("round \(round): \(text)")
            }
            guard self.set("u", "H", in: set) == set else { return fail("round \(round): twice: \(text)") }
        }
    }
}
