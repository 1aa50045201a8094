import Base
import Config

extension Settings {
    /// Writes, line by line, what a reload could not change, or only at times. Of two board configs for which this is
    /// the same, a broker that runs by the one can be told of the other (`Server.obstacle`, `Option.needsRestart`).
    public func writeFixed(_ line: inout Line, to output: (ByteView) -> Void) {
        line.text(mode == .client ? "client" : mode == .bridge ? "bridge" : "broker")
        line.field("passwords", usesPasswords ? 1 : 0)
        line.field("acl", usesACL ? 1 : 0)
        line.field("stderr", logsToStandardError ? 1 : 0)
        line.field("syslog", logsToSyslog ? 1 : 0)
        Settings.end(&line, output)
        var raw: UInt8 = 0
        while let option = Option(rawValue: raw) {
            raw += 1
            guard option.needsRestart, option.row.kind.hasDefault, option.belongs(to: mode) else { continue }
            line.text(option.row.name)
            line.text(" ")
            line.number(limits[option])
            Settings.end(&line, output)
        }
        if isPerListener { writeListeners(&line, output) }
        var i = 0
        while i < bridgeCount {
            write(bridge(i), &line, output)
            i += 1
        }
    }

    private static func end(_ line: inout Line, _ output: (ByteView) -> Void) {
        output(line.ended())
        line.removeAll()
    }

    /// With settings of their own, listeners stay as they are.
    private func writeListeners(_ line: inout Line, _ output: (ByteView) -> Void) {
        var i = 0
        while i < listenerCount {
            let listener = listener(i)
            i += 1
            line.text("listener")
            if listener.isLocal { line.field("path", listener.path) } else { line.field("address", listener.address) }
            line.field("device", listener.interface)
            Settings.end(&line, output)
        }
    }

    private func write(_ bridge: BridgeSettings, _ line: inout Line, _ output: (ByteView) -> Void) {
        var longestPrefix = 0
        var topics = bridge.topics
        while let topic = topics.next() {
            longestPrefix = max(longestPrefix, max(topic.localPrefix.count, topic.remotePrefix.count))
        }
        let limits = LinkLimits(bridge, limits)
        line.text("connection")
        line.field("name", bridge.name)
        // There is room for some more topics than there were.
        line.field("topics", bridge.topicCount / BridgeSettings.spareTopics)
        line.field("prefix", longestPrefix)
        line.field("messages", bridge.spoolMessages)
        line.field("bytes", bridge.spoolBytes)
        line.field("send", limits.sendBytes)
        line.field("queue", limits.queueBytes)
        Settings.end(&line, output)
        line.text(" remote-id")
        line.field("is", bridge.clientID)
        Settings.end(&line, output)
        line.text(" local-id")
        line.field("is", bridge.localClientID)
        Settings.end(&line, output)
        line.text(" local-user")
        line.field("is", bridge.localUsername ?? .empty)
        Settings.end(&line, output)
        line.text(" notifications")
        line.field("topic", bridge.notificationTopic ?? .empty)
        Settings.end(&line, output)
    }
}
