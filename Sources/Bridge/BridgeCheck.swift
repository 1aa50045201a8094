import Base
import Config
import Wire

/// What MQTT demands of a board of bridge mode, beyond what its lines look like; and that nothing runs in circles.
public enum BridgeCheck {
    public static var scratchBytes: Int { LoopCheck.scratchBytes }

    /// What is wrong first; nil when nothing is. `scratch` has room for `scratchBytes`.
    public static func problem(_ settings: Settings, scratch: UnsafeMutablePointer<UInt8>) -> ConfigError? {
        var i = 0
        while i < settings.bridgeCount {
            let bridge = settings.bridge(i)
            if let text = problem(bridge, settings, scratch) { return wrong(bridge, text) }
            var lines = bridge.topics
            while let line = lines.next() {
                if let text = problem(line, settings.limits, scratch) {
                    return ConfigError(line: line.number, .topic, text)
                }
            }
            var j = 0
            while j < i {
                let other = settings.bridge(j)
                if let text = conflict(bridge, other, scratch) {
                    return ConfigError(line: bridge.number, .connection, text, other: other.number)
                }
                j += 1
            }
            i += 1
        }
        guard let loop = LoopCheck(settings, scratch: scratch).first() else { return nil }
        let text: StaticString = "what it sends may come back, to be sent again, by"
        return ConfigError(line: loop.out, .topic, text, other: loop.back)
    }

    private static func wrong(_ bridge: borrowing BridgeSettings, _ text: StaticString) -> ConfigError {
        ConfigError(line: bridge.number, .connection, text)
    }

    private static func problem(
        _ bridge: borrowing BridgeSettings, _ settings: Settings, _ scratch: UnsafeMutablePointer<UInt8>
    ) -> StaticString? {
        if !UTF8Text.isValid(bridge.name) { return "is not UTF-8" }
        if bridge.localUsername != nil, settings.isPerListener {
            return "its local_username has a meaning only for an acl_file of all listeners"
        }
        if !UTF8Text.isValid(bridge.clientID) { return "its remote_clientid is not UTF-8" }
        if let name = bridge.username, !UTF8Text.isValid(name) { return "its remote_username is not UTF-8" }
        let id = localID(bridge, scratch)
        if !UTF8Text.isValid(id) { return "its local_clientid is not UTF-8" }
        if id.count > settings.limits.maxClientIDBytes {
            return "its local_clientid is longer than max_client_id_length"
        }
        if let topic = bridge.notificationTopic, TopicName.check(topic) != nil {
            return "its notification_topic must be a topic without wildcards, UTF-8"
        }
        if let text = stateProblem(bridge, settings.limits) { return text }
        var i = 0
        while i < bridge.remoteCount {
            if isOwn(bridge.remote(i), settings) { return "one of its addresses is a listener of this board" }
            i += 1
        }
        return nil
    }

    /// What keeps the broker here, or the other one, from telling of the connection.
    private static func stateProblem(_ bridge: borrowing BridgeSettings, _ limits: Limits) -> StaticString? {
        if let topic = bridge.notificationTopic {
            // The broker's own topics may be longer than those of clients, but not these.
            return topic.count > min(limits.maxTopicBytes, 256) || TopicLevels.count(topic) > limits.maxTopicLevels
                ? "its notification_topic is longer than 256 bytes, max_topic_length or max_topic_levels" : nil
        }
        guard bridge.notifies else { return nil }
        // Between `$SYS/broker/connection/` and `/state`.
        if bridge.clientID.count > 200 { return "without notification_topic its remote_clientid is at most 200 bytes" }
        return hasWildcard(bridge.clientID)
            ? "without notification_topic its remote_clientid cannot have + or #" : nil
    }

    @inline(never) private static func problem(
        _ line: BridgeTopic, _ limits: Limits, _ scratch: UnsafeMutablePointer<UInt8>
    ) -> StaticString? {
        if hasWildcard(line.localPrefix) || hasWildcard(line.remotePrefix) { return "a prefix cannot have + or #" }
        var writer = ByteWriter(scratch, capacity: scratchBytes)
        TopicMap.writeLocalFilter(line, to: &writer)
        if !isFilter(writer.written) {
            return "local prefix and pattern are no topic filter: + alone in its level, # alone in the last, UTF-8"
        }
        if writer.count > limits.maxTopicBytes || TopicLevels.count(writer.written) > limits.maxTopicLevels {
            return "local prefix and pattern are more than max_topic_length or max_topic_levels"
        }
        writer.removeAll()
        TopicMap.writeRemoteFilter(line, to: &writer)
        if !isFilter(writer.written) {
            return "remote prefix and pattern are no topic filter: + alone in its level, # alone in the last, UTF-8"
        }
        return nil
    }

    /// What two connections cannot both have; the text goes on with the number of the other's line.
    private static func conflict(
        _ bridge: borrowing BridgeSettings, _ other: borrowing BridgeSettings, _ scratch: UnsafeMutablePointer<UInt8>
    ) -> StaticString? {
        if bridge.name.equals(other.name) { return "has the name of the connection of" }
        if !bridge.clientID.isEmpty, bridge.clientID.equals(other.clientID), shareRemote(bridge, other) {
            return "has the address and remote_clientid of the connection of"
        }
        let id = localID(bridge, scratch)
        if !id.isEmpty, id.equals(localID(other, scratch + ConfigFile.maxBytes)) {
            return "needs another local_clientid than the connection of"
        }
        return nil
    }

    /// The client id in the broker here; empty if it follows from the name.
    private static func localID(
        _ bridge: borrowing BridgeSettings, _ scratch: UnsafeMutablePointer<UInt8>
    ) -> ByteView {
        if !bridge.localClientID.isEmpty { return bridge.localClientID }
        if bridge.clientID.isEmpty { return .empty }
        var writer = ByteWriter(scratch, capacity: ConfigFile.maxBytes)
        writer.bytes(ByteView("local."))
        writer.bytes(bridge.clientID)
        return writer.written
    }

    /// Whether two connections may be to the same broker, as far as their addresses tell.
    @inline(never) static func shareRemote(_ a: borrowing BridgeSettings, _ b: borrowing BridgeSettings) -> Bool {
        var i = 0
        while i < a.remoteCount {
            let remote = a.remote(i)
            var j = 0
            while j < b.remoteCount {
                let other = b.remote(j)
                if remote.port == other.port, remote.host.equals(other.host) { return true }
                j += 1
            }
            i += 1
        }
        return false
    }

    /// Whether an address, as it is written, leads back to this board.
    @inline(never) private static func isOwn(_ remote: Remote, _ settings: Settings) -> Bool {
        let host = remote.host.equals("localhost") ? ByteView("127.0.0.1") : remote.host
        let address = Address(parsing: host, port: remote.port)
        var i = 0
        while i < settings.listenerCount {
            let listener = settings.listener(i)
            i += 1
            if listener.isLocal || remote.isLocal {
                if listener.path.equals(remote.host) { return true }
                continue
            }
            guard let address, listener.address.port == address.port else { continue }
            let servesAll = listener.address.isAny || listener.address.isAnyV6
            if address == listener.address || servesAll && address.isLoopback { return true }
            // Whoever connects to no address reaches this machine.
            if address.isAny || address == Address(v4: 0, port: address.port) { return true }
        }
        return false
    }

    @inline(never) private static func isFilter(_ text: ByteView) -> Bool { TopicFilter.check(text) == nil }

    private static func hasWildcard(_ text: ByteView) -> Bool {
        text.firstIndex(of: UInt8(ascii: "+")) != nil || text.firstIndex(of: UInt8(ascii: "#")) != nil
    }
}
