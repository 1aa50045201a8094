import Base
import Bench
import Runtime
import TestSupport
import Wire

/// A broker and its network inside the process: packets come in pieces, writes are short, and time goes by itself.
struct FakeBroker: BenchIO, ~Copyable {
    private final class Connection {
        var token: UInt32 = 0
        var interest: UInt32 = 0
        var isOpen = true
        var toBroker: [UInt8] = []
        var toClient: [UInt8] = []
        var filters: [(filter: [UInt8], qos: UInt8)] = []
        var nextID: UInt16 = 1
    }

    private var connections: [Connection] = []
    private var retained: [[UInt8]: (payload: [UInt8], qos: UInt8)] = [:]
    private var random: SplitMix64
    private var time: UInt64 = 1_000_000_000
    /// The largest read and write, and what the network holds in each direction.
    private let pieceBytes: Int
    private let heldBytes: Int
    /// What becomes of the messages for subscribers; nil for what should.
    private let change: (([UInt8]) -> [[UInt8]])?

    // What the tests look at.
    private(set) var published = 0
    private(set) var mostOpen = 0
    /// Reads that found nothing.
    private(set) var vainReads = 0
    private(set) var greeted = Set<[UInt8]>()

    init(seed: UInt64, pieceBytes: Int, heldBytes: Int, change: (([UInt8]) -> [[UInt8]])? = nil) {
        random = SplitMix64(seed: seed)
        self.pieceBytes = pieceBytes
        self.heldBytes = heldBytes
        self.change = change
    }

    var openCount: Int { connections.filter(\.isOpen).count }
    var retainedCount: Int { retained.count }

    // The network.

    mutating func wait(_ events: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int {
        time += 10_000
        for connection in connections where connection.isOpen { serve(connection) }
        var count = 0
        let start = random.below(max(connections.count, 1))
        for i in connections.indices where count < capacity {
            let connection = connections[(start + i) % connections.count]
            guard connection.isOpen else { continue }
            var flags: UInt32 = 0
            if connection.interest & Event.readable != 0, !connection.toClient.isEmpty { flags |= Event.readable }
            if connection.interest & Event.writable != 0, connection.toBroker.count < heldBytes {
                flags |= Event.writable
            }
            guard flags != 0, random.chance(80) else { continue }
            events[count] = Event(token: connection.token, flags: flags)
            count += 1
        }
        let isIdle = connections.allSatisfy { $0.toBroker.isEmpty && $0.toClient.isEmpty }
        if count == 0, isIdle { time += UInt64(max(timeoutMs, 0)) * 1_000_000 }
        return count
    }

    mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        let connection = connections[Int(descriptor)]
        guard !connection.toClient.isEmpty else {
            vainReads += 1
            return .again
        }
        let piece = min(count, connection.toClient.count, 1 + random.below(pieceBytes))
        for i in 0..<piece { target[i] = connection.toClient[i] }
        connection.toClient.removeFirst(piece)
        return .done(piece)
    }

    mutating func send(_ descriptor: Int32, _ runs: UnsafePointer<Run>, _ runCount: Int) -> IOResult {
        let connection = connections[Int(descriptor)]
        precondition(runCount == 1 && connection.isOpen)
        let room = heldBytes - connection.toBroker.count
        guard room > 0, random.chance(90) else { return .again }
        let piece = min(runs[0].count, room, 1 + random.below(pieceBytes))
        connection.toBroker += Array(UnsafeBufferPointer(start: runs[0].start, count: piece))
        return .done(piece)
    }

    mutating func connect(_ remote: Address, _ options: SocketOptions) -> IOResult {
        connections.append(Connection())
        mostOpen = max(mostOpen, openCount)
        return .done(connections.count - 1)
    }

    mutating func connected(_ descriptor: Int32) -> IOResult { random.chance(70) ? .done(0) : .again }

    mutating func watch(_ descriptor: Int32, interest: UInt32, token: UInt32) -> IOResult {
        rewatch(descriptor, interest: interest, token: token)
        return .done(0)
    }

    mutating func rewatch(_ descriptor: Int32, interest: UInt32, token: UInt32) {
        connections[Int(descriptor)].interest = interest
        connections[Int(descriptor)].token = token
    }

    mutating func close(_ descriptor: Int32) {
        precondition(connections[Int(descriptor)].isOpen)
        serve(connections[Int(descriptor)])
        connections[Int(descriptor)].isOpen = false
    }

    // The broker.

    private mutating func serve(_ connection: Connection) {
        while connection.toClient.count < heldBytes {
            if connection.toBroker.isEmpty { return }
            let taken = connection.toBroker.withUnsafeBufferPointer { buffer -> Int in
                guard let start = buffer.baseAddress else { return 0 }
                switch FrameReader.next(ByteView(start, buffer.count), maxPacketBytes: 1 << 20) {
                case .frame(let frame, let byteCount):
                    answer(frame, connection)
                    return byteCount
                case .needMore: return 0
                case .bad: preconditionFailure("what the clients send is no MQTT")
                }
            }
            if taken == 0 { return }
            connection.toBroker.removeFirst(taken)
        }
    }

