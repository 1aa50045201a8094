import Base
import Broker
import CPlatform

/// Hashes of passwords, as a password file has them.
public enum PasswordHash {
    /// As many as mosquitto_passwd takes.
    private static var saltBytes: Int { 12 }

    /// Adds `$7$ITERATIONS$SALT$HASH` or `$6$SALT$HASH` with a new salt.
    public static func write(
        _ password: ByteView, _ kind: PasswordEntry.Kind, iterations: Int, to line: inout Line
    ) {
        var space = InlineArray<80, UInt8>(repeating: 0)
        var span = space.mutableSpan
        span.withUnsafeMutableBufferPointer { buffer in
            let (salt, hash) = (buffer.baseAddress!, buffer.baseAddress! + 16)
            precondition(Int(swl_random(salt, saltBytes)) == saltBytes, "the system has no random numbers")
            compute(password, ByteView(salt, saltBytes), kind, iterations: iterations, to: hash)
            line.text("$")
            line.number(Int(kind.rawValue))
            line.text("$")
            if kind == .pbkdf2 {
                line.number(iterations)
                line.text("$")
            }
            Base64.encode(ByteView(salt, saltBytes), to: &line)
            line.text("$")
            Base64.encode(ByteView(hash, PasswordFile.hashBytes), to: &line)
        }
    }

    /// Writes `PasswordFile.hashBytes` bytes to `hash`.
    static func compute(
        _ password: ByteView, _ salt: ByteView, _ kind: PasswordEntry.Kind, iterations: Int,
        to hash: UnsafeMutablePointer<UInt8>
    ) {
        switch kind {
        case .sha512:
            swl_sha512(password.start, password.count, salt.start, salt.count, hash)
        case .pbkdf2:
            swl_pbkdf2_sha512(password.start, password.count, salt.start, salt.count, Int32(iterations), hash)
        }
    }
}
