import Base
import Bridge
import Broker
import Config
import Engine
import Wire

// What is told of bridges: retained values below `$SYS/broker/connection/`, here and to the remote, and the log.
extension Server where Net: ~Copyable {
    /// 1 while the connection stands, and 0 while it does not, as mosquitto tells it: under the client id at the remote
    /// or the topic of the board config, and under the connection's name.
    mutating func tellState(_ index: Int, isUp: Bool) {
        let bridge = memory.bridges + index
        publishBridgeValue(index, "state") { $0.number(isUp ? 1 : 0) }
        guard bridge.pointee.settings.notifies else { return }
        memory.broker.publishOwn(bridge.pointee.names.stateTopic, ByteView(isUp ? "1" : "0"), now: now)
    }

    /// The same to the remote, which on its part tells of a connection that breaks, by our will.
    /// False when the link has no room for it now.
    mutating func tellRemote(_ index: Int, isUp: Bool) -> Bool {
        let bridge = memory.bridges + index
        guard bridge.pointee.settings.notifies, !bridge.pointee.settings.notifiesLocallyOnly else { return true }
        let taken = bridge.pointee.link.publish(
            bridge.pointee.names.stateTopic, ByteView(isUp ? "1" : "0"), .atLeastOnce, retain: true)
        return taken != .full
    }

    /// Tells of what has changed in this turn.
    mutating func tellOfBridges() {
        var index = 0
        while index < memory.bridgeCount {
            let bridge = memory.bridges + index
            if bridge.pointee.link.phaseNumber != bridge.pointee.toldPhase {
                bridge.pointee.toldPhase = bridge.pointee.link.phaseNumber
                let phase = bridge.pointee.link.phase
                publishBridgeValue(index, "phase") { $0.text(phase) }
            }
            reportBridgeDrops(index)
            index += 1
        }
    }

    /// What is counted of bridges, once in `sys_interval`.
    mutating func publishBridgeCounts() {
        var index = 0
        while index < memory.bridgeCount {
            let bridge = memory.bridges + index
            let use = memory.broker.spoolUse(index)
            let drops = memory.broker.spoolDrops(index)
            let counters = bridge.pointee.link.counters
            let counts = bridge.pointee.counts
            publishBridgeValue(index, "attempts") { $0.number(counts.attempts) }
            publishBridgeValue(index, "connects") { $0.number(counters.connects) }
            publishBridgeValue(index, "messages/sent") { $0.number(counters.messagesSent) }
            publishBridgeValue(index, "messages/received") { $0.number(counters.messagesReceived) }
            publishBridgeValue(index, "spool/messages") { $0.number(use.messages) }
            publishBridgeValue(index, "spool/bytes") { $0.number(use.bytes) }
            publishBridgeValue(index, "spool/under-way") { $0.number(use.underWay) }
            publishBridgeValue(index, "dropped/full") { $0.number(drops.full) }
            publishBridgeValue(index, "dropped/expired") { $0.number(drops.expired) }
            publishBridgeValue(index, "dropped/replaced") { $0.number(drops.replaced) }
            publishBridgeValue(index, "dropped/offline") { $0.number(drops.offline) }
            publishBridgeValue(index, "dropped/too-long") { $0.number(drops.tooLong) }
            publishBridgeValue(index, "dropped/cleaned") { $0.number(drops.cleaned) }
            publishBridgeValue(index, "echoes") { $0.number(counts.echoes) }
            index += 1
        }
    }

    private mutating func publishBridgeValue(_ index: Int, _ what: StaticString, _ write: (inout Line) -> Void) {
        memory.line.text("$SYS/broker/connection/")
        memory.line.bytes(memory.bridges[index].settings.name)
        memory.line.text("/")
        memory.line.text(what)
        let topicBytes = memory.line.count
        write(&memory.line)
        let whole = memory.line.view
        memory.broker.publishSystem(whole.slice(0, topicBytes), whole.dropFirst(topicBytes), now: now)
        memory.line.removeAll()
    }

    // The log.