    private mutating func answer(_ frame: Frame, _ connection: Connection) {
        let body = frame.body.array
        switch frame.type {
        case .connect:
            guard case .packet(let connect) = Connect.decode(frame.body) else { preconditionFailure("no CONNECT") }
            precondition(greeted.insert(connect.clientID.array).inserted, "a client id that another one has")
            connection.toClient += [0x20, 2, 0, 0]
        case .subscribe:
            guard case .packet(var subscribe) = Subscribe.decode(frame.body), let request = subscribe.next() else {
                preconditionFailure("no SUBSCRIBE")
            }
            let filter = (filter: request.filter.array, qos: request.qos.rawValue)
            connection.filters.append(filter)
            connection.toClient += [0x90, 3, body[0], body[1], filter.qos]
            for (topic, message) in retained where matches(filter.filter, topic) {
                deliver(topic, message.payload, min(filter.qos, message.qos), retain: true, to: connection)
            }
        case .publish:
            guard case .packet(let message) = Publish.decode(frame) else { preconditionFailure("no PUBLISH") }
            take(message, connection)
        case .pubrel: connection.toClient += [0x70, 2, body[0], body[1]]
        case .pubrec: connection.toClient += [0x62, 2, body[0], body[1]]
        case .puback, .pubcomp, .disconnect: break
        default: preconditionFailure("nothing that clients send")
        }
    }

    private mutating func take(_ message: Publish, _ connection: Connection) {
        published += 1
        let id = [UInt8(message.packetID >> 8), UInt8(message.packetID & 0xFF)]
        if message.qos == .atLeastOnce { connection.toClient += [0x40, 2] + id }
        if message.qos == .exactlyOnce { connection.toClient += [0x50, 2] + id }
        let topic = message.topic.array
        let payload = message.payload.array
        if message.retain { retained[topic] = payload.isEmpty ? nil : (payload, message.qos.rawValue) }
        for subscriber in connections where subscriber.isOpen {
            guard let filter = subscriber.filters.first(where: { matches($0.filter, topic) }) else { continue }
            for changed in change?(payload) ?? [payload] {
                deliver(topic, changed, min(filter.qos, message.qos.rawValue), retain: false, to: subscriber)
            }
        }
    }

    private func deliver(
        _ topic: [UInt8], _ payload: [UInt8], _ qos: UInt8, retain: Bool, to subscriber: Connection
    ) {
        var rest = [UInt8(topic.count >> 8), UInt8(topic.count & 0xFF)] + topic
        if qos > 0 {
            rest += [UInt8(subscriber.nextID >> 8), UInt8(subscriber.nextID & 0xFF)]
            subscriber.nextID = subscriber.nextID % 65_535 + 1
        }
        rest += payload
        var length: [UInt8] = []
        var left = rest.count
        repeat {
            length.append(UInt8(left & 0x7F) | (left > 0x7F ? 0x80 : 0))
            left >>= 7
        } while left > 0
        subscriber.toClient += [0x30 | qos << 1 | (retain ? 1 : 0)] + length + rest
    }

    private func matches(_ filter: [UInt8], _ topic: [UInt8]) -> Bool {
        filter.withUnsafeBufferPointer { f in
            topic.withUnsafeBufferPointer { t in
                TopicFilter.matches(ByteView(f.baseAddress!, f.count), ByteView(t.baseAddress!, t.count))
            }
        }
    }

    // Clocks, and what nobody asks for.

    mutating func nanoseconds() -> UInt64 {
        time += 100
        return time
    }

    mutating func cpuNanoseconds() -> UInt64 { time / 2 }
    mutating func pause(nanoseconds: UInt32) { time += UInt64(nanoseconds) }
    mutating func now() -> Tick { Tick(ms: UInt32(truncatingIfNeeded: time / 1_000_000)) }
    mutating func entropy() -> UInt32 { random.word() }
    mutating func wallSeconds() -> UInt32 { 0 }
    mutating func processFile(
        _ process: Int, _ name: StaticString, _ target: UnsafeMutablePointer<UInt8>, _ capacity: Int
    ) -> ByteView? { nil }
    mutating func unsent(_ descriptor: Int32) -> Int { 0 }
    mutating func listen(_ address: inout Address, interface: ByteView) -> IOResult { .exhausted }
    mutating func listenLocal(_ path: ByteView) -> IOResult { .exhausted }
    mutating func removeLocal(_ path: ByteView) {}
    mutating func accept(_ listener: Int32, from peer: inout Address) -> IOResult { .exhausted }
    mutating func verify(_ request: LoginRequest) {}
    mutating func log(_ line: ByteView, _ level: LogLevel) {}
    mutating func connectLocal(_ path: ByteView) -> IOResult { .exhausted }
    mutating func resolve(_ name: ByteView, token: UInt32) {}
    mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution { .notFound }
    mutating func readFile(
        _ descriptor: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> IOResult { .exhausted }
    func errorText(_ error: Int32) -> ByteView { .empty }
}
