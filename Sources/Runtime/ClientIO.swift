import Base

/// What a connection of our own wants of the world outside, beyond what the broker wants.
public protocol ClientIO: IO, ~Copyable {
    /// Begins to connect: an event says that the descriptor is writable, or failed, when `connected` can tell more.
    /// Failures come as `failed` with the error number.
    mutating func connect(_ remote: Address, _ options: SocketOptions) -> IOResult
    /// The same to a unix socket.
    mutating func connectLocal(_ path: ByteView) -> IOResult
    /// What has become of the attempt: `done` when there is a connection, `again` while there may be one yet.
    mutating func connected(_ descriptor: Int32) -> IOResult
    /// Looks up a host name, which takes its time; an event `resolved` with this token says that `resolution` has the
    /// answer. What was asked before, and is not answered yet, is forgotten.
    mutating func resolve(_ name: ByteView, token: UInt32)
    /// The addresses of the name, best first, without ports.
    mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution
    /// Bytes of a file, from `offset`: `done(0)` behind its end.
    mutating func readFile(
        _ descriptor: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult
    /// The system's words for an error number.
    func errorText(_ error: Int32) -> ByteView
}

/// What a TCP connection of ours is to have that the system does not give by itself.
public struct SocketOptions {
    /// Where it comes from; the port may be zero. Nil for what the system chooses.
    public var localAddress: Address?
    /// The network device that it goes by; empty for any. The view lasts as long as the link.
    public var device = ByteView.empty
    /// After so long without a byte the system asks whether the peer is there, as often, and so often at most; zero for
    /// what the system has.
    public var keepAliveIdleSeconds = 0
    public var keepAliveIntervalSeconds = 0
    public var keepAliveCount = 0
    /// How long what was sent may stay unacknowledged (`TCP_USER_TIMEOUT`); zero for what the system has.
    public var userTimeoutMs = 0

    public init() {}
}

/// What looking up a name came to.
public enum Resolution {
    case addresses(Int)
    /// There is no such name, or it has no address.
    case notFound
    /// Nobody could be asked, or did not answer.
    case unavailable
    /// What was asked last is not answered yet.
    case pending
}

extension Event {
    /// The answer to `ClientIO.resolve`.
    public static var resolved: UInt32 { 256 }
}
