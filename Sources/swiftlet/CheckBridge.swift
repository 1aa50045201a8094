import Base
import Config
import Linux

extension Program {
    /// What `--check` says of each connection of a bridge: whom it reaches and as whom, what crosses it under which
    /// names, what waits for it; what may not work.
    mutating func writeBridges(_ settings: Settings) {
        if settings.listenerCount == 0 {
            line.text("no listener: nobody can connect")
            end(to: .output)
        }
        var i = 0
        while i < settings.bridgeCount {
            let bridge = settings.bridge(i)
            writeConnection(bridge)
            var topics = bridge.topics
            while let topic = topics.next() {
                if topic.sendsOut { write(bridge, topic, "sends ", topic.localPrefix, ", there ", topic.remotePrefix) }
                if topic.takesIn { write(bridge, topic, "takes ", topic.remotePrefix, ", here ", topic.localPrefix) }
            }
            writeSpool(bridge)
            warn(bridge, settings)
            i += 1
        }
    }

    private mutating func begin(_ bridge: borrowing BridgeSettings) {
        line.text("connection ")
        line.escaped(bridge.name)
        line.text(": ")
    }

    private mutating func writeConnection(_ bridge: borrowing BridgeSettings) {
        begin(bridge)
        line.text("reaches ")
        var i = 0
        while i < bridge.remoteCount {
            if i > 0 { line.text(bridge.isRoundRobin ? " or " : ", else ") }
            write(bridge.remote(i))
            i += 1
        }
        line.text(" as ")
        writeClientID(bridge)
        writeUser(bridge.username, hasPassword: bridge.password != nil)
        line.text(bridge.cleanSession ? ", clean session" : ", session kept")
        line.text(", keep-alive ")
        line.number(bridge.keepAliveSeconds)
        if bridge.isLazy {
            line.text(", when ")
            line.number(bridge.threshold)
            line.text(" messages wait, until idle for ")
            line.number(bridge.idleTimeoutSeconds)
            line.text(" s")
        }
        end(to: .output)
        begin(bridge)
        line.text("is ")
        if bridge.localClientID.isEmpty {
            line.text("local.")
            writeClientID(bridge)
        } else {
            line.escaped(bridge.localClientID)
        }
        line.text(" here")
        writeUser(bridge.localUsername, hasPassword: nil)
        if bridge.notifies {
            line.text(", says 1 or 0 ")
            line.text(bridge.notifiesLocallyOnly ? "here at " : "here and there at ")
            if let topic = bridge.notificationTopic {
                line.escaped(topic)
            } else {
                line.text("$SYS/broker/connection/")
                writeClientID(bridge)
                line.text("/state")
            }
        }
        end(to: .output)
    }

    private mutating func writeClientID(_ bridge: borrowing BridgeSettings) {
        if !bridge.clientID.isEmpty { return line.escaped(bridge.clientID) }
        line.text("HOSTNAME.")
        line.escaped(bridge.name)
    }

    private mutating func write(
        _ bridge: borrowing BridgeSettings, _ topic: BridgeTopic, _ verb: StaticString, _ prefix: ByteView,
        _ place: StaticString, _ other: ByteView
    ) {
        begin(bridge)
        line.text(verb)
        line.escaped(prefix)
        line.escaped(topic.pattern)
        writeQoS(topic.qos, retain: false)
        line.text(place)
        line.escaped(other)
        line.escaped(topic.pattern)
        end(to: .output)
    }

    private mutating func writeSpool(_ bridge: borrowing BridgeSettings) {
        begin(bridge)
        if bridge.localCleanSession {
            line.text("while it is away, nothing waits for it")
        } else {
            line.text("while it is away, up to ")
            line.number(bridge.spoolMessages)
            line.text(bridge.spoolsQoS0 ? " messages and " : " messages of QoS 1 and 2 and ")
            line.number(bridge.spoolBytes)
            line.text(" bytes wait")
            if bridge.spoolExpirySeconds > 0 {
                line.text(" for ")
                line.number(bridge.spoolExpirySeconds)
                line.text(" s")
            }
            switch bridge.spoolPolicy {
            case .dropNewest: line.text("; the newest are dropped")
            case .dropOldest: line.text("; the oldest are dropped")
            case .keepLatest: line.text("; only the latest of each topic, and the oldest are dropped")
            }
        }
        end(to: .output)
    }

    private mutating func warn(_ bridge: borrowing BridgeSettings, _ settings: Settings) {
        if let path = bridge.passwordFile { warnIfPublic(path) }
        guard bridge.isLazy else { return }
        var topics = bridge.topics
        while let topic = topics.next() {
            guard topic.takesIn else { continue }
            line.text("warning: ")
            line.place(settings.place(of: topic.number))
            line.text(": comes in only while there was something to send, for start_type is lazy")
            end(to: .output)
        }
    }
}
