import Base

/// What a load generator wants of the world outside, beyond what a client wants.
public protocol BenchIO: ClientIO, ~Copyable {
    /// The monotonic clock, in nanoseconds.
    mutating func nanoseconds() -> UInt64
    /// The processor time that this process has taken, in nanoseconds.
    mutating func cpuNanoseconds() -> UInt64
    /// Returns when `wait` would have an event to tell, or after so long.
    mutating func pause(nanoseconds: UInt32)
    /// The beginning of the file `name` that the system has for a process; nil when there is no such process or file.
    mutating func processFile(
        _ process: Int, _ name: StaticString, _ target: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> ByteView?
}
