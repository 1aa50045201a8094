import Base
import Glibc
import Runtime
import TestSupport
import Wire

/// The network of a link that a test drives by hand: what the link sends is kept, what it receives is put there.
struct HandNet: ClientIO, ~Copyable {
    final class State {
        var clock: UInt32 = 0
        var sent: [UInt8] = []
        var incoming: [UInt8] = []
        /// What the system says when a connection is begun: the error, or nil for a good one, by attempt.
        var refusals: [Int32?] = []
        var connects: [Address] = []
        /// The descriptors that are open, which are numbered from 7 on.
        var descriptors: [Int32] = []
        var open: Int { descriptors.count }
        private var lastDescriptor: Int32 = 6
        /// What has become of each of them, where it differs from `connectResult`; below zero: nothing yet.
        var connectResults: [Int32: Int32] = [:]
        var connectResult: Int32 = 0
        /// The one that was sent to last.
        var sender: Int32 = -1
        var isClosedByPeer = false
        /// Sending fails: the peer is gone, whatever it has left to be read.
        var isDeaf = false
        /// Bytes that a send takes before it would block.
        var sendRoom = Int.max
        var interest: UInt32 = 0
        var asked: [String] = []
        var answer = Resolution.notFound
        var answers: [Address] = []
        var file: [UInt8] = []
        var random: UInt32 = 0

        func open(_ address: Address) -> Int32 {
            connects.append(address)
            lastDescriptor += 1
            descriptors.append(lastDescriptor)
            return lastDescriptor
        }
    }

    let state: State

