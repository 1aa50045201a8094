import Base
import Broker
import Config
import Glibc
import TestSupport
import Wire

/// A broker in an arena of its own, driven by packets, on a clock that only `pass` moves.
final class TestBroker {
    private let base: UnsafeMutableRawPointer
    private let bytes: Int
    private let rows: UnsafeMutablePointer<PlanRow>
    private var gather: Gather
    var broker: Broker
    private(set) var now: Tick
    private var links: UInt32 = 0
    private let aclText: Text?
    /// The board config, to which settings point.
    private let config: Text

    typealias Acknowledged = Broker.AcknowledgeOutcome
    typealias Published = Broker.PublishOutcome

    /// A client as the layer above the broker knows it.
    struct Client {
        let session: Handle<Session>
        let link: Handle<SessionLink>
        let isSessionPresent: Bool
        let displaced: Handle<SessionLink>
    }

    /// `acl` is an access file, nil for none; `bridge` has `connection` sections; `change` puts limits over the
    /// defaults.
    init(
        start: UInt32 = 0, allowAnonymous: Bool = true, acl: String? = nil, bridge: String = "",
        _ change: (inout Limits) -> Void = { _ in }
    ) {
        let mode = bridge.isEmpty ? "" : "mode bridge\n"
        config = Text(mode + "sys_interval 0\n" + (acl == nil ? "" : "acl_file acl\n") + bridge)
        guard case .settings(var settings) = ConfigFile.parse(config.view) else {
            preconditionFailure("bad: \(config.view.text)")
        }
        change(&settings.limits)
        let limits = settings.limits
        now = Tick(ms: start)
        rows = .allocate(capacity: Arena.maxRows)
        let hash = KeyedHash(key0: 1, key1: 2)
        var measuring = Arena(measuring: rows)
        _ = Broker(&measuring, settings: settings, hash: hash, now: now)
        _ = Gather(&measuring, key: "k", scratchBytes: limits.receiveBufferBytes)
        // Zeroed, and not there before it is used, so that a test costs no more than what it does.
        base = mmap(nil, measuring.used, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        bytes = measuring.used
        var arena = Arena(base: base, capacity: measuring.used, rows: rows)
        broker = Broker(&arena, settings: settings, hash: hash, now: now)
        gather = Gather(&arena, key: "k", scratchBytes: limits.receiveBufferBytes)
        precondition(arena.used == measuring.used)
        aclText = acl.map { Text($0) }
        broker.addAccess(0, allowsAnonymous: allowAnonymous, passwords: nil, acl: aclText?.view)
    }

    deinit {
        munmap(base, bytes)
        rows.deallocate()
    }

    var inUse: Broker.InUse { broker.inUse }
    var drops: DropCounters { broker.drops }
    var retained: Broker.RetainedCount { broker.retained }
    var awayCount: Int { broker.awayCount }
    var expiredSessions: UInt32 { broker.expiredSessions }
    var isLow: Bool { broker.isLow }
    var msUntilExpiry: UInt32? { broker.msUntilExpiry(now: now) }
}

// What clients do.
extension TestBroker {
    func connectOutcome(
        _ packet: [UInt8], random: (UInt32, UInt32) = (0, 0)
    ) -> (client: Client?, reason: CloseReason?) {
        links += 1
        let link = Handle<SessionLink>(raw: links)
        return withFrame(packet) { frame in
            guard case .packet(let connect) = Connect.decode(frame.body) else { preconditionFailure("bad CONNECT") }
            if case .refused(let reason) = broker.admission(connect, accessIndex: 0) { return (nil, reason) }
            switch broker.connect(connect, accessIndex: 0, link: link, random: random, now: now) {
            case .refused(let reason): return (nil, reason)
            case .accepted(let session, let isPresent, let displaced):
                return (Client(session: session, link: link, isSessionPresent: isPresent, displaced: displaced), nil)
            }
        }
    }

    /// A client that is let in.
    func connect(_ id: String, isClean: Bool = true, user: String? = nil, will: Packet.Will? = nil) -> Client {
        guard let client = connectOutcome(Packet.connect(id, isClean: isClean, user: user, will: will)).client else {
            preconditionFailure("\(id) was refused")
        }
        return client
    }

