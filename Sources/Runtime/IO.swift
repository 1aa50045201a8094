import Base

/// What a call of the operating system came to.
public enum IOResult {
    /// Bytes moved, or a new descriptor.
    case done(Int)
    /// Nothing can be done now; an event will tell when.
    case again
    /// The peer ended the connection, in order or not.
    case closed(isOrderly: Bool)
    /// Out of descriptors or kernel memory.
    case exhausted
    /// The address or the device is not there, and may come.
    case absent
    /// Anything else: the system's error number.
    case failed(Int32)
}

/// Something happened to a descriptor that is watched.
public struct Event {
    /// The number that `watch` was given. Connections use their handle, whose generation is never zero; smaller
    /// numbers are listeners.
    public var token: UInt32
    public var flags: UInt32

    public init(token: UInt32, flags: UInt32) {
        self.token = token
        self.flags = flags
    }

    public static var readable: UInt32 { 1 }
    public static var writable: UInt32 { 2 }
    /// Broken or closed; reading tells more.
    public static var failed: UInt32 { 4 }
    /// The program is asked to end. The token means nothing.
    public static var stop: UInt32 { 8 }
    /// The answer to `verify`; the token is the one of the request.
    public static var granted: UInt32 { 16 }
    public static var denied: UInt32 { 32 }
    /// The board config is to be read again; the pools are to be reported. The token means nothing.
    public static var reload: UInt32 { 64 }
    public static var report: UInt32 { 128 }
    /// A program that was started has ended. The token means nothing.
    public static var ended: UInt32 { 512 }
}

/// All that the broker wants of the world outside. Two implementations: Linux, and a simulated network for tests.
///
/// Descriptors are small numbers. Nothing blocks but `wait`. Calls that fail because of a bug of ours trap.
public protocol IO: ~Copyable {
    /// The monotonic clock.
    mutating func now() -> Tick
    /// A random number that nobody can foresee.
    mutating func entropy() -> UInt32
    /// Waits until something happens, at most `timeoutMs` (negative: for ever), and writes at most `capacity` events.
    mutating func wait(_ events: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int
    /// A listening socket on `address`, whose port is filled in when it was zero; of one network device unless
    /// `interface` is empty.
    mutating func listen(_ address: inout Address, interface: ByteView) -> IOResult
    /// A listening unix socket, in place of one that an earlier run may have left.
    mutating func listenLocal(_ path: ByteView) -> IOResult
    /// Removes the file of a unix socket.
    mutating func removeLocal(_ path: ByteView)
    /// The next waiting connection, and where it comes from.
    mutating func accept(_ listener: Int32, from peer: inout Address) -> IOResult
    /// `count` is above zero.
    mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult
    /// One gather write; may take less than all.
    mutating func send(_ descriptor: Int32, _ runs: UnsafePointer<Run>, _ runCount: Int) -> IOResult
    /// Bytes that were sent and not yet taken by the peer.
    mutating func unsent(_ descriptor: Int32) -> Int
    /// From now on, events of the kinds in `interest` are reported with `token`.
    mutating func watch(_ descriptor: Int32, interest: UInt32, token: UInt32) -> IOResult
    /// Changes the kinds of events of a watched descriptor.
    mutating func rewatch(_ descriptor: Int32, interest: UInt32, token: UInt32)
    /// Ends watching, too.
    mutating func close(_ descriptor: Int32)
    /// Has a password compared outside the loop, which may take long; an event tells the verdict. One at a time.
    mutating func verify(_ request: LoginRequest)
    /// One finished line for the log. Must not block; a line that cannot be written is lost.
    mutating func log(_ line: ByteView, _ level: LogLevel)
    /// Seconds since 1970, as far as the system knows.
    mutating func wallSeconds() -> UInt32
}
