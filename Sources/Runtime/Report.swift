import Base
import Broker
import Config
import Engine
import Wire

extension Server where Net: ~Copyable {
    /// Listening: where, who may come, and what it costs.
    public mutating func reportReady() {
        beginLine(.ready)
        memory.line.field("mode", settings.mode == .bridge ? "bridge" : "broker")
        var i = 0
        while i < listenerCount {
            if memory.listeners[i].descriptor >= 0 { listenField(i) }
            i += 1
        }
        memory.line.field("access", settings.accessSummary)
        memory.line.field("memory", arenaBytes)
        writeLine()
    }

    private mutating func listenField(_ index: Int) {
        if memory.listeners[index].settings.isLocal {
            memory.line.field("listen", memory.listeners[index].settings.path)
        } else {
            memory.line.field("listen", memory.listeners[index].address)
        }
    }

    mutating func reportStopped() {
        beginLine(.stopped)
        writeLine()
    }

    mutating func reportConnected(_ handle: Handle<Connection>, _ connect: Connect) {
        guard settings.logsConnections else { return }
        beginConnectionLine(.connected, handle)
        memory.line.field("protocol", connect.level == .v31 ? "3.1" : "3.1.1")
        memory.line.field("clean", connect.cleanSession ? "true" : "false")
        memory.line.field("keep-alive", Int(connect.keepAlive))
        writeLine()
    }

    mutating func reportClosed(_ handle: Handle<Connection>, _ reason: CloseReason) {
        guard settings.logsConnections || (reason != .disconnect && reason != .endOfStream) else { return }
        beginConnectionLine(.closed, handle)
        memory.line.field("reason", reason.name)
        writeLine()
    }

    mutating func reportReloaded() {
        beginLine(.reloaded)
        memory.line.field("access", settings.accessSummary)
        writeLine()
    }

    /// `problem` is one line of text.
    public mutating func reportReloadFailed(_ problem: ByteView) {
        beginLine(.reloadFailed)
        memory.line.field("problem", problem)
        writeLine()
    }

    mutating func reportNeedsRestart(_ option: Option) {
        beginLine(.needsRestart)
        memory.line.field("key", option.row.name)
        writeLine()
    }

    mutating func reportListener(_ event: LogEvent, _ index: Int) {
        beginLine(event)
        listenField(index)
        writeLine()
    }

    private mutating func beginConnectionLine(_ event: LogEvent, _ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        beginLine(event)
        memory.line.field("address", connection.pointee.peer)
        guard connection.pointee.session.isSome else { return }
        let session = connection.pointee.session
        var isQuoted = false
        memory.broker.readClientID(session) { isQuoted = isQuoted || Line.needsQuotes($0) }
        memory.line.key("client")
        if isQuoted { memory.line.byte(UInt8(ascii: "\"")) }
        var line = memory.line
        memory.broker.readClientID(session) { line.escaped($0) }
        memory.line = line
        if isQuoted { memory.line.byte(UInt8(ascii: "\"")) }
    }

    private mutating func beginLine(_ event: LogEvent) { reporter.begin(event, &memory.line, &io) }
    private mutating func writeLine() { reporter.end(&memory.line, &io, now: now) }
}

// On request.
extension Server where Net: ~Copyable {
    /// How much of every pool is used, what was dropped, and what came and went.
    mutating func reportPools() {
        var index = 0
        while let use = poolUse(index) {
            reporter.report(use, &memory.line, &io, now: now)
            index += 1
        }
    }
}

// What was dropped or turned away is told at most once a second, as the sum since the line before.
extension Server where Net: ~Copyable {
    private var reportPauseMs: UInt32 { 1000 }

    var reportDue: Tick { reportedAt.advanced(byMs: reportPauseMs) }

    var hasUnreportedDrops: Bool {
        memory.broker.drops != reported.drops || counters.refused != reported.refused
    }

    mutating func reportDrops() {
        guard hasUnreportedDrops else {
            // As long ago as makes the next one due at once, and never so long that ticks cannot compare it.
            if !now.isBefore(reportDue) { reportedAt = Tick(ms: now.ms &- reportPauseMs) }
            return
        }
        guard !now.isBefore(reportDue) else { return }
        let drops = memory.broker.drops
        if drops != reported.drops {
            beginLine(.dropped)
            dropField("queue-full", drops.queueFull &- reported.drops.queueFull)
            dropField("store-full", drops.storeFull &- reported.drops.storeFull)
            dropField("expired", drops.expired &- reported.drops.expired)
            dropField("retained-full", drops.retainedFull &- reported.drops.retainedFull)
            dropField("forbidden", drops.forbidden &- reported.drops.forbidden)
            dropField("topic-too-long", drops.topicTooLong &- reported.drops.topicTooLong)
            dropField("payload-too-long", drops.payloadTooLong &- reported.drops.payloadTooLong)
            writeLine()
        }
        if counters.refused != reported.refused {
            beginLine(.refused)
            dropField("connections", counters.refused &- reported.refused)
            writeLine()
        }
        reported.drops = drops
        reported.refused = counters.refused
        reportedAt = now
    }

    mutating func dropField(_ key: StaticString, _ count: UInt32) {
        if count > 0 { memory.line.field(key, Int(truncatingIfNeeded: count)) }
    }
}
