import Base
import Broker
import Config
import Engine
import Wire

/// The broker with its connections: one thread, one loop, one owner of all state.
///
/// `open` the listeners, then call `turn` until it answers false, then `shutDown`. The phases of a turn stand in files
/// of their own: `Turn`, `Accept`, `Receive`, `Perform`, `Login`, `Listen`, `Flush`, `Close`, `Report`; those of
/// bridges in `Bridge…`.
public struct Server<Net: ClientIO & ~Copyable>: ~Copyable {
    public var io: Net
    var memory: Memory
    var settings: Settings
    var timeouts: Timeouts
    let maxPacketBytes: Int
    /// What was asked for at start, and so has memory and a verifier, though a reload may have done without.
    let mayUsePasswords: Bool
    let mayUseACL: Bool
    var now: Tick
    var isStopping = false
    /// The board config is to be read again, which whoever calls `turn` does.
    public var isReloadAsked = false

    var listenerCount = 0
    /// Accepting rests until then.
    var acceptRestsUntil: Tick?
    /// When listeners whose address was not there are tried again; nil when there are none.
    var listenAgainAt: Tick?
    /// Connections accepted in the second that began then.
    var acceptSecond: Tick
    var acceptedThisSecond = 0
    /// See `ageTicks`.
    var agedAt: Tick
    /// Waits, one after the other, that told of as many events as they can.
    var fullWaits = 0
    /// When the first connection in the pause list was paused.
    var pausedSince: Tick = .zero

    /// Bytes of the access files that are being put in place.
    var accessBytesUsed = 0
    /// A password is being compared.
    var isLoginAsked = false

    /// When the topics below `$SYS` were published last, in whole intervals from the start.
    var systemTopicsAt: Tick
    var uptimeSeconds: UInt32 = 0
    /// Bytes of the topic in front of the value, while a topic below `$SYS` is put together.
    var topicBytes = 0
    var arenaBytes = 0

    var reporter: Reporter
    var counters = Counters()
    /// What was last reported of the counters, and when.
    var reported = Counters()
    var reportedAt: Tick

    /// Carves all it needs from `arena`, which is at least as large as the plan says. Freeze it afterwards.
    /// `hostName` is a part of the names of bridges that have no others.
    public init(_ io: consuming Net, _ arena: inout Arena, settings: Settings, hostName: ByteView = .empty) {
        now = io.now()
        let hash = KeyedHash(key0: io.entropy(), key1: io.entropy())
        memory = Memory(&arena, settings: settings, hostName: hostName, hash: hash, now: now)
        self.io = io
        self.settings = settings
        timeouts = Timeouts(settings.limits)
        maxPacketBytes = settings.limits.maxPacketBytes
        mayUsePasswords = settings.usesPasswords
        mayUseACL = settings.usesACL
        reportedAt = now
        systemTopicsAt = now
        acceptSecond = now
        agedAt = now
        reporter = Reporter(levels: settings.logLevels, hasTime: settings.logsTime, hash: hash, now: now)
        arenaBytes = arena.used
    }

    /// What the broker holds right now.
    public var inUse: Broker.InUse { memory.broker.inUse }
    public var connectionCount: Int { memory.connections.inUse }
    public var packetSlabsInUse: Int { memory.packets.inUse }
    public var drops: DropCounters { memory.broker.drops }
    public func spoolDrops(_ index: Int) -> SpoolDrops { memory.broker.spoolDrops(index) }
    public func spoolUse(_ index: Int) -> (messages: Int, bytes: Int, underWay: Int) { memory.broker.spoolUse(index) }
    public func isBridgeUp(_ index: Int) -> Bool { memory.bridges[index].isUp }
    /// The address of a listener, its port as it was given out.
    public func listenerAddress(_ index: Int) -> Address { memory.listeners[index].address }
}

/// What is counted beside the broker's drops.
struct Counters: Equatable {
    /// Connections turned away because all slots were taken.
    var refused: UInt32 = 0
    /// Bytes over all connections.
    var bytesReceived = Counter()
    var bytesSent = Counter()
    /// Whole packets that came.
    var packetsReceived = Counter()
    /// The most connections at a time is in the pool; this counts them all.
    var accepted = Counter()
    var drops = DropCounters()
}