    private mutating func beginBridgeLine(_ event: LogEvent, _ index: Int) {
        reporter.begin(event, &memory.line, &io)
        memory.line.field("bridge", memory.bridges[index].settings.name)
    }

    private func lastEndpoint(_ index: Int) -> LinkSettings.Endpoint {
        let bridge = memory.bridges + index
        return bridge.pointee.link.settings.endpoints[bridge.pointee.link.lastEndpoint]
    }

    private mutating func endBridgeLine() { reporter.end(&memory.line, &io, now: now) }

    mutating func reportRemoteCame(_ index: Int, sessionPresent: Bool) {
        publishBridgeValue(index, "reason") { $0.text("connected") }
        beginBridgeLine(.connected, index)
        memory.line.field("broker", lastEndpoint(index))
        memory.line.field("session-present", sessionPresent ? "true" : "false")
        endBridgeLine()
    }

    mutating func reportRemoteLeft(_ index: Int, _ reason: LinkEnd) {
        let bridge = memory.bridges + index
        let name = bridge.pointee.refusedSince == nil ? reason.name : CloseReason.serverFull.name
        publishBridgeValue(index, "reason") { $0.text(name) }
        beginBridgeLine(bridge.pointee.isUp ? .disconnected : .connectFailed, index)
        memory.line.field("broker", lastEndpoint(index))
        if bridge.pointee.refusedSince == nil {
            bridge.pointee.link.write(reason, to: &memory.line, io)
        } else {
            memory.line.field("reason", name)
        }
        endBridgeLine()
    }

    mutating func reportSubscribeFailed(_ index: Int, _ line: Int) {
        beginBridgeLine(.subscribeFailed, index)
        memory.line.field(settings.place(of: memory.bridges[index].topics[line].number))
        endBridgeLine()
    }

    /// The program ends, and with it what has not arrived.
    mutating func reportUnsent(_ index: Int) {
        let use = memory.broker.spoolUse(index)
        guard use.messages + use.underWay > 0 else { return }
        beginBridgeLine(.dropped, index)
        memory.line.field("unsent", use.messages + use.underWay)
        endBridgeLine()
    }

    /// At most once a second, as the sum since the line before.
    private mutating func reportBridgeDrops(_ index: Int) {
        let bridge = memory.bridges + index
        let drops = memory.broker.spoolDrops(index)
        var counts = bridge.pointee.counts
        counts.skipped = bridge.pointee.link.counters.skipped
        let (old, oldCounts) = (bridge.pointee.reported, bridge.pointee.reportedCounts)
        // Attempts have lines of their own, and echoes are no loss.
        counts.attempts = oldCounts.attempts
        counts.echoes = oldCounts.echoes
        guard drops != old || counts != oldCounts, !now.isBefore(bridgeReportDue(index)) else { return }
        beginBridgeLine(.dropped, index)
        dropField("spool-full", drops.full &- old.full)
        dropField("expired", drops.expired &- old.expired)
        dropField("replaced", drops.replaced &- old.replaced)
        dropField("offline", drops.offline &- old.offline)
        dropField("too-long", drops.tooLong &- old.tooLong)
        dropField("cleaned", drops.cleaned &- old.cleaned)
        dropField("unmapped", counts.unmapped &- oldCounts.unmapped)
        dropField("refused", counts.refused &- oldCounts.refused)
        dropField("incoming-too-long", counts.skipped &- oldCounts.skipped)
        endBridgeLine()
        bridge.pointee.reported = drops
        bridge.pointee.reportedCounts = counts
        bridge.pointee.reportedAt = now
    }

    private func bridgeReportDue(_ index: Int) -> Tick { memory.bridges[index].reportedAt.advanced(byMs: 1000) }

    /// Milliseconds until a line about drops may be written that are not told of yet.
    func msUntilBridgeReport(_ index: Int) -> UInt32? {
        let bridge = memory.bridges + index
        guard memory.broker.spoolDrops(index) != bridge.pointee.reported else { return nil }
        let due = bridgeReportDue(index)
        return due.isBefore(now) ? 0 : due.msSince(now)
    }
}
