import Base
import Broker
import Config
import Engine
import Wire

/// The broker with its connections: one thread, one loop, one owner of all state.
///
/// `open` the listeners, then call `turn` until it answers false, then `shutDown`. The phases of a turn stand in files
/// of their own: `Turn`, `Accept`, `Receive`, `Perform`, `Flush`, `Close`, `Report`.
public struct Server<Net: IO & ~Copyable>: ~Copyable {
    public var io: Net
    var memory: Memory
    let settings: Settings
    let timeouts: Timeouts
    let maxPacketBytes: Int
    var now: Tick
    var isStopping = false

    var listeners = InlineArray<8, Listener>(repeating: Listener(descriptor: -1, address: .any))
    var listenerCount = 0
    /// Accepting rests until then, since the system has run out of something.
    var acceptRestsUntil: Tick?
    /// When the first connection in the pause list was paused.
    var pausedSince: Tick = .zero

    var counters = Counters()
    /// What was last reported of the counters, and when.
    var reported = Counters()
    var reportedAt: Tick

    struct Listener {
        var descriptor: Int32
        var address: Address
    }

    /// Carves all it needs from `arena`, which is at least as large as the plan says. Freeze it afterwards.
    public init(_ io: consuming Net, _ arena: inout Arena, settings: Settings) {
        now = io.now()
        let hash = KeyedHash(key0: io.entropy(), key1: io.entropy())
        memory = Memory(&arena, settings: settings, hash: hash, now: now)
        self.io = io
        self.settings = settings
        timeouts = Timeouts(
            connectMs: UInt32(settings.limits.connectTimeoutSeconds) * 1000,
            stallMs: UInt32(settings.limits.stallTimeoutSeconds) * 1000)
        maxPacketBytes = settings.limits.maxPacketBytes
        reportedAt = now
    }

    /// Opens all listeners. Answers the address that could not be opened, and what the system said.
    public mutating func open() -> (address: Address, error: Int32)? {
        while listenerCount < settings.listenerCount {
            var address = settings.listeners[listenerCount]
            switch io.listen(&address) {
            case .done(let descriptor):
                listeners[listenerCount] = Listener(descriptor: Int32(descriptor), address: address)
                listenerCount += 1
                guard case .done = io.watch(
                    Int32(descriptor), interest: Event.readable, token: UInt32(listenerCount - 1))
                else { return (address, 0) }
            case .failed(let error):
                return (address, error)
            case .again, .closed, .exhausted:
                return (address, 0)
            }
        }
        return nil
    }

    /// What the broker holds right now.
    public var inUse: Broker.InUse { memory.broker.inUse }
    public var connectionCount: Int { memory.connections.inUse }
    public var packetSlabsInUse: Int { memory.packets.inUse }
    public var drops: DropCounters { memory.broker.drops }
    /// The address of a listener, its port as it was given out.
    public func listenerAddress(_ index: Int) -> Address { listeners[index].address }
}

/// What is counted beside the broker's drops.
struct Counters: Equatable {
    /// Connections turned away because all slots were taken.
    var refused: UInt32 = 0
    /// Events for a connection that was closed in the same turn or before.
    var lateEvents: UInt32 = 0
    var drops = DropCounters()
}
