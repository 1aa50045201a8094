import Base
import Runtime

/// What a load generator wants of the world outside, beyond what a client wants.
public protocol BenchIO: ClientIO, ~Copyable {
    /// The monotonic clock, in nanoseconds.
    mutating func nanoseconds() -> UInt64
    /// The processor time that this process has taken, in nanoseconds.
    mutating func cpuNanoseconds() -> UInt64
    /// Returns when `wait` would have an event to tell, or after so long.
    mutating func pause(nanoseconds: UInt32)
    /// What the system tells of a process; nil when there is no such process, or the system does not tell.
    mutating func processFigures(_ process: Int) -> ProcessFigures?
}
