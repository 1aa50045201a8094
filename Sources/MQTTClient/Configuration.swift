extension MQTTClient {
    /// Quality of service [MQTT 3.1.1 §4.3].
    public enum QoS: UInt8, Sendable { case atMostOnce, atLeastOnce, exactlyOnce }

    public struct Message: Sendable {
        public var topic: String
        public var payload: [UInt8]
        public var qos: QoS
        /// From the broker: it was kept for those who subscribe later. To the broker: it is to be kept.
        public var isRetained: Bool

        public init(topic: String, payload: [UInt8], qos: QoS = .atMostOnce, isRetained: Bool = false) {
            self.topic = topic
            self.payload = payload
            self.qos = qos
            self.isRetained = isRetained
        }

        /// The payload as text; what is not UTF-8 in it is replaced by U+FFFD.
        public var text: String { String(decoding: payload, as: UTF8.self) }
    }

    /// Where and as whom a client connects, and what bounds it. All memory that the numbers ask for is taken by `run`.
    public struct Configuration: Sendable {
        /// A name or a numeric address.
        public var host: String
        public var port: UInt16
        /// Empty lets the broker choose one, for which the session must be clean.
        public var clientID = ""
        public var userName: String?
        public var password: [UInt8]?
        /// What the broker publishes when it loses the client.
        public var will: Message?
        /// Whether the broker forgets subscriptions and waiting messages when the connection ends.
        public var cleanSession = true
        /// How long there may be silence, in seconds: 0 (for ever) … 65,535.
        public var keepAliveSeconds: UInt16 = 60
        /// The longest packet that may arrive, in bytes: 128 … 268,435,460. A longer message is acknowledged and passed
        /// over, which `onLog` tells.
        public var maxPacketBytes = 262_144
        /// Messages to the broker that wait or are not acknowledged yet: 1 … 1,000,000.
        public var maxQueuedMessages = 1000
        /// Bytes of their topics and payloads: 4096 … 100 MB.
        public var maxQueuedBytes = 1 << 20
        /// How long a message waits for a connection before it is dropped, in seconds; 0 is for ever. At most 20 days.
        public var offlineMessageExpirySeconds: UInt32 = 0
        /// QoS 1 and 2 messages on their way at a time: 1 … 65,535.
        public var maxInflightMessages = 20
        /// For each address of the host, in seconds: 1 … 3600.
        public var connectTimeoutSeconds: UInt32 = 10
        /// How long the first attempt to connect again waits at most, in milliseconds, above 0; each one after it waits
        /// longer, up to `maxReconnectDelayMs`, of which half is random.
        public var reconnectDelayMs: UInt32 = 1000
        public var maxReconnectDelayMs: UInt32 = 30_000

        public init(host: String = "localhost", port: UInt16 = 1883) {
            self.host = host
            self.port = port
        }
    }

    /// What is wrong with a configuration, a topic or a filter.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    /// Why there is no connection any more, or why an attempt to have one failed.
    public enum Disconnection: Sendable, Equatable, CustomStringConvertible {
        case nameNotFound, nameNotResolved
        /// The system's error number.
        case unreachable(Int32)
        case timedOut
        /// The return code of CONNACK [MQTT 3.1.1 §3.2.2.3].
        case refused(UInt8)
        case closedByBroker, connectionLost
        /// PINGREQ was not answered.
        case brokerSilent
        /// The broker sent what it must not; the name says what.
        case protocolViolation(String)
        /// By `stop`.
        case stopped

        public var description: String {
            switch self {
            case .nameNotFound: "no such host"
            case .nameNotResolved: "the host's name could not be looked up"
            case .unreachable(let error): "unreachable, error \(error)"
            case .timedOut: "no answer in time"
            case .refused(let code): "refused with code \(code)"
            case .closedByBroker: "closed by the broker"
            case .connectionLost: "connection lost"
            case .brokerSilent: "the broker is silent"
            case .protocolViolation(let what): "protocol violation: \(what)"
            case .stopped: "stopped"
            }
        }
    }
}