    mutating func now() -> Tick { Tick(ms: state.clock) }
    mutating func entropy() -> UInt32 { state.random }
    mutating func wait(_: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int { 0 }
    mutating func listen(_: inout Address, interface: ByteView) -> IOResult { .absent }
    mutating func listenLocal(_: ByteView) -> IOResult { .absent }
    mutating func removeLocal(_: ByteView) {}
    mutating func accept(_: Int32, from _: inout Address) -> IOResult { .again }
    mutating func unsent(_: Int32) -> Int { 0 }
    mutating func verify(_: LoginRequest) {}
    mutating func log(_: ByteView, _: LogLevel) {}
    mutating func wallSeconds() -> UInt32 { 0 }

    mutating func connect(_ remote: Address, _: SocketOptions) -> IOResult {
        let refusal = state.refusals.isEmpty ? nil : state.refusals.removeFirst()
        if let refusal {
            state.connects.append(remote)
            return .failed(refusal)
        }
        return .done(Int(state.open(remote)))
    }

    mutating func connectLocal(_: ByteView) -> IOResult { connect(.local, SocketOptions()) }

    mutating func connected(_ descriptor: Int32) -> IOResult {
        precondition(state.descriptors.contains(descriptor))
        let result = state.connectResults[descriptor] ?? state.connectResult
        return result == 0 ? .done(0) : result < 0 ? .again : .failed(result)
    }

    mutating func resolve(_ name: ByteView, token _: UInt32) { state.asked.append(name.text) }

    mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution {
        for (i, address) in state.answers.prefix(capacity).enumerated() { addresses[i] = address }
        return state.answer
    }

    mutating func readFile(
        _: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> IOResult {
        let part = state.file.dropFirst(offset).prefix(count)
        for (i, byte) in part.enumerated() { target[i] = byte }
        return .done(part.count)
    }

    func errorText(_ error: Int32) -> ByteView { ByteView("some error") }

    mutating func receive(_: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        guard !state.incoming.isEmpty else { return state.isClosedByPeer ? .closed(isOrderly: true) : .again }
        let part = state.incoming.prefix(count)
        for (i, byte) in part.enumerated() { target[i] = byte }
        state.incoming.removeFirst(part.count)
        return .done(part.count)
    }

    mutating func send(_ descriptor: Int32, _ runs: UnsafePointer<Run>, _: Int) -> IOResult {
        state.sender = descriptor
        if state.isDeaf { return .closed(isOrderly: false) }
        let count = min(runs[0].count, state.sendRoom)
        guard count > 0 else { return .again }
        state.sent += UnsafeBufferPointer(start: runs[0].start, count: count)
        state.sendRoom -= count
        return .done(count)
    }

    mutating func watch(_: Int32, interest: UInt32, token _: UInt32) -> IOResult {
        state.interest = interest
        return .done(0)
    }

    mutating func rewatch(_: Int32, interest: UInt32, token _: UInt32) { state.interest = interest }

    mutating func close(_ descriptor: Int32) {
        guard let index = state.descriptors.firstIndex(of: descriptor) else { preconditionFailure("closed twice") }
        state.descriptors.remove(at: index)
    }
}

/// A link and the hand that drives it.
final class LinkWorld {
    private let memory: UnsafeMutableRawPointer
    private let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    private var io: HandNet
    let net: HandNet.State
    private var link: Link
    /// Tickets of messages that the hand has not acknowledged.
    private(set) var tickets: [UInt32] = []
    /// Whether messages are acknowledged as they come.
    var acknowledges = true

    static let connack = hex("20 02 00 00")
    static let connackPresent = hex("20 02 01 00")

    init(
        hosts: [StaticString] = ["10.0.0.1"], keepAlive: UInt16 = 60, clean: Bool = true,
        limits change: (inout LinkLimits) -> Void = { _ in }, settings adjust: (inout LinkSettings) -> Void = { _ in }
    ) {
        memory = calloc(1, 4 << 20)
        net = HandNet.State()
        io = HandNet(state: net)
        var limits = LinkLimits()
        limits.maxPacketBytes = 4096
        limits.receiveBytes = 1024
        limits.sendBytes = 1024
        limits.maxQueued = 64
        limits.queueBytes = 65_536
        limits.maxIncoming = 8
        change(&limits)
        var settings = LinkSettings(
            Connect(
                level: .v311, cleanSession: clean, keepAlive: keepAlive, clientID: ByteView("c"), will: nil,
                userName: nil, password: nil))
        for host in hosts {
            var endpoint = LinkSettings.Endpoint()
            endpoint.host = ByteView(host)
            _ = settings.add(endpoint)
        }
        adjust(&settings)
        var arena = Arena(base: memory, capacity: 4 << 20, rows: rows)
        link = Link(&arena, settings, limits, token: 1, now: .zero)
    }

    deinit {
        free(memory)
        rows.deallocate()
    }

    /// One turn of an owner: this much later, with these events. What was told is told in words.
    @discardableResult
    func turn(afterMs ms: UInt32 = 0, flags: UInt32 = 0, takes: Int = Int.max) -> [String] {
        net.clock &+= ms
        link.advance(Tick(ms: net.clock), &io)
        if flags != 0 { link.handle(Event(token: 1, flags: flags), &io) }
        var told: [String] = []
        while told.count < takes, let event = link.next(&io) { told.append(words(event)) }
        link.flush(&io)
        return told
    }

    // `#expect` cannot look into what cannot be copied.
    var isUp: Bool { link.isUp }
    var isIdle: Bool { link.isIdle }
    var hasMore: Bool { link.hasMore }
    var hasSentAll: Bool { link.hasSentAll }
    var queuedCount: Int { link.queuedCount }
    var counters: LinkCounters { link.counters }
    var msUntilDue: UInt32? { link.msUntilDue(Tick(ms: net.clock)) }

    func publish(_ payload: StaticString, _ qos: QoS, retain: Bool = false) -> Link.Taken {
        link.publish(ByteView("t"), ByteView(payload), qos, retain: retain)
    }

    func publish(_ payload: [UInt8], _ qos: QoS) -> Link.Taken {
        payload.withUnsafeBufferPointer {
            link.publish(ByteView("t"), ByteView($0.baseAddress!, $0.count), qos, retain: false)
        }
    }

    func publishFile(bytes: Int) -> Link.Taken {
        link.publish(ByteView("t"), file: 3, bytes: bytes, .atLeastOnce, retain: false)
    }

    func subscribe(_ filter: StaticString, _ qos: QoS) -> UInt16? { link.subscribe(ByteView(filter), qos) }
    func unsubscribe(_ filter: StaticString) -> UInt16? { link.unsubscribe(ByteView(filter)) }

    func change(_ adjust: (inout LinkSettings) -> Void) { adjust(&link.settings) }

    func start() { link.start(&io) }
    func retry() -> UInt32 { link.retry(&io) }
    func disconnect() { link.disconnect(&io) }

    /// Connects, and forgets what was sent for it.
    @discardableResult
    func connect(_ connack: [UInt8] = LinkWorld.connack) -> [String] {
        start()
        turn(flags: Event.writable)
        net.sent = []
        return receive(connack)
    }

    @discardableResult
    func receive(_ bytes: [UInt8], takes: Int = Int.max) -> [String] {
        net.incoming += bytes
        var told: [String] = []
        repeat {
            told += turn(flags: Event.readable, takes: takes)
        } while !net.incoming.isEmpty && told.count < takes && net.interest & Event.readable != 0
        return told
    }

    @discardableResult
    func receive(_ row: String) -> [String] { receive(hex(row)) }

    /// The peer goes away.
    func breakOff() -> [String] {
        net.isClosedByPeer = true
        defer { net.isClosedByPeer = false }
        return turn(flags: Event.readable | Event.failed)
    }

    func acknowledge(_ index: Int) {
        link.acknowledge(tickets[index])
        turn()
    }

    /// What was sent since the last call.
    func sent() -> [UInt8] {
        defer { net.sent = [] }
        return net.sent
    }

    private func words(_ event: LinkEvent) -> String {
        switch event {
        case .connected(let isPresent): return isPresent ? "connected present" : "connected"
        case .message(let publish, let ticket):
            if publish.qos != .atMostOnce {
                tickets.append(ticket)
                if acknowledges { link.acknowledge(ticket) }
            }
            return "message \(publish.topic.text) \(publish.payload.text)"
        case .published(let id, _): return "published \(id)"
        case .subscribed(let id, let code): return "subscribed \(id) \(code)"
        case .unsubscribed(let id): return "unsubscribed \(id)"
        case .ended(let end):
            switch end {
            case .unreachable(let error): return "ended unreachable \(error)"
            case .refused(let code): return "ended refused \(code.rawValue)"
            case .violation(let reason): return "ended violation \(reason.name)"
            default: return "ended \(end)"
            }
        }
    }
}
