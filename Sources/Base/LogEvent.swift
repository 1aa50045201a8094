/// Everything the program reports. The names are part of the interface: scripts match them.
public enum LogEvent: UInt8 {
    /// Listening; memory is taken.
    case ready
    /// Ended on request.
    case stopped
    /// A CONNECT was accepted.
    case connected
    /// A connection ended; the reason says why.
    case closed
    /// A connection was turned away because all slots are taken.
    case refused
    /// The system could not hand over a connection; accepting rests for a second.
    case acceptFailed
    /// Messages were dropped in the last second, by cause.
    case dropped

    public var name: StaticString {
        switch self {
        case .ready: "ready"
        case .stopped: "stopped"
        case .connected: "connected"
        case .closed: "closed"
        case .refused: "refused"
        case .acceptFailed: "accept-failed"
        case .dropped: "dropped"
        }
    }
}
