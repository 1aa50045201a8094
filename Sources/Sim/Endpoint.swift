import Base

/// The client's end and the server's end of one connection.
struct Endpoint {
    var toServer: Pipe
    var toPeer: Pipe
    var address = Address.any
    var state = State.free
    /// Which listener it waits at.
    var listener: Int32 = 0
    var interest: UInt32 = 0
    var token: UInt32 = 0
    /// The most that one receive of the server takes.
    var receiveLimit = Int.max
    /// Bytes that the server may still write before it would block; the test raises it.
    var sendRoom = Int.max
    /// What the peer has done to its end.
    var peerEnd = PeerEnd.open
    /// A call of ours that the peer has been told of.
    var isNoticed = false
    /// The peer does not look any more: as soon as the server has closed its end, the place is free again.
    var isForgotten = false
    /// Nothing gets through before.
    var serverHeldUntil: Tick?
    var peerHeldUntil: Tick?

    /// The process has a descriptor for it.
    var isOurs: Bool { state == .accepted || state == .calling || state == .refused }

    enum State: UInt8 {
        case free
        /// Waits to be accepted.
        case waiting
        case accepted
        /// A call of ours: the peer has not answered, or it has refused.
        case calling, refused
        /// Closed by the server; the peer may still read what came before.
        case closed
    }

    enum PeerEnd: UInt8 {
        case open, finished, broken
    }
}

/// A place where connections are accepted.
struct SimListener {
    var isOpen = false
    /// Zero for a unix socket.
    var port: UInt16 = 0
    var interest: UInt32 = 0
    var token: UInt32 = 0
}
