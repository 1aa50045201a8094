import Base
import Linux
import Runtime
import Wire

/// The client's loop: a link, and what other threads want of it.
final class Loop {
    private let client: MQTTClient
    private let wakeUp: Int32
    private let memory: UnsafeMutableRawPointer
    private let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    private let texts: Texts
    private var io: LinuxIO
    private var link: Link
    private var isLeaving = false
    /// Messages that were too long, as far as they were told of.
    private var toldSkipped: UInt32 = 0
    /// When `stop` waits no longer for room for what there is to be published.
    private var leaveDue: Tick?
    /// Filters whose SUBACK has not come, in the order of the requests.
    private var asked: [UInt16: String] = [:]
    /// The same of UNSUBACK.
    private var given: [UInt16: String] = [:]
    /// Filters that nobody wants, and that a session which the broker keeps may have still.
    private var unwanted: Set<String> = []
    /// Filters that are still to be asked for, or given up, on this connection.
    private var unasked: [(filter: String, isWanted: Bool)] = []

    private static let linkToken: UInt32 = 1
    private static let wakeToken: UInt32 = 2
    private static let maxEvents = 8

    init(_ client: MQTTClient, wakeUp: Int32) {
        self.client = client
        self.wakeUp = wakeUp
        let configuration = client.configuration
        texts = Texts(configuration)
        let settings = texts.settings(configuration)
        let limits = configuration.limits(connectBytes: settings.connect.byteCount)
        var plan = Arena(measuring: rows)
        _ = Link(&plan, settings, limits, token: Loop.linkToken, now: .zero)
        memory = .allocate(byteCount: plan.used, alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: plan.used)
        var arena = Arena(base: memory, capacity: plan.used, rows: rows)
        // Names are looked up by a thread: a program with threads cannot go on in a copy of its process.
        guard let resolver = NameResolver(startingServer: { end in Thread { NameResolver.serve(end) }.begin() }),
            var io = LinuxIO(resolver: resolver)
        else { preconditionFailure("out of descriptors") }
        link = Link(&arena, settings, limits, token: Loop.linkToken, now: io.now())
        self.io = io
    }

    deinit {
        io.end()
        memory.deallocate()
        rows.deallocate()
    }

