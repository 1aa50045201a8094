import Base
import Bridge
import Broker
import Config
import Engine
import Wire

// What bridges do in a turn. Every step is bounded, and none waits for the network.
extension Server where Net: ~Copyable {
    /// Events of one link in one turn, so that clients have theirs.
    private var eventsPerTurn: Int { 256 }
    /// As for clients that fill the store: so long they are not read, and after a message that found no room they may
    /// still acknowledge others.
    private var pauseMs: UInt32 { 1000 }

    /// The bridge that a token of an event, or of a session, belongs to.
    func bridgeIndex(_ token: UInt32) -> Int? {
        let index = Int(token) - Int(BridgeLink.firstToken)
        return index >= 0 && index < memory.bridgeCount ? index : nil
    }

    /// Opens the sessions of the bridges and begins to connect. Answers the first whose local id, or one of whose
    /// subscriptions, is not to be had.
    public mutating func openBridges() -> ByteView? {
        var index = 0
        while index < memory.bridgeCount {
            let bridge = memory.bridges + index
            guard let session = memory.broker.openLoopback(
                index, clientID: bridge.pointee.names.localClientID, userName: bridge.pointee.settings.localUsername,
                now: now)
            else { return bridge.pointee.settings.name }
            bridge.pointee.session = session
            guard subscribeLocally(index) else { return bridge.pointee.settings.name }
            index += 1
        }
        // What is told may go to any of them.
        index = 0
        while index < memory.bridgeCount {
            let bridge = memory.bridges + index
            tellState(index, isUp: false)
            if !bridge.pointee.settings.isLazy { bridge.pointee.link.start(&io) }
            index += 1
        }
        return nil
    }

    /// Subscribes to what goes out. False when there is no room.
    mutating func subscribeLocally(_ index: Int) -> Bool {
        let bridge = memory.bridges + index
        var i = 0
        while i < bridge.pointee.topicCount {
            let line = bridge.pointee.topics[i]
            i += 1
            guard line.sendsOut else { continue }
            memory.mapped.removeAll()
            TopicMap.writeLocalFilter(line, to: &memory.mapped)
            let request = Subscribe.Request(filter: memory.mapped.written, qos: qos(line, index))
            if memory.broker.subscribe(bridge.pointee.session, request) == nil { return false }
        }
        return true
    }

    /// The highest QoS of all lines that send what this one does.
    private func qos(_ line: BridgeTopic, _ index: Int) -> QoS {
        let bridge = memory.bridges + index
        var qos = line.qos
        var i = 0
        while i < bridge.pointee.topicCount {
            let other = bridge.pointee.topics[i]
            i += 1
            if other.sendsOut, other.localPrefix.equals(line.localPrefix), other.pattern.equals(line.pattern) {
                qos = max(qos, other.qos)
            }
        }
        return QoS(rawValue: qos) ?? .atMostOnce
    }

    // Before the events.

    mutating func advanceBridges() {
        var index = 0
        while index < memory.bridgeCount {
            let bridge = memory.bridges + index
            index += 1
            bridge.pointee.link.advance(now, &io)
            if let since = bridge.pointee.refusedSince, now.msSince(since) >= pauseMs { bridge.pointee.link.cut(&io) }
            leaveIfIdle(index - 1)
        }
    }

    /// A lazy connection is made once so many messages wait for it.
    mutating func startIfWanted(_ index: Int) {
        let bridge = memory.bridges + index
        guard bridge.pointee.link.isIdle, bridge.pointee.settings.isLazy,
            memory.broker.spoolUse(index).messages >= bridge.pointee.settings.threshold
        else { return }
        bridge.pointee.usedAt = now
        bridge.pointee.link.start(&io)
    }

    /// And ended when nothing has crossed it for a while.
    private mutating func leaveIfIdle(_ index: Int) {
        let bridge = memory.bridges + index
        guard let due = idleDue(index), !now.isBefore(due) else { return }
        _ = tellRemote(index, isUp: false)
        bridge.pointee.link.disconnect(&io)
    }

    private func idleDue(_ index: Int) -> Tick? {
        let bridge = memory.bridges + index
        guard bridge.pointee.settings.isLazy, bridge.pointee.link.isUp else { return nil }
        let use = memory.broker.spoolUse(index)
        guard use.messages == 0, use.underWay == 0 else { return nil }
        return bridge.pointee.usedAt.advanced(byMs: UInt32(bridge.pointee.settings.idleTimeoutSeconds) * 1000)
    }

    // After the events.

    mutating func takeFromBridges() {
        var index = 0
        while index < memory.bridgeCount {
            takeEvents(index)
            subscribeRemotely(index)
            startIfWanted(index)
            index += 1
        }
    }

