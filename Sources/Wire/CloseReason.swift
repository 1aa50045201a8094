/// Why a connection ended. The names appear in the log and are part of the interface.
public enum CloseReason: UInt8 {
    // The peer's choice, or the network's.
    case disconnect, endOfStream, networkError
    // Time.
    case connectTimeout, keepAliveExpired, packetTimeout, outputStalled
    // Another connection took the client id, or the broker stops.
    case takenOver, shutdown
    // The byte stream is no MQTT.
    case badLength, badFlags, badType, packetTooLarge, malformed, badUTF8
    // A packet that has no business here.
    case notConnect, secondConnect, unexpectedPacket
    // Contents that a clause forbids.
    case badProtocolName, badProtocolLevel, badClientID, badTopicName, badTopicFilter, badQoS, badPacketID, noFilters
    // The broker's limits and rules.
    case keepAliveTooLong, badUserNameOrPassword, tooManyFailedLogins, notAuthorised, serverFull, receiveWindowExceeded

    public var name: StaticString {
        switch self {
        case .disconnect: "disconnect"
        case .endOfStream: "end-of-stream"
        case .networkError: "network-error"
        case .connectTimeout: "connect-timeout"
        case .keepAliveExpired: "keep-alive-expired"
        case .packetTimeout: "packet-timeout"
        case .outputStalled: "output-stalled"
        case .takenOver: "taken-over"
        case .shutdown: "shutdown"
        case .badLength: "bad-length"
        case .badFlags: "bad-flags"
        case .badType: "bad-type"
        case .packetTooLarge: "packet-too-large"
        case .malformed: "malformed"
        case .badUTF8: "bad-utf8"
        case .notConnect: "not-connect"
        case .secondConnect: "second-connect"
        case .unexpectedPacket: "unexpected-packet"
        case .badProtocolName: "bad-protocol-name"
        case .badProtocolLevel: "bad-protocol-level"
        case .badClientID: "bad-client-id"
        case .badTopicName: "bad-topic-name"
        case .badTopicFilter: "bad-topic-filter"
        case .badQoS: "bad-qos"
        case .badPacketID: "bad-packet-id"
        case .noFilters: "no-filters"
        case .keepAliveTooLong: "keep-alive-too-long"
        case .badUserNameOrPassword: "bad-user-name-or-password"
        case .tooManyFailedLogins: "too-many-failed-logins"
        case .notAuthorised: "not-authorised"
        case .serverFull: "server-full"
        case .receiveWindowExceeded: "receive-window-exceeded"
        }
    }

    /// What CONNACK says when a CONNECT is turned down for this reason; nil means closing without a word
    /// [MQTT-3.1.4-1, MQTT-3.2.2-6].
    public var connackCode: ConnackCode? {
        switch self {
        case .badProtocolLevel: .unacceptableProtocol
        // A keep alive above the cap has no code of its own in 3.1.1; mosquitto answers with this one too.
        case .badClientID, .keepAliveTooLong: .identifierRejected
        case .serverFull: .serverUnavailable
        // One answer for both, so that user names cannot be found out by trying; mosquitto's, too.
        case .badUserNameOrPassword, .tooManyFailedLogins, .notAuthorised: .notAuthorised
        case .disconnect, .endOfStream, .networkError, .connectTimeout, .keepAliveExpired, .packetTimeout,
            .outputStalled, .takenOver, .shutdown, .badLength, .badFlags, .badType, .packetTooLarge, .malformed,
            .badUTF8, .notConnect, .secondConnect, .unexpectedPacket, .badProtocolName, .badTopicName,
            .badTopicFilter, .badQoS, .badPacketID, .noFilters, .receiveWindowExceeded:
            nil
        }
    }
}

/// CONNACK return codes [MQTT 3.1.1 §3.2.2.3].
public enum ConnackCode: UInt8 {
    case accepted, unacceptableProtocol, identifierRejected, serverUnavailable, badUserNameOrPassword, notAuthorised
}