    func run() {
        guard case .done = io.watch(wakeUp, interest: Event.readable, token: Loop.wakeToken) else {
            preconditionFailure("out of descriptors")
        }
        let events = UnsafeMutablePointer<Event>.allocate(capacity: Loop.maxEvents)
        defer { events.deallocate() }
        link.start(&io)
        while true {
            obey()
            link.flush(&io)
            let count = io.wait(events, capacity: Loop.maxEvents, timeoutMs: msUntilDue())
            link.advance(io.now(), &io)
            for i in 0..<count {
                if events[i].token == Loop.wakeToken {
                    var space: UInt64 = 0
                    withUnsafeMutableBytes(of: &space) {
                        _ = io.read(wakeUp, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), 8)
                    }
                } else if events[i].token == Loop.linkToken {
                    link.handle(events[i], &io)
                }
            }
            while let event = link.next(&io) {
                if !take(event) { return }
            }
            tellSkipped()
        }
    }

    private func msUntilDue() -> Int {
        let now = io.now()
        var ms = link.msUntilDue(now)
        if let leaveDue {
            let left = leaveDue.isBefore(now) ? 0 : leaveDue.msSince(now)
            ms = min(ms ?? left, left)
        }
        return ms.map { Int($0) + ($0 == 0 ? 0 : 1) } ?? -1
    }

    /// What other threads want, and what is left of it from earlier turns.
    private func obey() {
        request()
        let (commands, isStopping) = client.takeCommands()
        var rest = commands[...]
        while let command = rest.first, obey(command) { rest.removeFirst() }
        if !rest.isEmpty { client.putBack(rest) }
        if isStopping, !isLeaving { leave(isDone: rest.isEmpty, isGoingOn: rest.count < commands.count) }
    }

    /// False for what there is no room for.
    private func obey(_ command: MQTTClient.Command) -> Bool {
        switch command {
        case .publish(let message):
            return publish(message)
        case .subscribe(let filter):
            unwanted.remove(filter)
            ask(filter, isWanted: true)
        case .unsubscribe(let filter):
            if !client.configuration.cleanSession { unwanted.insert(filter) }
            ask(filter, isWanted: false)
        }
        return true
    }

    /// At once where that is possible, so that what is published next comes behind it.
    private func ask(_ filter: String, isWanted: Bool) {
        guard link.isUp else { return }
        unasked.append((filter, isWanted))
        request()
    }

    /// `stop` was called. What waits is sent while there is a connection that takes it.
    private func leave(isDone: Bool, isGoingOn: Bool) {
        let now = io.now()
        if leaveDue == nil || isGoingOn { leaveDue = now.advanced(byMs: 5000) }
        guard isDone || !link.isUp || !now.isBefore(leaveDue!) else { return }
        isLeaving = true
        leaveDue = nil
        link.disconnect(&io)
    }

    private func publish(_ message: MQTTClient.Message) -> Bool {
        var topic = message.topic
        return topic.withUTF8 { name in
            message.payload.withUnsafeBufferPointer { payload in
                // Whatever is too long was refused before.
                link.publish(
                    ByteView(name.baseAddress!, name.count),
                    payload.isEmpty ? .empty : ByteView(payload.baseAddress!, payload.count),
                    QoS(rawValue: message.qos.rawValue)!, retain: message.isRetained) != .full
            }
        }
    }

    /// Sends SUBSCRIBE and UNSUBSCRIBE as far as there is room.
    private func request() {
        while link.isUp, let (name, isWanted) = unasked.first {
            var filter = name
            let qos = client.subscriptions[filter]
            let isSent = filter.withUTF8 {
                let view = ByteView($0.baseAddress!, $0.count)
                guard isWanted else {
                    guard let id = link.unsubscribe(view) else { return false }
                    given[id] = String(decoding: $0, as: UTF8.self)
                    return true
                }
                // It may be unwanted again already.
                guard let qos else { return true }
                guard let id = link.subscribe(view, QoS(rawValue: qos.rawValue)!) else { return false }
                asked[id] = String(decoding: $0, as: UTF8.self)
                return true
            }
            guard isSent else { return }
            unasked.removeFirst()
        }
    }

    /// False when it was the last event.
    private func take(_ event: LinkEvent) -> Bool {
        switch event {
        case .connected(let sessionPresent):
            log("connected to \(client.configuration.host):\(client.configuration.port), session "
                + (sessionPresent ? "present" : "new"))
            if !sessionPresent { unwanted = [] }
            unasked = unwanted.sorted().map { ($0, false) } + client.subscriptions.keys.sorted().map { ($0, true) }
            client.onConnect?(sessionPresent)
        case .message(let publish, let ticket):
            let message = MQTTClient.Message(publish)
            log("message on \(message.topic), QoS \(message.qos.rawValue), \(message.payload.count) bytes")
            client.onMessage?(message)
            if publish.qos != .atMostOnce { link.acknowledge(ticket) }
        case .published(let packetID, _):
            log("published \(packetID)")
            client.onPublish?(packetID)
        case .subscribed(let packetID, let code):
            guard let filter = asked.removeValue(forKey: packetID) else { return true }
            let granted = MQTTClient.QoS(rawValue: code)
            log("subscribed to \(filter), " + (granted.map { "QoS \($0.rawValue)" } ?? "refused"))
            client.onSubscribe?(filter, granted)
        case .unsubscribed(let packetID):
            if let filter = given.removeValue(forKey: packetID) { unwanted.remove(filter) }
        case .ended(let end):
            asked = [:]
            given = [:]
            unasked = []
            let reason = MQTTClient.Disconnection(end)
            log("disconnected: \(reason)")
            client.onDisconnect?(reason)
            if isLeaving { return false }
            link.retry(&io)
        }
        return true
    }

    private func tellSkipped() {
        let count = link.counters.skipped &- toldSkipped
        guard count > 0 else { return }
        toldSkipped &+= count
        log("passed over \(count) messages longer than maxPacketBytes")
    }

    private func log(_ line: @autoclosure () -> String) {
        if let onLog = client.onLog { onLog(line()) }
    }
}

extension MQTTClient.Message {
    init(_ publish: Publish) {
        self.init(
            topic: String(decoding: UnsafeBufferPointer(publish.topic), as: UTF8.self),
            payload: Array(UnsafeBufferPointer(publish.payload)),
            qos: MQTTClient.QoS(rawValue: publish.qos.rawValue)!, isRetained: publish.retain)
    }
}

extension UnsafeBufferPointer<UInt8> {
    init(_ view: ByteView) { self.init(start: view.start, count: view.count) }
}

extension MQTTClient.Disconnection {
    init(_ end: LinkEnd) {
        switch end {
        case .notFound: self = .nameNotFound
        case .notResolved: self = .nameNotResolved
        case .unreachable(let error): self = .unreachable(error)
        case .timedOut: self = .timedOut
        case .refused(let code): self = .refused(code.rawValue)
        case .closed: self = .closedByBroker
        case .lost, .fileFailed: self = .connectionLost
        case .silent: self = .brokerSilent
        case .violation(let reason):
            let name = ByteView(reason.name)
            self = .protocolViolation(String(decoding: UnsafeBufferPointer(name), as: UTF8.self))
        case .disconnected, .primaryIsBack: self = .stopped
        }
    }
}
