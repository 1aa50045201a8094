import Base
import Config
import Wire

/// Where and as whom a link connects. Views last as long as the link.
public struct LinkSettings {
    /// A broker: a host name or numeric address with its port, or the path of a unix socket.
    public struct Endpoint {
        public var host = ByteView.empty
        public var port: UInt16 = 1883
        /// Empty for TCP.
        public var path = ByteView.empty

        public init() {}
    }

    /// Tried in this order at each attempt.
    public var endpoints = InlineArray<4, Endpoint>(repeating: Endpoint())
    public var endpointCount = 0
    /// Each attempt begins with the endpoint behind the one that was tried last; otherwise with the first.
    public var isRoundRobin = false
    /// While another endpoint than the first serves, this often the first is tried beside it, and when it accepts a
    /// connection the other one's is ended; zero for never.
    public var primaryProbeMs: UInt32 = 60_000
    /// That end is without DISCONNECT, so that the will tells of it there.
    public var yieldsToWill = false
    /// For connections by TCP.
    public var socket = SocketOptions()
    public var connect: Connect
    /// For the connection to one address, and again for the answer to CONNECT.
    public var connectTimeoutMs: UInt32 = 10_000
    /// Between attempts: see `Backoff`.
    public var retryMs: UInt32 = 1000
    public var maxRetryMs: UInt32 = 30_000
    /// How long a connection must have lasted so that the next attempt does not wait any longer than after a first
    /// failure. A broker that accepts connections only to end them is not tried any faster than one that is away.
    public var stableMs: UInt32 = 10_000
    /// QoS 1 and 2 messages on their way to the broker at a time.
    public var maxInflight = 20
    /// How long a message may wait to be sent for the first time; zero for ever.
    public var queueExpiryMs: UInt32 = 0
    /// What makes room for a new message when the queue is full: nothing, or the one that has waited longest.
    public var dropsOldest = false
    /// What becomes of a message from the broker that is longer than may be taken: it is acknowledged, counted and
    /// passed over, or it ends the connection.
    public var skipsTooLong = false
    /// Where packet ids begin: anywhere, since a broker that has kept the session of an earlier run may take a message
    /// of QoS 2 for one that it has already; or at 1.
    public var beginsAnywhere = false

    public init(_ connect: Connect) { self.connect = connect }

    @inline(never) public mutating func add(_ endpoint: Endpoint) -> Bool {
        guard endpointCount < endpoints.count else { return false }
        endpoints[endpointCount] = endpoint
        endpointCount += 1
        return true
    }
}

extension LinkSettings {
    /// A broker as the board config names it; there are no more of them than there is room for.
    mutating func add(_ remote: Remote) {
        var endpoint = Endpoint()
        if remote.isLocal { endpoint.path = remote.host } else { endpoint.host = remote.host }
        endpoint.port = remote.port
        _ = add(endpoint)
    }
}

/// What sizes a link's memory.
public struct LinkLimits {
    /// The longest packet that can arrive.
    public var maxPacketBytes = 262_144
    /// Bytes read in one go.
    public var receiveBytes = 65_536
    /// Bytes written in one go; a CONNECT must fit, and a SUBSCRIBE or UNSUBSCRIBE.
    public var sendBytes = 65_536
    /// Messages to the broker that wait or are not acknowledged yet.
    public var maxQueued = 1000
    /// Bytes of their topics and payloads.
    public var queueBytes = 1 << 20
    /// Messages from the broker that are not acknowledged yet.
    public var maxIncoming = 1000

    public init() {}
}

/// Why a connection, or an attempt to have one, ended.
public enum LinkEnd {
    /// No endpoint has an address.
    case notFound
    /// A name could not be looked up.
    case notResolved
    /// The system's error number.
    case unreachable(Int32)
    /// Nobody answered in time.
    case timedOut
    /// CONNACK said no.
    case refused(ConnackCode)
    /// The broker closed the connection.
    case closed
    /// The network broke it.
    case lost
    /// The broker is silent and does not answer PINGREQ.
    case silent
    /// The broker sent what it must not.
    case violation(CloseReason)
    /// The file with a payload cannot be read to its end. The message is given up.
    case fileFailed
    /// We ended it.
    case disconnected
    /// We ended it for the first endpoint, which accepts connections again.
    case primaryIsBack
}

/// What happens on a link. Views point into its receive window and last until the next event.
public enum LinkEvent {
    case connected(sessionPresent: Bool)
    /// With QoS 1 or 2 the owner calls `acknowledge` with the ticket, now or later.
    case message(Publish, ticket: UInt32)
    /// A message of ours with QoS 1 or 2 has arrived, to which the owner gave the tag.
    case published(packetID: UInt16, tag: UInt16)
    /// The granted QoS, or `Suback.failure`.
    case subscribed(packetID: UInt16, code: UInt8)
    case unsubscribed(packetID: UInt16)
    /// There is no connection; `retry` or `start` makes the next attempt.
    case ended(LinkEnd)
}
