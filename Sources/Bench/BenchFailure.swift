import Wire

/// Why a run could not be, or came to an early end.
public struct BenchFailure {
    public enum Cause {
        /// The system's error number.
        case unreachable(Int32)
        case refused(ConnackCode)
        /// A subscription was not granted as it was asked for.
        case denied
        case closed
        /// The broker has sent what it must not.
        case violation(CloseReason)
        /// An acknowledgement of what was not sent, or not yet.
        case strayAcknowledgement
        case timedOut
        /// Out of descriptors or kernel memory.
        case exhausted
        case noProcess
    }

    public var cause: Cause
    /// Clients that were ready for the measured phase when it happened, and that should have been.
    public var ready: Int
    public var wanted: Int
}
