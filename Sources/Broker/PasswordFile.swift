import Base

/// What a client's password is compared with.
public struct PasswordEntry {
    public enum Kind: UInt8 {
        /// `$6$`: SHA-512 of password and salt.
        case sha512 = 6
        /// `$7$`: PBKDF2 with HMAC-SHA-512.
        case pbkdf2 = 7
    }

    public let kind: Kind
    /// Rounds of PBKDF2; one for `$6$`.
    public let iterations: Int
    /// In Base64, as they stand in the file.
    public let salt: ByteView
    public let hash: ByteView
}

/// A password file as mosquitto_passwd writes it: `user:$7$iterations$salt$hash` or `user:$6$salt$hash`. Passwords that
/// are not hashed are refused.
public struct PasswordFile {
    private let text: ByteView

    /// More would keep a router busy for seconds; mosquitto's own is 101, or 1,000 in later versions.
    public static var maxIterations: Int { 100_000 }
    public static var hashBytes: Int { 64 }
    public static var maxSaltBytes: Int { 64 }
    /// As long as MQTT can have it.
    public static var maxUserBytes: Int { 65_535 }

    /// `text` has passed `check`.
    public init(_ text: ByteView) { self.text = text }

    /// The number of the first line that is wrong, or nil.
    public static func check(_ text: ByteView) -> Int? {
        var lines = TextLines(text)
        while let line = lines.next() {
            if split(line) == nil { return lines.number }
        }
        return nil
    }

    public func find(_ user: ByteView) -> PasswordEntry? {
        var lines = TextLines(text)
        while let line = lines.next() {
            if let (name, entry) = PasswordFile.split(line), name.equals(user) { return entry }
        }
        return nil
    }

    /// Whether this is a hash, as it stands behind the colon.
    static func isHashed(_ value: ByteView) -> Bool { entry(value) != nil }

    /// What is wrong with the name of a user, or nil. A name must be found again as it was written.
    public static func problem(ofUser name: ByteView) -> StaticString? {
        guard !name.isEmpty else { return "a user name has at least one character" }
        if name.count > maxUserBytes { return "a user name has at most 65535 bytes" }
        if name[0] == UInt8(ascii: "#") { return "a line that begins with # is a comment" }
        if name.trimmed.count < name.count { return "a user name does not begin or end with a space" }
        var i = 0
        while i < name.count {
            if name[i] == UInt8(ascii: ":") { return "a user name has no colon" }
            if name[i] < 0x20 || name[i] == 0x7F { return "a user name has no control characters" }
            i += 1
        }
        return nil
    }

    private static func split(_ line: ByteView) -> (name: ByteView, entry: PasswordEntry)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            let entry = entry(line.dropFirst(colon + 1))
        else { return nil }
        return (line.slice(0, colon), entry)
    }

    private static func entry(_ value: ByteView) -> PasswordEntry? {
        var fields = Fields(value)
        guard let empty = fields.next(), empty.isEmpty, let kind = fields.next() else { return nil }
        var iterations = 1
        if kind.equals("7") {
            guard let field = fields.next(), let number = number(field), number >= 1, number <= maxIterations else {
                return nil
            }
            iterations = number
        } else if !kind.equals("6") {
            return nil
        }
        guard let salt = fields.next(), let hash = fields.next(), fields.isAtEnd, isBase64(salt, max: maxSaltBytes),
            isBase64(hash, max: hashBytes)
        else { return nil }
        return PasswordEntry(
            kind: kind.equals("7") ? .pbkdf2 : .sha512, iterations: iterations, salt: salt, hash: hash)
    }

    private static func isBase64(_ text: ByteView, max: Int) -> Bool {
        var space = InlineArray<66, UInt8>(repeating: 0)
        var bytes = space.mutableSpan
        return bytes.withUnsafeMutableBufferPointer { Base64.decode(text, to: $0.baseAddress!, capacity: max) ?? 0 } > 0
    }

    private static func number(_ text: ByteView) -> Int? {
        var value = 0
        var i = 0
        while i < text.count {
            guard text[i] >= UInt8(ascii: "0"), text[i] <= UInt8(ascii: "9"), value <= maxIterations else { return nil }
            value = value * 10 + Int(text[i] - UInt8(ascii: "0"))
            i += 1
        }
        return text.isEmpty ? nil : value
    }

    /// What stands between the dollar signs.
    private struct Fields {
        private var rest: ByteView?
        init(_ text: ByteView) { rest = text }
        var isAtEnd: Bool { rest == nil }
        mutating func next() -> ByteView? {
            guard let text = rest else { return nil }
            guard let end = text.firstIndex(of: UInt8(ascii: "$")) else {
                rest = nil
                return text
            }
            rest = text.dropFirst(end + 1)
            return text.slice(0, end)
        }
    }
}
