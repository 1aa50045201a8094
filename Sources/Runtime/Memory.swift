import Base
import Broker
import Config

/// Everything that the server carves from the arena. Built twice by the same code: against an arena that only
/// measures, which yields the memory plan, and against the real one.
struct Memory: ~Copyable {
    var broker: Broker
    var connections: Pool<Connection>
    var timers: TimerWheel
    /// Half-received packets and unsent replies.
    var packets: Slabs
    var gather: Gather
    /// All connections' input is received here, one connection at a time.
    let window: UnsafeMutablePointer<UInt8>
    let windowBytes: Int
    /// Replies of this turn. A reply is never longer than the packet it answers, so what one receive can bring about
    /// always fits.
    var replies: ByteWriter
    let events: UnsafeMutablePointer<Event>
    /// Connections that have something to send, in the order in which it came up.
    var dirty = List<Connection>()
    /// Connections to close at the end of the turn, which have been flushed.
    var ended = List<Connection>()
    /// Connections that are not read until the store has drained.
    var paused: HandleQueue<Connection>
    /// Two texts of the access files: the one that rules, and room for the one that a reload brings.
    let accessText: UnsafeMutablePointer<UInt8>
    let accessBytes: Int
    /// Which half of `accessText` rules.
    var accessHalf = 0
    /// Connections whose passwords wait to be compared.
    var logins = List<Connection>()
    var failedLogins: LoginBackoff
    let listeners: UnsafeMutablePointer<Listener>
    let bridges: UnsafeMutablePointer<BridgeLink>
    let bridgeCount: Int
    /// A topic or filter as the other side of a bridge has it.
    var mapped: ByteWriter
    var line: Line

    /// More than a board config can have, since one that is closed keeps its place while it has connections.
    static var maxListeners: Int { 16 }
    /// Events taken from one wait.
    static var maxEvents: Int { 64 }
    /// As message slabs: few pieces for a long packet, little waste for a short one.
    private static var packetSlabBytes: Int { 248 }

    init(_ arena: inout Arena, settings: Settings, hostName: ByteView, hash: KeyedHash, now: Tick) {
        let limits = settings.limits
        let count = limits.maxConnections
        connections = Pool(&arena, "connections", key: "max_connections", count: count)
        timers = TimerWheel(&arena, "connection timers", key: "max_connections", count: count, now: now)
        paused = HandleQueue(&arena, "pause list", key: "max_connections", count: count)
        broker = Broker(&arena, settings: settings, hash: hash, now: now)
        packets = Slabs(
            &arena, "packet slabs", key: "packet_store_size",
            count: (limits.packetBufferBytes + Memory.packetSlabBytes - 1) / Memory.packetSlabBytes,
            bytes: Memory.packetSlabBytes)
        // The part that came before and one receive behind it; or one packet of the greatest length, whole.
        windowBytes = limits.maxPacketBytes + limits.receiveBufferBytes
        window = arena.carve("receive window", key: "max_packet_size", count: windowBytes, of: UInt8.self)
        let replyBytes = arena.carve("replies", key: "max_packet_size", count: windowBytes, of: UInt8.self)
        replies = ByteWriter(replyBytes, capacity: windowBytes)
        gather = Gather(&arena, key: "receive_buffer_size", scratchBytes: limits.receiveBufferBytes)
        accessBytes = settings.usesPasswords || settings.usesACL ? limits.maxAccessBytes : 0
        accessText = arena.carve("access files", key: "max_access_size", count: 2 * accessBytes, of: UInt8.self)
        listeners = arena.carve("listeners", key: "fixed", count: Memory.maxListeners, of: Listener.self)
        if !arena.isMeasuring { listeners.initialize(repeating: Listener(), count: Memory.maxListeners) }
        failedLogins = LoginBackoff(&arena)
        bridgeCount = settings.bridgeCount
        bridges = arena.carve("bridges", key: "connection", count: bridgeCount, of: BridgeLink.self)
        var longestPrefix = 0
        var i = 0
        while i < bridgeCount {
            let bridge = BridgeLink(&arena, settings, i, hostName: hostName, hash: hash, now: now)
            var lines = settings.bridge(i).topics
            while let line = lines.next() {
                longestPrefix = max(longestPrefix, max(line.localPrefix.count, line.remotePrefix.count))
            }
            if !arena.isMeasuring { (bridges + i).initialize(to: bridge) }
            i += 1
        }
        let mappedBytes = bridgeCount == 0 ? 0 : limits.maxTopicBytes + longestPrefix
        let mappedStart = arena.carve("bridge topic", key: "max_topic_length", count: mappedBytes, of: UInt8.self)
        mapped = ByteWriter(mappedStart, capacity: mappedBytes)
        events = arena.carve("events", key: "fixed", count: Memory.maxEvents, of: Event.self)
        let lineBytes = arena.carve("log line", key: "fixed", count: Line.logBytes, of: UInt8.self)
        line = Line(lineBytes, capacity: Line.logBytes)
    }
}

/// A first-in, first-out list of handles with room for all there can be.
struct HandleQueue<Record>: ~Copyable {
    private let handles: UnsafeMutablePointer<Handle<Record>>
    private let capacity: Int
    private(set) var count = 0

    var hasRoom: Bool { count < capacity }

    init(_ arena: inout Arena, _ name: StaticString, key: StaticString, count: Int) {
        handles = arena.carve(name, key: key, count: count, of: Handle<Record>.self)
        capacity = count
    }

    subscript(_ index: Int) -> Handle<Record> {
        precondition(index < count)
        return handles[index]
    }

    mutating func append(_ handle: Handle<Record>) {
        precondition(count < capacity, "a handle is listed twice")
        handles[count] = handle
        count += 1
    }

    mutating func removeAll() { count = 0 }
}
