/// Control packet types [MQTT 3.1.1 §2.2.1].
public enum PacketType: UInt8 {
    case connect = 1
    case connack, publish, puback, pubrec, pubrel, pubcomp
    case subscribe, suback, unsubscribe, unsuback
    case pingreq, pingresp, disconnect

    /// The value the four flag bits must have; nil for PUBLISH, whose flags carry meaning [MQTT-2.2.2-1].
    public var requiredFlags: UInt8? {
        switch self {
        case .publish: nil
        case .pubrel, .subscribe, .unsubscribe: 0b0010
        case .connect, .connack, .puback, .pubrec, .pubcomp, .suback, .unsuback, .pingreq, .pingresp, .disconnect: 0
        }
    }
}

/// Quality of service of a message or a subscription [MQTT 3.1.1 §4.3].
public enum QoS: UInt8 {
    case atMostOnce, atLeastOnce, exactlyOnce

    public func capped(at limit: QoS) -> QoS { rawValue <= limit.rawValue ? self : limit }
}

/// Protocol levels that are spoken here. 3.1 calls itself "MQIsdp", 3.1.1 "MQTT".
public enum ProtocolLevel: UInt8 {
    case v31 = 3
    case v311 = 4
}
