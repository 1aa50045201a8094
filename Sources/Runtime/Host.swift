import Base

/// What client mode wants of the system beside the network: programs and files.
///
/// A path that is longer than `maxPathBytes` is a bug of the caller.
public protocol Host: ClientIO, ~Copyable {
    /// Starts a program in a process group of its own; it is looked for in PATH unless its name has a slash. `text` has
    /// its words and then variables as `NAME=VALUE`, each with a zero byte behind it. Answers its number.
    /// A program that is not there is one that ends at once, and `startError` tells.
    mutating func spawn(_ text: ByteView, arguments: Int, variables: Int, _ ends: inout ProgramEnds) -> IOResult
    /// Writes to a program's standard input; may take less than all.
    mutating func feed(_ descriptor: Int32, _ bytes: ByteView) -> IOResult
    /// Reads what a program has written. `count` is above zero.
    mutating func read(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult
    /// Why a program could not be started: the system's error number from `ProgramEnds.report`; nil when it was.
    mutating func startError(_ report: Int32) -> Int32?
    /// Asks a program and all that it started to end, or ends them.
    mutating func end(_ process: Int32, isFinal: Bool)
    /// Nil while the program runs. Then, once, how it ended; and what is left of what it started is ended, too.
    mutating func reap(_ process: Int32) -> ProgramEnd?

    /// Reads a file from its beginning, as much of it as `capacity` holds: `done` with as many bytes.
    mutating func readSource(_ path: ByteView, into target: UnsafeMutablePointer<UInt8>, capacity: Int) -> IOResult
    /// Puts `bytes` in the place of what a file has, in one write. It may be new, and no link. `absent` where it is a
    /// folder or the like.
    mutating func put(_ bytes: ByteView, into path: ByteView) -> IOResult
    /// Writes to standard output without waiting for whoever reads it: `done` with as many bytes as it took.
    mutating func writeOutput(_ text: ByteView) -> IOResult
}

extension Host where Self: ~Copyable {
    /// The longest path that is taken.
    public static var maxPathBytes: Int { 511 }
}

/// Our ends of a program's pipes. None of them blocks.
public struct ProgramEnds {
    public var input: Int32 = -1
    public var output: Int32 = -1
    public var error: Int32 = -1
    /// Tells why it could not be started.
    public var report: Int32 = -1

    public init() {}
}

/// How a program ended.
public enum ProgramEnd {
    case status(UInt8)
    case signal(UInt8)

    public var isSuccess: Bool { if case .status(0) = self { true } else { false } }
}
