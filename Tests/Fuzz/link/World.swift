import Base
import Runtime
import Wire

/// A link and its owner. Its memory is that of the world before, which must be gone.
final class World {
    private var io: Net
    let net: Net.State
    private var link: Link
    /// Of messages that the owner has, and has not acknowledged.
    private var tickets: [UInt32] = []

    private nonisolated(unsafe) static let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    private static let bytes = 128 << 10
    private nonisolated(unsafe) static let memory = UnsafeMutableRawPointer.allocate(
        byteCount: bytes, alignment: 4096)

    init(options: UInt8) {
        World.memory.initializeMemory(as: UInt8.self, repeating: 0, count: World.bytes)
        net = Net.State()
        io = Net(state: net)
        var limits = LinkLimits()
        limits.maxPacketBytes = options & 1 == 0 ? 4096 : 128
        limits.receiveBytes = options & 2 == 0 ? 1024 : 64
        limits.sendBytes = 300
        limits.maxQueued = 12
        limits.queueBytes = 4096
        limits.maxIncoming = options & 4 == 0 ? 8 : 2
        var settings = LinkSettings(
            Connect(
                level: .v311, cleanSession: options & 8 == 0, keepAlive: options & 16 == 0 ? 10 : 0,
                clientID: ByteView("c"), will: nil, userName: nil, password: nil))
        var endpoint = LinkSettings.Endpoint()
        // Two addresses, and another broker.
        endpoint.host = ByteView("localhost")
        _ = settings.add(endpoint)
        endpoint.host = ByteView("10.0.0.1")
        _ = settings.add(endpoint)
        settings.maxInflight = options & 32 == 0 ? 4 : 1
        settings.queueExpiryMs = options & 64 == 0 ? 0 : 5000
        settings.dropsOldest = options & 128 != 0
        settings.skipsTooLong = options & 128 != 0
        var arena = Arena(base: World.memory, capacity: World.bytes, rows: World.rows)
        link = Link(&arena, settings, limits, token: 1, now: Tick(ms: net.clock))
    }

    func start() { if link.isIdle { link.start(&io) } }
    func disconnect() { link.disconnect(&io) }

    /// One turn, and those that the link wants at once, which are not many.
    func turn(flags: UInt32, takes: Int = Int.max) {
        turnOnce(flags: flags, takes: takes)
        guard takes == Int.max else { return }
        var rounds = 0
        while link.msUntilDue(Tick(ms: net.clock)) == 0 {
            turnOnce(flags: 0, takes: takes)
            rounds += 1
            precondition(rounds < 50, "it does not come to rest")
        }
    }

    private func turnOnce(flags: UInt32, takes: Int) {
        link.advance(Tick(ms: net.clock), &io)
        if flags != 0 { link.handle(Event(token: 1, flags: flags), &io) }
        var count = 0
        while count < takes, let event = link.next(&io) {
            take(event)
            count += 1
        }
        link.flush(&io)
        precondition(!link.isIdle || net.open.isEmpty, "a connection that nobody has")
    }

    private func take(_ event: LinkEvent) {
        switch event {
        case .message(let publish, let ticket):
            precondition(Model.isTopic(publish.topic.array))
            if publish.qos != .atMostOnce { tickets.append(ticket) }
        case .connected, .published, .subscribed, .unsubscribed, .ended: break
        }
    }

    func publish(_ kind: Int) {
        guard kind >= 8 else { return publish(topicBytes: 1, payloadBytes: kind, qos: kind % 3) }
        let qos = QoS(rawValue: UInt8(kind % 3))!
        _ = link.publish(ByteView("f"), file: 3, bytes: 100 * kind, qos, retain: false)
    }

    func publish(topicBytes: Int, payloadBytes: Int, qos: Int) {
        let topic = [UInt8](repeating: UInt8(ascii: "t"), count: topicBytes)
        let payload = [UInt8](repeating: UInt8(ascii: "p"), count: payloadBytes)
        let result = withView(topic) { topic in
            withView(payload) { link.publish(topic, $0, QoS(rawValue: UInt8(qos))!, retain: false) }
        }
        precondition((result == .tooLong) == (topicBytes + payloadBytes + 2 > 35 * 120), "4096 bytes are 35 slabs")
    }

    func request(_ kind: Int) {
        if kind < 8 { _ = link.subscribe(ByteView("a/#"), .exactlyOnce) } else { _ = link.unsubscribe(ByteView("a/#")) }
    }

    func acknowledge(_ index: Int) {
        guard !tickets.isEmpty else { return }
        link.acknowledge(tickets.remove(at: index % tickets.count))
    }

    func pass(ms: UInt32) { net.clock &+= ms }

    /// A broker that takes and acknowledges everything finds the link with nothing left.
    func end() {
        net.refusals = 0
        net.isSlow = false
        net.sendRoom = 1 << 20
        net.file = 1500
        if !link.isIdle { disconnect() }
        for _ in 0..<4 { turn(flags: 0) }
        net.isClosedByPeer = true
        if !link.isIdle { turn(flags: Event.readable | Event.failed) }
        net.isClosedByPeer = false
        pass(ms: 6000)
        turn(flags: 0)
        precondition(link.isIdle && net.open.isEmpty, "it does not leave")
        link.start(&io)
        turn(flags: Event.writable)
        net.incoming = [0x20, 2, 0, 0]
        turn(flags: Event.readable)
        var rounds = 0
        while !link.hasSentAll {
            rounds += 1
            precondition(rounds < 200, "messages that never go")
            net.sendRoom = 1 << 20
            net.incoming += net.talk?.takeOwed() ?? []
            turn(flags: Event.readable | Event.writable)
        }
        precondition(link.queuedCount == 0)
    }
}
