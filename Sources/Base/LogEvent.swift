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
    /// The line before came so many times more.
    case repeated
    /// A new board config is in force, or why it is not.
    case reloaded, reloadFailed
    /// A changed key that only a restart can apply.
    case needsRestart
    /// A listener's address is not there; it is tried again.
    case listenFailed
    /// A listener was opened later, or closed.
    case listening, listenerClosed
    /// How much of a pool is used, on request.
    case pool
    /// The clock of the system was not set when the program started; it is now.
    case clockNotSet, clockSet

    // Client mode. A connection of ours was accepted: `connected`.
    /// There is no connection, and why; it is tried again.
    case connectFailed
    /// A connection of ours ended; the reason says why.
    case disconnected
    /// The broker sends the messages of a filter, or does not.
    case subscribed, subscribeFailed
    /// A message came.
    case message
    /// A message of ours has arrived, or with QoS 0 was sent.
    case published
    /// A value could not be published, and why.
    case publishFailed
    /// What is done with a message has begun, has ended well, or came to nothing.
    case actionStarted, actionEnded, actionFailed

    public var name: StaticString {
        switch self {
        case .ready: "ready"
        case .stopped: "stopped"
        case .connected: "connected"
        case .closed: "closed"
        case .refused: "refused"
        case .acceptFailed: "accept-failed"
        case .dropped: "dropped"
        case .repeated: "repeated"
        case .reloaded: "reloaded"
        case .reloadFailed: "reload-failed"
        case .needsRestart: "needs-restart"
        case .listenFailed: "listen-failed"
        case .listening: "listening"
        case .listenerClosed: "listener-closed"
        case .pool: "pool"
        case .clockNotSet: "clock-not-set"
        case .clockSet: "clock-set"
        case .connectFailed: "connect-failed"
        case .disconnected: "disconnected"
        case .subscribed: "subscribed"
        case .subscribeFailed: "subscribe-failed"
        case .message: "message"
        case .published: "published"
        case .publishFailed: "publish-failed"
        case .actionStarted: "action-started"
        case .actionEnded: "action-ended"
        case .actionFailed: "action-failed"
        }
    }

    public var level: LogLevel {
        switch self {
        case .reloadFailed: .error
        case .acceptFailed, .dropped, .refused, .needsRestart, .listenFailed, .connectFailed, .subscribeFailed,
            .publishFailed, .actionFailed, .clockNotSet:
            .warning
        case .ready, .stopped, .reloaded, .listening, .listenerClosed, .pool, .disconnected, .clockSet: .notice
        case .connected, .closed, .repeated, .subscribed, .message, .published, .actionStarted, .actionEnded:
            .information
        }
    }
}
