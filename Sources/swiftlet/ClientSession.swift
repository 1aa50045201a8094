import Base
import Client
import Linux
import Runtime
import Wire

/// What `swiftlet pub` and `swiftlet sub` have in common: the link with its clockwork, and what its end means.
struct ClientSession: ~Copyable {
    var io: LinuxIO
    var link: Link
    let options: ClientOptions
    private let clientID: ByteView
    var line: Line
    private let events: UnsafeMutablePointer<Event>
    private(set) var now: Tick
    private var hasBeenUp = false

    static var linkToken: UInt32 { 1 }
    private static var maxEvents: Int { 8 }
    private static var eventsBytes: Int { MemoryLayout<Event>.stride * maxEvents }

    /// Nil when the system does not give what it takes.
    static func open(
        _ options: ClientOptions, _ memory: ClientMemory, rows: UnsafeMutablePointer<PlanRow>, _ line: Line
    ) -> ClientSession? {
        guard
            var io = LinuxIO(
                resolvers: ClientSession.needsResolver(options) ? 1 : 0, logsToStandardError: false,
                logsToSyslog: false)
        else { return nil }
        let now = io.now()
        let clientID = ClientSession.clientID(options, memory, &io)
        let settings = ClientSession.settings(options, clientID)
        let limits = ClientSession.limits(options, settings)
        var plan = Arena(measuring: rows)
        _ = Link(&plan, settings, limits, token: ClientSession.linkToken, now: now)
        let linkBytes = (plan.used + 15) & ~15
        guard let start = System.reserve(linkBytes + ClientSession.eventsBytes) else { return nil }
        var arena = Arena(base: start, capacity: plan.used, rows: rows)
        let link = Link(&arena, settings, limits, token: ClientSession.linkToken, now: now)
        let events = (start + linkBytes).assumingMemoryBound(to: Event.self)
        return ClientSession(io, link, options, clientID, line, events, now)
    }

    private init(
        _ io: consuming LinuxIO, _ link: consuming Link, _ options: ClientOptions, _ clientID: ByteView, _ line: Line,
        _ events: UnsafeMutablePointer<Event>, _ now: Tick
    ) {
        self.io = io
        self.link = link
        self.options = options
        self.clientID = clientID
        self.line = line
        self.events = events
        self.now = now
    }

    mutating func start() {
        if options.isDebugging { debug("sending CONNECT") }
        link.start(&io)
    }

    /// Waits until something happens, or `limitMs` (nil: for ever) are over; how many events there are for others than
    /// the link, which `event` gives. With `ignoresLink` it does not matter what the link has to tell.
    mutating func wait(_ limitMs: UInt32?, ignoresLink: Bool = false) -> Int {
        var ms = -1
        if !ignoresLink, let due = link.msUntilDue(now) { ms = Int(min(due, 0x7FFF_FFFF)) }
        if let limitMs, ms < 0 || Int(limitMs) < ms { ms = Int(limitMs) }
        let count = io.wait(events, capacity: ClientSession.maxEvents, timeoutMs: ms)
        now = io.now()
        link.advance(now, &io)
        var others = 0
        var i = 0
        while i < count {
            if events[i].token == ClientSession.linkToken {
                link.handle(events[i], &io)
            } else {
                events[others] = events[i]
                others += 1
            }
            i += 1
        }
        return others
    }

    func event(_ index: Int) -> Event { events[index] }

    mutating func next() -> LinkEvent? {
        let event = link.next(&io)
        if case .connected = event {
            hasBeenUp = true
            if options.isDebugging { debug("received CONNACK (0)") }
        }
        return event
    }

    mutating func flush() { link.flush(&io) }

    mutating func disconnect() {
        if options.isDebugging, link.isUp { debug("sending DISCONNECT") }
        link.disconnect(&io)
    }

    /// A connection, or the attempt to have one, has ended: nil when there is to be another, otherwise the exit status,
    /// and what happened is told.
    mutating func ended(_ reason: LinkEnd) -> Int32? {
        if canRetry(reason) {
            link.retry(&io)
            return nil
        }
        let status = ClientExit.status(reason)
        if status != Exit.success, !options.isQuiet {
            line.text("swiftlet: ")
            writePlace()
            line.text(": ")
            ClientExit.write(reason, to: &line)
            System.write(line.ended(), to: .error)
            line.removeAll()
        }
        return status
    }

