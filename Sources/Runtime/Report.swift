import Base
import Broker
import Config
import Engine
import Wire

extension Server where Net: ~Copyable {
    /// Listening: where, who may come, and what it cost. `arenaBytes` is what the plan promised.
    public mutating func reportReady(arenaBytes: Int) {
        memory.line.event(.ready)
        memory.line.field("mode", "broker")
        var i = 0
        var isLocal = true
        while i < listenerCount {
            memory.line.field("listen", listeners[i].address)
            isLocal = isLocal && listeners[i].address.isLoopback
            i += 1
        }
        let access: StaticString = !settings.allowAnonymous ? "nobody: allow_anonymous is false"
            : isLocal ? "anyone on this machine" : "anyone who can reach it"
        memory.line.field("access", access)
        memory.line.field("memory", arenaBytes)
        writeLine()
    }

    mutating func reportStopped() {
        memory.line.event(.stopped)
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

    mutating func reportAcceptFailure(_ listener: Address) {
        memory.line.event(.acceptFailed)
        memory.line.field("listen", listener)
        writeLine()
    }

    private mutating func beginConnectionLine(_ event: LogEvent, _ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        memory.line.event(event)
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

    private mutating func writeLine() {
        io.log(memory.line.ended())
        memory.line.removeAll()
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
            memory.line.event(.dropped)
            field("queue-full", drops.queueFull &- reported.drops.queueFull)
            field("store-full", drops.storeFull &- reported.drops.storeFull)
            field("expired", drops.expired &- reported.drops.expired)
            field("topic-too-long", drops.topicTooLong &- reported.drops.topicTooLong)
            writeLine()
        }
        if counters.refused != reported.refused {
            memory.line.event(.refused)
            field("connections", counters.refused &- reported.refused)
            writeLine()
        }
        reported.drops = drops
        reported.refused = counters.refused
        reportedAt = now
    }

    private mutating func field(_ key: StaticString, _ count: UInt32) {
        if count > 0 { memory.line.field(key, Int(truncatingIfNeeded: count)) }
    }
}
