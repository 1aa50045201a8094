import Base
import Client
import Config
import Wire

/// Client mode: a connection to a broker, and what is done with each message, and published again and again.
///
/// Call `start`, then `turn` until it answers false, then `shutDown`. The rest stands in files of its own, all named
/// after what they do: `AgentTurn`, `AgentMessages`, `AgentPrograms`, `AgentPublications`, `AgentReport`.
public struct Agent<Net: Host & ~Copyable>: ~Copyable {
    public var io: Net
    var memory: AgentMemory
    let settings: Settings
    var now: Tick
    var reporter: Reporter
    /// Of the times that are printed; UTC until the program knows better.
    public var zone = ZoneRule.utc
    var isStopping = false
    var isConnected = false
    /// There was a connection since the start.
    var wasConnected = false
    /// The broker has answered all there is to subscribe to, on a session that it may still have.
    var hasSubscribed = false
    /// Lines up to here are subscribed to on this connection; the others have to wait for room.
    var subscribedLines = 0
    /// The link may have messages that were not taken yet, though no event will tell.
    var isBehind = false
    var arenaBytes = 0
    /// See `Server.ageTicks`.
    var agedAt: Tick
    var counts = Counts()
    /// Messages that the link had dropped when the values of publications were last found to be there.
    var lostMessages: UInt32 = 0
    /// What was last reported of the counters, and when.
    var reported = Counts()
    var reportedAt: Tick

    /// What came to nothing.
    struct Counts: Equatable {
        /// Messages of QoS 0 whose action had no room.
        var actionsFull: UInt32 = 0
        /// Of the link: what found no room in its queue, and what was too old.
        var queueFull: UInt32 = 0
        var expired: UInt32 = 0
        /// Of QoS 0, without a connection.
        var offline: UInt32 = 0
        /// Longer than the queue.
        var tooLong: UInt32 = 0
        /// From the broker, longer than `max_packet_size`.
        var skipped: UInt32 = 0
        /// What `print` could not write.
        var printed: UInt32 = 0
    }

    /// Carves all it needs from `arena`, which is at least as large as the plan says. Freeze it afterwards.
    public init(_ io: consuming Net, _ arena: inout Arena, settings: Settings) {
        now = io.now()
        let hash = KeyedHash(key0: io.entropy(), key1: io.entropy())
        memory = AgentMemory(&arena, settings: settings, hash: hash, now: now)
        reporter = Reporter(levels: settings.logLevels, hasTime: settings.logsTime, hash: hash, now: now)
        self.io = io
        self.settings = settings
        agedAt = now
        reportedAt = now
        arenaBytes = arena.used
    }

    /// Makes the first attempt to connect.
    public mutating func start() {
        reportReady()
        memory.link.start(&io)
    }

    /// Copies a word of the board config behind what is in the scratch.
    mutating func place(_ word: ConfigWord) -> ByteView {
        let start = memory.scratch.count
        memory.scratch.extend(by: word.copy(to: memory.scratch.start + start))
        return memory.scratch.written.dropFirst(start)
    }

    /// Every pool by number, from zero; nil behind the last.
    public func poolUse(_ index: Int) -> PoolUse? {
        switch index {
        case 0: memory.runs.use("programs")
        case 1: memory.link.outbox.records.use("outgoing-messages")
        case 2: memory.link.outbox.store.use("outgoing-slabs")
        case 3: memory.link.inboundIDs.use("incoming-qos-2")
        default: memory.queue.poolUse(index - 4)
        }
    }
}
