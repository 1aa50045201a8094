import Base
import Wire

/// One thing that a client did or saw: all that an observer knows of a simulation.
public struct Observation {
    public enum Kind: UInt8 {
        /// CONNECT is on its way. `flag`: clean session. `message`: the will, if there is one.
        case connecting
        /// CONNACK accepted. `flag`: session present.
        case connected
        /// CONNACK with another code, which is `code`.
        case refused
        /// DISCONNECT is on its way.
        case leaving
        /// The connection is over, in what way ever. `flag`: the server ended it. `code`: how the client did otherwise.
        case ended
        /// PUBLISH is on its way. `flag`: again, after a reconnect.
        case publishing
        /// The server has taken responsibility: PUBACK, or PUBREC. `flag`: PUBCOMP has come, too.
        case acknowledged
        /// SUBSCRIBE or UNSUBSCRIBE is on its way; `filter`, `qos`.
        case subscribing, unsubscribing
        /// SUBACK: granted, or turned down. `filter`, `qos`.
        case subscribed, notSubscribed
        /// UNSUBACK.
        case unsubscribed
        /// PINGREQ is on its way; PINGRESP has come.
        case pinging, ponged
        /// A packet that must end the connection is on its way.
        case insulting
        /// PUBLISH has come. `qos`: the packet's. `flag`: DUP. `isRetained`: RETAIN. `code`: 1 when a QoS 2 packet
        /// with this id has come before and is not released, so that it is no new message.
        case delivered
        /// The server broke the protocol; `code` tells how.
        case violated
        /// From now on the network is perfect and everybody comes back; a second one when all is at rest.
        case calming, resting

        // What remote brokers do and see, beside what clients do: they have numbers from `SimRemote.firstNumber` on.
        // Of them `connecting` is a CONNECT that has come, `connected` a CONNACK that accepts it, `refused` one that
        // does not, `publishing` a message to the bridge, `delivered` one from it; `filter` is its `RemoteName`.
        /// The process calls; `code`: which of its addresses.
        case called
        /// The call is accepted, or refused; `flag`: accepted.
        case callAnswered
        /// A name is looked up; the answer is on its way. `code`: what it is.
        case lookup, lookedUp
        /// SUBSCRIBE has come, or UNSUBSCRIBE; `qos`; `code`: how many filters the session has then.
        case asked, askedNoMore
        /// A message below `$SYS` has come; `code`: the first byte of its payload.
        case noted
        /// From now on the remote behaves so; `code`: `SimRemote.Mood`.
        case changed
        /// It has begun anew. `flag`: it has forgotten its sessions.
        case restarted
    }

    /// How an end came about.
    public enum Ending: UInt8 {
        case server, reset, halfOpen, orderly
    }

    /// What a server must never do.
    public enum Violation: UInt8 {
        case badFrame, corruptPayload, wrongTopic, unexpectedPacket, unknownPacketID, tooManyInFlight
        /// The connection goes on after a packet that must end it.
        case insultIgnored
        /// CONNACK says that there is a session, where a clean one was asked for.
        case sessionAfterClean
        case neverAtRest
        /// At the end something is still taken from a pool, or a pool's counts contradict each other.
        case notGivenBack, pool
        /// PINGREQ waits though nothing keeps the server from answering it.
        case unanswered
    }

    public var kind: Kind
    /// The number of the client.
    public var client: UInt8
    public var at: Tick
    public var message: SimMessage?
    public var filter: UInt8 = 0
    public var qos = QoS.atMostOnce
    public var flag = false
    public var isRetained = false
    public var code: UInt8 = 0

    init(_ kind: Kind, _ client: UInt8, _ at: Tick) {
        self.kind = kind
        self.client = client
        self.at = at
    }

    func add(to digest: inout Digest) {
        digest.add(kind.rawValue)
        digest.add(client)
        digest.add(at.ms)
        digest.add(filter)
        digest.add(qos.rawValue | (flag ? 4 : 0) | (isRetained ? 8 : 0))
        digest.add(code)
        guard let message else { return }
        digest.add(message.publisher)
        digest.add(UInt32(message.number))
        digest.add(message.topic)
        digest.add(message.qos.rawValue)
        digest.add(UInt32(message.length))
    }
}
