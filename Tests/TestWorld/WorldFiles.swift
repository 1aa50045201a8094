import Base
import Config
import Runtime

/// Password and ACL files, and board configs that are put in place of others.
extension World {
    /// A file with a line for each user. In this world everybody's password is `secret`.
    package static func passwords(_ users: String...) -> String {
        let hash = String(repeating: "A", count: 86) + "=="
        return users.map { "\($0):$7$101$AAAAAAAAAAAAAAAA$\(hash)\n" }.joined()
    }

    /// Puts files in place by access index: 0 for all listeners, or 1, 2 … for each. False when they are too long.
    @discardableResult
    package func setFiles(
        passwords: [Int: String] = [:], acls: [Int: String] = [:], for settings: Settings? = nil
    ) -> Bool {
        var kept = (InlineArray<9, ByteView?>(repeating: nil), InlineArray<9, ByteView?>(repeating: nil))
        server.beginAccess()
        for index in 0..<9 {
            if let text = passwords[index] {
                kept.0[index] = keep(text)
                if kept.0[index] == nil { return false }
            }
            if let text = acls[index] {
                kept.1[index] = keep(text)
                if kept.1[index] == nil { return false }
            }
        }
        server.commitAccess(settings ?? settingsInForce, passwords: kept.0, acls: kept.1)
        return true
    }

    private func keep(_ text: String) -> ByteView? {
        Array(text.utf8).withUnsafeBufferPointer { buffer in
            server.keepAccess(buffer.isEmpty ? .empty : ByteView(buffer.baseAddress!, buffer.count))
        }
    }

    /// What the program does when it is asked to read its board config again. Answers the obstacle, if there is one.
    @discardableResult
    package func reload(_ config: String, passwords: [Int: String] = [:], acls: [Int: String] = [:]) -> String? {
        let new = settings(config)
        if let obstacle = server.obstacle(new) { return obstacle.description }
        setFiles(passwords: passwords, acls: acls, for: new)
        server.reload(new)
        settingsInForce = new
        settle()
        return nil
    }

    /// The lines of the log with this event, from `from` on.
    package func lines(_ event: String, from: Int = 0) -> [String] {
        log.split(separator: "\n").dropFirst(from).filter { $0.hasPrefix("event=\(event)") }.map(String.init)
    }

    package var lineCount: Int { log.split(separator: "\n").count }
}

extension Packet {
    /// CONNECT with a user name and a password, as far as there are some.
    package static func login(_ id: String, _ user: String?, _ password: String?, clean: Bool = true) -> [UInt8] {
        let flags: UInt8 = (clean ? 2 : 0) | (user == nil ? 0 : 0x80) | (password == nil ? 0 : 0x40)
        return framed(0x10, text("MQTT") + [4, flags, 0, 0] + [id, user, password].compactMap(\.self).flatMap(text))
    }

    package static let accepted: [UInt8] = [0x20, 2, 0, 0]
    package static let notAuthorised: [UInt8] = [0x20, 2, 0, 5]
}
