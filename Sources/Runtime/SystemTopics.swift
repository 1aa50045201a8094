import Base
import Broker
import Config

/// The topics below `$SYS/broker/` that hold one number or text each. Names are mosquitto's where it has them.
enum SystemTopic: UInt8 {
    case version, uptime
    case clientsTotal, clientsConnected, clientsDisconnected, clientsMaximum, clientsExpired
    case connectionsAccepted, connectionsRefused
    case bytesReceived, bytesSent, messagesReceived
    case publishMessagesReceived, publishMessagesSent, publishMessagesDropped
    case publishBytesReceived, publishBytesSent
    case subscriptionsCount, retainedCount, storeCount, storeBytes
    case droppedQueueFull, droppedStoreFull, droppedExpired, droppedRetainedFull, droppedForbidden, droppedTopicTooLong
    case droppedPayloadTooLong
    case memoryTotal

    var name: StaticString {
        switch self {
        case .version: "version"
        case .uptime: "uptime"
        case .clientsTotal: "clients/total"
        case .clientsConnected: "clients/connected"
        case .clientsDisconnected: "clients/disconnected"
        case .clientsMaximum: "clients/maximum"
        case .clientsExpired: "clients/expired"
        case .connectionsAccepted: "connections/accepted"
        case .connectionsRefused: "connections/refused"
        case .bytesReceived: "bytes/received"
        case .bytesSent: "bytes/sent"
        case .messagesReceived: "messages/received"
        case .publishMessagesReceived: "publish/messages/received"
        case .publishMessagesSent: "publish/messages/sent"
        case .publishMessagesDropped: "publish/messages/dropped"
        case .publishBytesReceived: "publish/bytes/received"
        case .publishBytesSent: "publish/bytes/sent"
        case .subscriptionsCount: "subscriptions/count"
        case .retainedCount: "retained messages/count"
        case .storeCount: "store/messages/count"
        case .storeBytes: "store/messages/bytes"
        case .droppedQueueFull: "dropped/queue-full"
        case .droppedStoreFull: "dropped/store-full"
        case .droppedExpired: "dropped/expired"
        case .droppedRetainedFull: "dropped/retained-full"
        case .droppedForbidden: "dropped/forbidden"
        case .droppedTopicTooLong: "dropped/topic-too-long"
        case .droppedPayloadTooLong: "dropped/payload-too-long"
        case .memoryTotal: "memory/total"
        }
    }
}

extension Server where Net: ~Copyable {
    private var sysIntervalMs: UInt32 { UInt32(settings.limits.sysIntervalSeconds) * 1000 }

    /// Nil when nothing is to be published.
    var systemTopicsDue: Tick? { sysIntervalMs == 0 ? nil : systemTopicsAt.advanced(byMs: sysIntervalMs) }

    /// Publishes all values that have changed, once in `sys_interval`.
    mutating func publishSystemTopics() {
        guard let due = systemTopicsDue, !now.isBefore(due) else { return }
        let seconds = now.msSince(systemTopicsAt) / 1000
        systemTopicsAt = systemTopicsAt.advanced(byMs: seconds * 1000)
        uptimeSeconds &+= seconds
        publishSystemTopicsNow()
    }

    /// The values that never change are published with the others; the store drops what it has already.
    mutating func publishSystemTopicsNow() {
        var i: UInt8 = 0
        while let topic = SystemTopic(rawValue: i) {
            beginSystemTopic(topic.name)
            writeValue(topic)
            endSystemTopic()
            i += 1
        }
        publishBridgeCounts()
        var index = 0
        while let use = poolUse(index) {
            index += 1
            publishPoolValue(use.name, "in-use", use.inUse)
            publishPoolValue(use.name, "high-water", use.highWater)
            publishPoolValue(use.name, "capacity", use.capacity)
        }
        i = 0
        while let option = Option(rawValue: i) {
            i += 1
            guard option.row.kind.hasDefault, option.belongs(to: .broker) else { continue }
            memory.line.text("$SYS/broker/limit/")
            memory.line.text(option.row.name)
            topicBytes = memory.line.count
            memory.line.number(settings.limits[option])
            endSystemTopic()
        }
    }