    func disconnect(_ client: Client, isOrderly: Bool = true) {
        broker.disconnect(client.session, isOrderly: isOrderly, now: now)
    }

    /// The granted QoS, or nil.
    @discardableResult
    func subscribe(_ client: Client, _ filter: String, qos: UInt8 = 0) -> UInt8? {
        withFrame(Packet.subscribe(filter, qos: qos)) { frame in
            guard case .packet(var subscribe) = Subscribe.decode(frame.body), let request = subscribe.next() else {
                preconditionFailure("bad filter: \(filter)")
            }
            return broker.subscribe(client.session, request)?.rawValue
        }
    }

    func unsubscribe(_ client: Client, _ filter: String) {
        withView(filter) { broker.unsubscribe(client.session, $0) }
    }

    @discardableResult
    func publish(_ client: Client, packet: [UInt8]) -> Broker.PublishOutcome {
        withFrame(packet) { frame in
            guard case .packet(let publish) = Publish.decode(frame) else { preconditionFailure("bad PUBLISH") }
            return broker.publish(client.session, publish, now: now)
        }
    }

    @discardableResult
    func publish(
        _ client: Client, _ topic: String, _ payload: String = "", qos: UInt8 = 0, id: UInt16 = 1
    ) -> Broker.PublishOutcome {
        publish(client, packet: Packet.publish(topic, Array(payload.utf8), qos: qos, id: id))
    }

    /// One more access file, which stays where it is.
    func addAccess(_ index: Int, _ acl: Text) {
        broker.addAccess(index, allowsAnonymous: true, passwords: nil, acl: acl.view)
    }

    /// As the layer above publishes a value below `$SYS`.
    func publishSystem(_ topic: String, _ value: String) {
        withView(topic) { topic in withView(value) { broker.publishSystem(topic, $0, now: now) } }
    }

    func release(_ client: Client, id: UInt16) { broker.release(client.session, packetID: id) }

    @discardableResult
    func acknowledge(_ client: Client, _ type: PacketType, id: UInt16) -> Broker.AcknowledgeOutcome {
        broker.acknowledge(client.session, type, packetID: id)
    }
}

// What the layer above does.
extension TestBroker {
    /// One write, of which the system takes at most `limit` bytes: those it takes.
    func write(_ client: Client, limit: Int = Int.max) -> [UInt8] {
        gather.removeAll()
        if broker.begunBytes(client.session) > 0 { broker.fill(client.session, &gather, .begunPacket) }
        broker.fill(client.session, &gather, .rest)
        var bytes: [UInt8] = []
        for i in 0..<gather.runCount { bytes += ByteView(gather.runs[i].start, gather.runs[i].count).array }
        bytes = Array(bytes.prefix(limit))
        if !bytes.isEmpty { broker.sent(client.session, bytes.count) }
        return bytes
    }

    /// All that can be written now.
    func drain(_ client: Client) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = write(client)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// The packets the client gets now, in words.
    func receive(_ client: Client) -> [String] { words(drain(client)) }

    func hasOutput(_ client: Client) -> Bool { broker.hasOutput(client.session) }
    func begunBytes(_ client: Client) -> Int { broker.begunBytes(client.session) }
    func setBlocked(_ client: Client, _ isBlocked: Bool) { broker.setBlocked(client.session, isBlocked) }
    func wantsFlush() -> Bool { broker.wantsFlush() }

    /// The connections that got something to send since the last time.
    func takeDirty() -> [Handle<SessionLink>] {
        var links: [Handle<SessionLink>] = []
        while let link = broker.takeDirty() { links.append(link) }
        return links
    }

    func clientID(_ client: Client) -> String {
        var bytes: [UInt8] = []
        broker.readClientID(client.session) { bytes += $0.array }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Lets time pass, waking the broker when it asks for it.
    func pass(ms: UInt64) {
        var left = ms
        while true {
            broker.expire(now: now)
            guard left > 0 else { return }
            let step = min(left, UInt64(broker.msUntilExpiry(now: now) ?? UInt32(86_400_000)))
            precondition(step > 0, "the broker does not sleep")
            now = now.advanced(byMs: UInt32(step))
            left -= step
        }
    }

    func pass(days: Double) { pass(ms: UInt64(days * 86_400_000)) }
    func pass(seconds: Double) { pass(ms: UInt64(seconds * 1000)) }
}
