import Base
import Runtime
import Wire

extension MQTTClient.Configuration {
    /// Throws the first `Problem` there is.
    func check() throws {
        func require(_ condition: Bool, _ problem: String) throws {
            if !condition { throw MQTTClient.Problem(description: problem) }
        }
        func isString(_ text: String) -> Bool {
            text.hasProperty { $0.count <= 65_535 && UTF8Text.isValid($0) }
        }
        try require(!host.isEmpty && host.utf8.count <= 255, "host: expected 1 to 255 bytes")
        try require(isString(clientID), "clientID: expected text of at most 65,535 bytes")
        try require(!clientID.isEmpty || cleanSession, "clientID: a session that is kept needs one [MQTT-3.1.3-7]")
        try require(userName.map(isString) ?? true, "userName: expected text of at most 65,535 bytes")
        try require((password?.count ?? 0) <= 65_535, "password: expected at most 65,535 bytes")
        try require(password == nil || userName != nil, "password: needs a userName [MQTT-3.1.2-22]")
        if let will {
            try require(will.topic.hasProperty { TopicName.check($0) == nil }, "will: expected a topic name")
            try require(will.payload.count <= 65_535, "will: expected a payload of at most 65,535 bytes")
        }
        try require((128...268_435_460).contains(maxPacketBytes), "maxPacketBytes: expected 128 to 268,435,460")
        try require((1...1_000_000).contains(maxQueuedMessages), "maxQueuedMessages: expected 1 to 1,000,000")
        try require((4096...100_000_000).contains(maxQueuedBytes), "maxQueuedBytes: expected 4096 to 100,000,000")
        try require(
            offlineMessageExpirySeconds <= 20 * 86_400, "offlineMessageExpirySeconds: expected at most 20 days")
        try require((1...65_535).contains(maxInflightMessages), "maxInflightMessages: expected 1 to 65,535")
        try require((1...3600).contains(connectTimeoutSeconds), "connectTimeoutSeconds: expected 1 to 3600")
        try require(
            reconnectDelayMs > 0 && reconnectDelayMs <= maxReconnectDelayMs && maxReconnectDelayMs <= 86_400_000,
            "reconnectDelayMs: expected more than 0 and at most maxReconnectDelayMs, and that at most a day")
    }

    func limits(connectBytes: Int) -> LinkLimits {
        var limits = LinkLimits()
        limits.maxPacketBytes = maxPacketBytes
        // A filter may be as long as a string.
        limits.sendBytes = max(connectBytes, 1 << 17)
        limits.maxQueued = maxQueuedMessages
        limits.queueBytes = maxQueuedBytes
        return limits
    }
}

/// The texts of a configuration, as bytes that stay where they are.
final class Texts {
    private let bytes: UnsafeMutablePointer<UInt8>
    private var count = 0

    init(_ configuration: MQTTClient.Configuration) {
        let will = configuration.will.map { $0.topic.utf8.count + $0.payload.count } ?? 0
        let login = (configuration.userName?.utf8.count ?? 0) + (configuration.password?.count ?? 0)
        bytes = .allocate(
            capacity: configuration.host.utf8.count + configuration.clientID.utf8.count + will + login + 1)
    }

    deinit { bytes.deallocate() }

    private func keep(_ text: some Collection<UInt8>) -> ByteView {
        let start = bytes + count
        for (i, byte) in text.enumerated() { start[i] = byte }
        count += text.count
        return ByteView(start, text.count)
    }

    /// To be called once.
    func settings(_ configuration: MQTTClient.Configuration) -> LinkSettings {
        let will = configuration.will.map {
            Connect.Will(
                topic: keep($0.topic.utf8), payload: keep($0.payload), qos: QoS(rawValue: $0.qos.rawValue)!,
                retain: $0.isRetained)
        }
        var settings = LinkSettings(
            Connect(
                level: .v311, cleanSession: configuration.cleanSession, keepAlive: configuration.keepAliveSeconds,
                clientID: keep(configuration.clientID.utf8), will: will,
                userName: configuration.userName.map { keep($0.utf8) },
                password: configuration.password.map { keep($0) }))
        var endpoint = LinkSettings.Endpoint()
        endpoint.host = keep(configuration.host.utf8)
        endpoint.port = configuration.port
        _ = settings.add(endpoint)
        settings.connectTimeoutMs = configuration.connectTimeoutSeconds * 1000
        settings.retryMs = configuration.reconnectDelayMs
        settings.maxRetryMs = configuration.maxReconnectDelayMs
        settings.maxInflight = configuration.maxInflightMessages
        // One that ended the connection would come again with the next, for ever.
        settings.skipsTooLong = true
        settings.beginsAnywhere = !configuration.cleanSession
        settings.queueExpiryMs = configuration.offlineMessageExpirySeconds * 1000
        return settings
    }
}
