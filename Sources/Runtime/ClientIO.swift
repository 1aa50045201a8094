import Base

/// What a connection of our own wants of the world outside, beyond what the broker wants.
public protocol ClientIO: IO, ~Copyable {
    /// Begins to connect: an event says that the descriptor is writable, or failed, when `connected` can tell more.
    /// From `local`, whose port may be zero, unless it is nil. Failures come as `failed` with the error number.
    mutating func connect(_ remote: Address, from local: Address?) -> IOResult
    /// The same to a unix socket.
    mutating func connectLocal(_ path: ByteView) -> IOResult
    /// What has become of the attempt: `done` when there is a connection.
    mutating func connected(_ descriptor: Int32) -> IOResult
    /// Looks up a host name, which takes its time; an event `resolved` with this token says that `resolution` has the
    /// answer. What was asked before, and is not answered yet, is forgotten.
    mutating func resolve(_ name: ByteView, token: UInt32)
    /// The addresses of the name, best first, without ports.
    mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution
    /// Bytes of a file, from `offset`: `done(0)` behind its end.
    mutating func readFile(
        _ descriptor: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult
}

/// What looking up a name came to.
public enum Resolution {
    case addresses(Int)
    /// There is no such name, or it has no address.
    case notFound
    /// Nobody could be asked, or did not answer.
    case unavailable
}

extension Event {
    /// The answer to `ClientIO.resolve`.
    public static var resolved: UInt32 { 256 }
}
