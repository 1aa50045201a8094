import Base
import Bridge
import Broker
import Config
import Engine
import Wire

// New settings for the connections of a bridge, while they stand.
extension Server where Net: ~Copyable {
    /// Why connections of a new board config cannot be put in force, or nil.
    func bridgeObstacle(_ new: Settings) -> StaticString? {
        if new.bridgeCount != memory.bridgeCount { return "connections can only be added or removed by a restart" }
        var index = 0
        while index < memory.bridgeCount {
            let (old, wanted) = (memory.bridges[index].settings, new.bridge(index))
            guard wanted.name.equals(old.name) else { return "connections can only be renamed by a restart" }
            guard wanted.clientID.equals(old.clientID), wanted.localClientID.equals(old.localClientID),
                isEqual(wanted.localUsername, old.localUsername),
                isEqual(wanted.notificationTopic, old.notificationTopic)
            else { return "a connection's client ids, local_username and notification_topic are changed by a restart" }
            guard wanted.topicCount <= memory.bridges[index].topicCapacity,
                wanted.spoolMessages == old.spoolMessages, wanted.spoolBytes == old.spoolBytes,
                LinkLimits(wanted, settings.limits).fits(in: LinkLimits(old, settings.limits))
            else { return "a connection can get more topics, or another size of spool or packets, only by a restart" }
            var lines = wanted.topics
            while let line = lines.next() {
                guard line.pattern.count + max(line.localPrefix.count, line.remotePrefix.count)
                    <= memory.mapped.capacity
                else { return "a connection can get topics with so long a prefix only by a restart" }
            }
            index += 1
        }
        return nil
    }

    private func isEqual(_ one: ByteView?, _ other: ByteView?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return one.equals(other)
    }

    /// Puts the connections of the settings in force, which have no obstacle: topics at once, the rest when the
    /// connection is made the next time, or at once where the board config says so.
    mutating func reloadBridges() {
        var index = 0
        while index < memory.bridgeCount {
            reloadBridge(index, settings.bridge(index))
            index += 1
        }
    }

    private mutating func reloadBridge(_ index: Int, _ new: BridgeSettings) {
        let bridge = memory.bridges + index
        let isChanged = !new.sectionText.equals(bridge.pointee.settings.sectionText)
        let hasOtherTopics = hasOtherTopics(index, new)
        if hasOtherTopics { unsubscribeAll(index) }
        // All of it, as the views point into the text of the config, which is a new one.
        bridge.pointee.use(new, settings.limits)
        memory.broker.useSpool(index, SpoolLimits(new))
        if hasOtherTopics {
            if !subscribeLocally(index) { reportNeedsRestart(.topic) }
            bridge.pointee.hasSubscribed = false
            bridge.pointee.subscribedLines = 0
            bridge.pointee.isSynced = false
            if bridge.pointee.isUp { syncRetained(index) }
        }
        // Nobody else would begin with one that was lazy and is not any more.
        if !new.isLazy, bridge.pointee.link.isIdle {
            bridge.pointee.link.start(&io)
            return
        }
        guard isChanged, new.reloadsAtOnce, !bridge.pointee.link.isIdle else { return }
        bridge.pointee.startsAtOnce = true
        bridge.pointee.link.cut(&io)
    }

    private func hasOtherTopics(_ index: Int, _ new: BridgeSettings) -> Bool {
        let bridge = memory.bridges + index
        guard new.topicCount == bridge.pointee.topicCount else { return true }
        var lines = new.topics
        var i = 0
        while let line = lines.next() {
            let old = bridge.pointee.topics[i]
            i += 1
            guard line.direction == old.direction, line.qos == old.qos, line.pattern.equals(old.pattern),
                line.localPrefix.equals(old.localPrefix), line.remotePrefix.equals(old.remotePrefix)
            else { return true }
        }
        return false
    }

    /// Here, and at the remote if it can be told; otherwise what it sends in vain is counted.
    private mutating func unsubscribeAll(_ index: Int) {
        let bridge = memory.bridges + index
        var i = 0
        while i < bridge.pointee.topicCount {
            let line = bridge.pointee.topics[i]
            i += 1
            if line.sendsOut {
                memory.mapped.removeAll()
                TopicMap.writeLocalFilter(line, to: &memory.mapped)
                memory.broker.unsubscribe(bridge.pointee.session, memory.mapped.written)
            }
            if line.takesIn {
                memory.mapped.removeAll()
                TopicMap.writeRemoteFilter(line, to: &memory.mapped)
                _ = bridge.pointee.link.unsubscribe(memory.mapped.written)
            }
        }
    }
}

extension BridgeLink {
    mutating func use(_ new: BridgeSettings, _ limits: Limits) {
        settings = new
        readTopics()
        let connect = Connect(
            new, names, isBridge: new.triesPrivate && (privacy == .unknown || privacy == .taken))
        link.settings = LinkSettings(new, limits, names)
        link.settings.connect = connect
    }
}

extension LinkLimits {
    func fits(in other: LinkLimits) -> Bool {
        sendBytes <= other.sendBytes && queueBytes <= other.queueBytes
    }
}
