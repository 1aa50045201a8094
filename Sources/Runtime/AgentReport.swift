import Base
import Client
import Config
import Engine
import Wire

// The log of client mode: the connection and what goes over it.
extension Agent where Net: ~Copyable {
    mutating func beginLine(_ event: LogEvent) { reporter.begin(event, &memory.line, &io) }
    mutating func writeLine() { reporter.end(&memory.line, &io, now: now) }

    mutating func reportReady() {
        beginLine(.ready)
        memory.line.field("mode", "client")
        memory.line.field("broker", memory.link.settings.endpoints[0])
        if !settings.client.clientID.isEmpty { memory.line.field("client", settings.client.clientID) }
        memory.line.field("memory", arenaBytes)
        writeLine()
    }

    /// The endpoint that the link has tried last.
    private mutating func lastEndpointField() {
        memory.line.field("broker", memory.link.settings.endpoints[memory.link.lastEndpoint])
    }

    mutating func reportConnected(sessionPresent: Bool) {
        guard settings.logsConnections else { return }
        beginLine(.connected)
        lastEndpointField()
        memory.line.field("code", 0)
        memory.line.field("session-present", sessionPresent ? "true" : "false")
        writeLine()
    }

    /// The connection, or an attempt to have one, has ended.
    mutating func reportEnded(_ reason: LinkEnd) {
        let event = isConnected ? LogEvent.disconnected : .connectFailed
        isConnected = false
        if case .disconnected = reason, event == .connectFailed || !settings.logsConnections { return }
        beginLine(event)
        lastEndpointField()
        memory.link.write(reason, to: &memory.line, io)
        writeLine()
    }

    mutating func reportSubscribed(_ packetID: UInt16, _ code: UInt8) {
        var index = 0
        while index < memory.queue.lineCount, memory.subscriptions[index] != packetID { index += 1 }
        guard index < memory.queue.lineCount else { return }
        memory.subscriptions[index] = 0
        beginLine(code == Suback.failure ? .subscribeFailed : .subscribed)
        memory.line.field("filter", memory.queue.line(index).topic.spelling)
        if code != Suback.failure { memory.line.field("qos", Int(code)) }
        writeLine()
    }

    mutating func reportMessage(_ publish: Publish) {
        beginLine(.message)
        memory.line.field("topic", publish.topic)
        memory.line.field("qos", Int(publish.qos.rawValue))
        memory.line.field("retain", publish.retain ? "true" : "false")
        if publish.qos != .atMostOnce { memory.line.field("packet-id", Int(publish.packetID)) }
        memory.line.field("bytes", publish.payload.count)
        memory.line.field("payload", publish.payload.beginning)
        writeLine()
    }

    mutating func reportPublished(_ packetID: UInt16) {
        beginLine(.published)
        memory.line.field("packet-id", Int(packetID))
        writeLine()
    }

    /// A message was given to the link. With QoS 1 and 2 it is told of when it has arrived.
    mutating func reportSent(_ topic: ByteView, _ payload: ByteView, _ qos: QoS) {
        guard qos == .atMostOnce else { return }
        beginLine(.published)
        memory.line.field("topic", topic)
        memory.line.field("qos", 0)
        memory.line.field("bytes", payload.count)
        writeLine()
    }

    mutating func reportCannotReload() {
        beginLine(.reloadFailed)
        memory.line.field("problem", "in client mode the board config is read by a restart only")
        writeLine()
    }

    mutating func reportStopped() {
        beginLine(.stopped)
        writeLine()
    }

    mutating func reportPools() {
        var index = 0
        while let use = poolUse(index) {
            reporter.report(use, &memory.line, &io, now: now)
            index += 1
        }
    }
}

extension ByteView {
    /// As much as a log line has room for.
    var beginning: ByteView { slice(0, min(count, 160)) }
}

extension ConnackCode {
    /// Its name in the log, where the broker does not accept us.
    var refusal: StaticString {
        switch self {
        case .accepted: "accepted"
        case .unacceptableProtocol: "unacceptable-protocol"
        case .identifierRejected: "identifier-rejected"
        case .serverUnavailable: "server-unavailable"
        case .badUserNameOrPassword: "bad-user-name-or-password"
        case .notAuthorised: "not-authorised"
        }
    }
}

// What came to nothing is told at most once a second, as the sum since the line before.
extension Agent where Net: ~Copyable {
    private var reportPauseMs: UInt32 { 1000 }

    var reportDue: Tick { reportedAt.advanced(byMs: reportPauseMs) }

    private var allCounts: Counts {
        var all = counts
        all.actionsFull = memory.queue.counts.full
        all.queueFull &+= memory.link.counters.droppedFull
        all.expired = memory.link.counters.droppedExpired
        all.skipped = memory.link.counters.skipped
        return all
    }

    var hasUnreportedDrops: Bool { allCounts != reported }

    mutating func reportDrops() {
        let all = allCounts
        guard all != reported else {
            // As long ago as makes the next one due at once, and never so long that ticks cannot compare it.
            if !now.isBefore(reportDue) { reportedAt = Tick(ms: now.ms &- reportPauseMs) }
            return
        }
        guard !now.isBefore(reportDue) else { return }
        beginLine(.dropped)
        field("actions-full", all.actionsFull &- reported.actionsFull)
        field("queue-full", all.queueFull &- reported.queueFull)
        field("expired", all.expired &- reported.expired)
        field("offline", all.offline &- reported.offline)
        field("too-long", all.tooLong &- reported.tooLong)
        field("received-too-long", all.skipped &- reported.skipped)
        field("not-printed", all.printed &- reported.printed)
        writeLine()
        reported = all
        reportedAt = now
    }

    private mutating func field(_ key: StaticString, _ count: UInt32) {
        if count > 0 { memory.line.field(key, Int(truncatingIfNeeded: count)) }
    }
}