    /// While the store is nearly full the link is not read, but for as much as one turn allows once a second: what
    /// finds no room then is refused, and a store full of messages for clients that do not read must not silence the
    /// remote.
    private mutating func mayTake(_ index: Int) -> Bool {
        let bridge = memory.bridges + index
        guard memory.broker.isLow, bridge.pointee.refusedSince == nil, bridge.pointee.link.isUp else {
            bridge.pointee.pausedSince = nil
            return true
        }
        if let since = bridge.pointee.pausedSince, now.msSince(since) < pauseMs { return false }
        defer { bridge.pointee.pausedSince = now }
        return bridge.pointee.pausedSince != nil
    }

    private mutating func takeEvents(_ index: Int) {
        let bridge = memory.bridges + index
        var taken = 0
        bridge.pointee.isBehind = false
        guard mayTake(index) else { return }
        while let event = bridge.pointee.link.next(&io) {
            taken += 1
            take(event, index)
            guard taken < eventsPerTurn else {
                bridge.pointee.isBehind = true
                return
            }
            if bridge.pointee.pausedSince == nil, !mayTake(index) { return }
        }
    }

    private mutating func take(_ event: LinkEvent, _ index: Int) {
        let bridge = memory.bridges + index
        switch event {
        case .connected(let sessionPresent): remoteCame(index, sessionPresent: sessionPresent)
        case .message(let publish, let ticket): take(publish, ticket, index)
        case .published(_, let tag):
            memory.broker.arrived(index, tag)
            bridge.pointee.isDirty = true
        case .subscribed(let packetID, let code): noteSubscribed(index, packetID, code)
        case .unsubscribed: break
        case .ended(let reason): remoteLeft(index, reason)
        }
    }

    /// Publishes here what the remote has published.
    private mutating func take(_ publish: Publish, _ ticket: UInt32, _ index: Int) {
        let bridge = memory.bridges + index
        bridge.pointee.usedAt = now
        if bridge.pointee.isEcho(publish) {
            bridge.pointee.counts.echoes &+= 1
        } else {
            memory.mapped.removeAll()
            if bridge.pointee.writeLocalTopic(publish.topic, to: &memory.mapped) {
                guard publishLocally(publish, index) else {
                    bridge.pointee.counts.refused &+= 1
                    bridge.pointee.refusedSince = now
                    bridge.pointee.link.refuse(publish, ticket: ticket)
                    return
                }
            } else {
                bridge.pointee.counts.unmapped &+= 1
            }
        }
        if publish.qos != .atMostOnce { bridge.pointee.link.acknowledge(ticket) }
        if memory.broker.wantsFlush() { flushAll() }
    }

    /// False when the store has no room for it.
    private mutating func publishLocally(_ publish: Publish, _ index: Int) -> Bool {
        let session = memory.bridges[index].session
        let local = Publish(
            topic: memory.mapped.written, payload: publish.payload, qos: publish.qos, retain: publish.retain,
            isDuplicate: publish.isDuplicate, packetID: publish.packetID)
        let outcome = memory.broker.publish(session, local, now: now)
        // The link sees to it that each is given once, so there is nothing to wait for.
        if outcome == .done, publish.qos == .exactlyOnce {
            memory.broker.release(session, packetID: publish.packetID)
        }
        return outcome == .done
    }

    // Time.

    /// Something is left to be done that no event will tell of.
    var areBridgesBehind: Bool {
        var index = 0
        while index < memory.bridgeCount {
            let bridge = memory.bridges + index
            index += 1
            if bridge.pointee.isBehind || bridge.pointee.link.hasMoreToSend { return true }
            if bridge.pointee.isDirty, bridge.pointee.link.isUp, !bridge.pointee.link.isBlocked { return true }
        }
        return false
    }

    func msUntilBridges() -> UInt32? {
        var due: UInt32?
        func consider(_ ms: UInt32?) {
            guard let ms else { return }
            due = min(ms, due ?? ms)
        }
        func consider(_ tick: Tick?) {
            if let tick { consider(tick.isBefore(now) ? 0 : tick.msSince(now)) }
        }
        var index = 0
        while index < memory.bridgeCount {
            let bridge = memory.bridges + index
            consider(bridge.pointee.link.msUntilDue(now))
            consider(bridge.pointee.pausedSince?.advanced(byMs: pauseMs))
            consider(bridge.pointee.refusedSince?.advanced(byMs: pauseMs))
            consider(idleDue(index))
            // Later than that it is room in the link that is waited for.
            if let due = subscribeDue(index), now.isBefore(due) { consider(due) }
            consider(msUntilBridgeReport(index))
            index += 1
        }
        return due
    }
}