    /// Every pool by number, from zero; nil behind the last.
    public func poolUse(_ index: Int) -> PoolUse? {
        switch index {
        case 0: memory.connections.use("connections")
        case 1: memory.packets.use("packet-slabs")
        default: memory.broker.poolUse(index - 2)
        }
    }

    private mutating func publishPoolValue(_ pool: StaticString, _ what: StaticString, _ value: Int) {
        memory.line.text("$SYS/broker/pool/")
        memory.line.text(pool)
        memory.line.text("/")
        memory.line.text(what)
        topicBytes = memory.line.count
        memory.line.number(value)
        endSystemTopic()
    }

    /// The line holds first the topic and then the value.
    private mutating func beginSystemTopic(_ name: StaticString) {
        memory.line.text("$SYS/broker/")
        memory.line.text(name)
        topicBytes = memory.line.count
    }

    private mutating func endSystemTopic() {
        let whole = memory.line.view
        memory.broker.publishSystem(whole.slice(0, topicBytes), whole.dropFirst(topicBytes), now: now)
        memory.line.removeAll()
    }

    private mutating func writeValue(_ topic: SystemTopic) {
        let broker = memory.broker.inUse
        let drops = memory.broker.drops
        let traffic = memory.broker.traffic
        switch topic {
        case .version:
            memory.line.text("swiftlet version ")
            memory.line.text(Version.text)
        case .uptime:
            memory.line.number(uptimeSeconds)
            memory.line.text(" seconds")
        case .clientsTotal: memory.line.number(broker.sessions - memory.bridgeCount)
        case .clientsConnected: memory.line.number(broker.sessions - memory.bridgeCount - memory.broker.awayCount)
        case .clientsDisconnected: memory.line.number(memory.broker.awayCount)
        case .clientsMaximum: memory.line.number(memory.connections.highWater)
        case .clientsExpired: memory.line.number(memory.broker.expiredSessions)
        case .connectionsAccepted: memory.line.number(counters.accepted)
        case .connectionsRefused: memory.line.number(counters.refused)
        case .bytesReceived: memory.line.number(counters.bytesReceived)
        case .bytesSent: memory.line.number(counters.bytesSent)
        case .messagesReceived: memory.line.number(counters.packetsReceived)
        case .publishMessagesReceived: memory.line.number(traffic.messagesReceived)
        case .publishMessagesSent: memory.line.number(traffic.messagesSent)
        case .publishMessagesDropped: memory.line.number(drops.total)
        case .publishBytesReceived: memory.line.number(traffic.bytesReceived)
        case .publishBytesSent: memory.line.number(traffic.bytesSent)
        case .subscriptionsCount: memory.line.number(broker.subscriptions)
        case .retainedCount: memory.line.number(memory.broker.retained.messages)
        case .storeCount: memory.line.number(broker.messages)
        case .storeBytes: memory.line.number(memory.broker.storedBytes)
        case .droppedQueueFull: memory.line.number(drops.queueFull)
        case .droppedStoreFull: memory.line.number(drops.storeFull)
        case .droppedExpired: memory.line.number(drops.expired)
        case .droppedRetainedFull: memory.line.number(drops.retainedFull)
        case .droppedForbidden: memory.line.number(drops.forbidden)
        case .droppedTopicTooLong: memory.line.number(drops.topicTooLong)
        case .droppedPayloadTooLong: memory.line.number(drops.payloadTooLong)
        case .memoryTotal: memory.line.number(arenaBytes)
        }
    }
}

/// The version of the program.
public enum Version {
    public static var text: StaticString { "0.1.0" }
    /// Before 2026-11-01 nobody had it: a clock that says so was not set.
    static var releasedSeconds: UInt32 { 1_793_491_200 }
}