    /// Says what went wrong, unless nothing is to be said.
    mutating func tell(_ problem: StaticString, _ detail: ByteView = .empty) {
        guard !options.isQuiet else { return }
        line.text("swiftlet: ")
        line.text(problem)
        line.escaped(detail)
        System.write(line.ended(), to: .error)
        line.removeAll()
    }

    private func canRetry(_ reason: LinkEnd) -> Bool {
        switch reason {
        case .disconnected, .primaryIsBack, .violation, .fileFailed: return false
        case .refused: return hasBeenUp ? options.retry == .always : options.retry.retriesFirst
        case .notFound, .notResolved, .unreachable, .timedOut, .closed, .lost, .silent:
            return hasBeenUp ? options.retry.retriesLost : options.retry.retriesFirst
        }
    }

    private mutating func writePlace() {
        if let path = options.unixPath {
            line.escaped(path)
            return
        }
        line.escaped(options.host ?? ByteView("localhost"))
        line.text(":")
        line.number(Int(options.port))
    }
}

// What mosquitto's tools tell with -d, of what there is to tell here.
extension ClientSession {
    mutating func debug(_ what: StaticString) {
        beginDebug(what)
        endDebug()
    }

    mutating func beginDebug(_ what: StaticString) {
        line.text("Client ")
        line.bytes(clientID.isEmpty ? ByteView("(null)") : clientID)
        line.text(" ")
        line.text(what)
    }

    mutating func endDebug() {
        System.write(line.ended(), to: .output)
        line.removeAll()
    }

    /// `(d0, q1, r0, m1, 'topic', ... (5 bytes))`.
    mutating func debugMessage(_ what: StaticString, _ message: Publish) {
        beginDebug(what)
        line.text(message.isDuplicate ? " (d1, q" : " (d0, q")
        line.number(Int(message.qos.rawValue))
        line.text(message.retain ? ", r1, m" : ", r0, m")
        line.number(Int(message.packetID))
        line.text(", '")
        line.escaped(message.topic)
        line.text("', ... (")
        line.number(message.payload.count)
        line.text(" bytes))")
        endDebug()
    }
}

// From options to a link.
extension ClientSession {
    /// Addresses need no looking up, and `localhost` is known.
    private static func needsResolver(_ options: ClientOptions) -> Bool {
        guard options.unixPath == nil, let host = options.host, !host.equals("localhost") else { return false }
        return Address(parsing: host, port: 0) == nil
    }

    /// Empty where the broker is to make one up, which MQTT 3.1 does not know.
    private static func clientID(_ options: ClientOptions, _ memory: ClientMemory, _ io: inout LinuxIO) -> ByteView {
        if let id = options.clientID, !id.isEmpty || options.level == .v311 { return id }
        guard options.idPrefix != nil || options.level == .v31 else { return .empty }
        var id = Line(memory.clientID, capacity: ClientMemory.clientIDBytes)
        if let prefix = options.idPrefix {
            id.bytes(prefix)
            id.number(System.processID)
        } else {
            id.text("swiftlet-")
            id.hex(io.entropy())
        }
        return id.view
    }

    private static func settings(_ options: ClientOptions, _ clientID: ByteView) -> LinkSettings {
        var will: Connect.Will?
        if let topic = options.willTopic {
            let payload = options.willPayload ?? .empty
            will = Connect.Will(topic: topic, payload: payload, qos: options.willQoS, retain: options.willRetain)
        }
        var settings = LinkSettings(
            Connect(
                level: options.level, cleanSession: options.cleanSession, keepAlive: options.keepAlive,
                clientID: clientID, will: will, userName: options.user, password: options.password))
        var place = LinkSettings.Endpoint()
        place.host = options.host ?? ByteView("localhost")
        place.port = options.port
        place.path = options.unixPath ?? .empty
        _ = settings.add(place)
        settings.socket.localAddress = options.localAddress
        settings.maxInflight = options.maxInflight
        return settings
    }

    /// All that MQTT allows: it is address space, which becomes memory only where it is used.
    private static func limits(_ options: ClientOptions, _ settings: LinkSettings) -> LinkLimits {
        var limits = LinkLimits()
        limits.maxPacketBytes = Int(VarInt.maxValue) + 5
        // A filter has up to 65,535 bytes.
        limits.sendBytes = max(settings.connect.byteCount, 131_072)
        limits.maxQueued = options.tool == .pub ? options.maxInflight + Pub.maxWaiting : Sub.maxRemoved
        limits.queueBytes = Pub.maxLineBytes + 65_536 + 1024
        limits.maxIncoming = 65_535
        return limits
    }
}
