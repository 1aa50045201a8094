import Base

/// Writes a password file anew: what nobody asked to change stays as it is, byte for byte.
public struct PasswordEditor {
    /// A line whose password is not hashed yet.
    public enum Plain {
        case password(user: ByteView, ByteView)
        /// What stands there cannot be hashed, and why.
        case wrong(StaticString)
        case end
    }

    private var rest: ByteView
    private var target: ByteWriter
    /// The end of the line that is to be replaced.
    private var lineEnd = ByteView("\n")
    /// Of the line that was looked at last.
    public private(set) var number = 0
    /// The result is longer than the room for it.
    public private(set) var isCut = false

    public init(_ text: ByteView, target: ByteWriter) {
        rest = text
        self.target = target
    }

    /// All that was written.
    public var result: ByteView { target.written }

    /// Gives a user this hash, where the user stands or behind all others.
    public mutating func set(_ user: ByteView, hash: ByteView) {
        // Should the user stand there twice, no old password is to be valid any longer.
        var isThere = false
        while skip(to: user) {
            put(user, hash: hash)
            isThere = true
        }
        if !isThere { put(user, hash: hash) }
    }

    /// Whether the user was there.
    public mutating func remove(_ user: ByteView) -> Bool {
        var isThere = false
        while skip(to: user) { isThere = true }
        return isThere
    }

    /// Leaves the next line out whose password is not hashed, and keeps all in front of it.
    public mutating func skipToPlain() -> Plain {
        while let line = next() {
            guard let (user, value) = PasswordEditor.parts(line), !PasswordFile.isHashed(value) else {
                keep(line)
                continue
            }
            if PasswordFile.problem(ofUser: user) != nil { return .wrong("a user name that cannot be") }
            if value.isEmpty { return .wrong("no password") }
            // Hashed once more it would be lost for ever.
            if value.starts(with: "$6$") || value.starts(with: "$7$") || value.starts(with: "$argon2") {
                return .wrong("a hash that is damaged, or of a kind that is not known here")
            }
            // Here mosquitto takes the first part alone, and whoever wrote it meant both.
            if value.firstIndex(of: UInt8(ascii: ":")) != nil { return .wrong("a colon in a password in plain text") }
            return .password(user: user, value)
        }
        return .end
    }

    /// A line in place of the one that was left out, or behind all others.
    @inline(never) public mutating func put(_ user: ByteView, hash: ByteView) {
        let written = target.written
        if !written.isEmpty, written[written.count - 1] != UInt8(ascii: "\n") { keep(ByteView("\n")) }
        keep(user)
        keep(ByteView(":"))
        keep(hash)
        keep(lineEnd)
        lineEnd = ByteView("\n")
    }

    /// Leaves the next line of `user` out, and keeps all in front of it; false at the end, where there is none.
    @inline(never) private mutating func skip(to user: ByteView) -> Bool {
        while let line = next() {
            if PasswordEditor.parts(line)?.user.equals(user) == true { return true }
            keep(line)
        }
        return false
    }

    @inline(never) private mutating func keep(_ bytes: ByteView) {
        if isCut || bytes.count > target.room { isCut = true } else { target.bytes(bytes) }
    }

    /// The next line, with its end.
    @inline(never) private mutating func next() -> ByteView? {
        guard !rest.isEmpty else {
            lineEnd = ByteView("\n")
            return nil
        }
        number += 1
        var line = rest
        if let end = rest.firstIndex(of: UInt8(ascii: "\n")) { line = rest.slice(0, end + 1) }
        rest = rest.dropFirst(line.count)
        let isWindows = line.count > 1 && line.dropFirst(line.count - 2).equals("\r\n")
        lineEnd = isWindows ? ByteView("\r\n") : ByteView("\n")
        return line
    }

    /// User and password of a line that has both: no comment, and nothing that is not understood.
    private static func parts(_ line: ByteView) -> (user: ByteView, value: ByteView)? {
        // An end of line is no space to `trimmed`.
        let end = line[line.count - 1] == UInt8(ascii: "\n") ? line.count - 1 : line.count
        let text = line.slice(0, end).trimmed
        guard !text.isEmpty, text[0] != UInt8(ascii: "#"), let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
            return nil
        }
        return (text.slice(0, colon).trimmed, text.dropFirst(colon + 1).trimmed)
    }
}
