import Base
import Broker

/// A password to be compared: one message of at most `maxBytes` to whoever computes the hash.
public struct LoginRequest {
    /// Comes back with the verdict.
    public let token: UInt32
    public let kind: PasswordEntry.Kind
    public let iterations: Int
    /// In Base64.
    public let salt: ByteView
    /// In Base64.
    public let hash: ByteView
    public let password: ByteView

    public static var maxPasswordBytes: Int { 1024 }
    private static var headerBytes: Int { 13 }
    public static var maxBytes: Int { headerBytes + 2 * 88 + maxPasswordBytes }

    public init(token: UInt32, entry: PasswordEntry, password: ByteView) {
        self.init(
            token: token, kind: entry.kind, iterations: entry.iterations, salt: entry.salt, hash: entry.hash,
            password: password)
    }

    private init(
        token: UInt32, kind: PasswordEntry.Kind, iterations: Int, salt: ByteView, hash: ByteView, password: ByteView
    ) {
        self.token = token
        self.kind = kind
        self.iterations = iterations
        self.salt = salt
        self.hash = hash
        self.password = password
    }

    public func encode(to writer: inout ByteWriter) {
        writer.int16(UInt16(token >> 16))
        writer.int16(UInt16(token & 0xFFFF))
        writer.byte(kind.rawValue)
        writer.int16(UInt16(iterations >> 16))
        writer.int16(UInt16(iterations & 0xFFFF))
        writer.lengthPrefixed(salt)
        writer.lengthPrefixed(hash)
        writer.bytes(password)
    }

    public static func decode(_ message: ByteView) -> LoginRequest? {
        var reader = ByteReader(message)
        guard let tokenHigh = reader.int16(), let tokenLow = reader.int16(), let kindByte = reader.byte(),
            let kind = PasswordEntry.Kind(rawValue: kindByte), let iterationsHigh = reader.int16(),
            let iterationsLow = reader.int16(), let salt = reader.lengthPrefixed(), let hash = reader.lengthPrefixed()
        else { return nil }
        return LoginRequest(
            token: UInt32(tokenHigh) << 16 | UInt32(tokenLow), kind: kind,
            iterations: Int(iterationsHigh) << 16 | Int(iterationsLow), salt: salt, hash: hash, password: reader.rest)
    }
}
