// The same for the keys that only bridge mode has.
extension Option {
    var bridgeRow: Row {
        switch self {
        case .connection:
            Row(
                name: "connection", kind: .connection,
                help: "begins a connection to another broker; the keys below are for it; up to 8")
        case .topic:
            Row(
                name: "topic", kind: .bridgeTopic,
                help: "what crosses the connection, and the prefixes it has here and there; out 0 if no more is said")
        case .localClientID:
            Row(
                name: "local_clientid", kind: .text,
                help: "the client id in this board's broker; local. and that at the other if no line says")
        case .localUsername: Row(name: "local_username", kind: .text, help: "whom acl_file takes the connection for")
        case .localPassword:
            Row(name: "local_password", kind: .text, help: "not needed: the connection is a part of this broker")
        case .localCleanSession:
            Row(
                name: "local_cleansession", kind: .flag,
                help: "whether nothing waits for the connection while it is away; as cleansession if no line says")
        case .startType:
            Row(
                name: "start_type", kind: .choice("automatic or lazy"),
                help: "whether it is always there, or when there is something to send; automatic if no line says")
        case .idleTimeout:
            Row(
                name: "idle_timeout", kind: .duration(min: 1, max: 86_400),
                help: "how long a lazy connection stays with nothing to send")
        case .threshold:
            Row(
                name: "threshold", kind: .number(min: 1, max: 1_000_000),
                help: "messages that must wait before a lazy connection is made")
        case .roundRobin:
            Row(
                name: "round_robin", kind: .flag,
                help: "whether all addresses are equal; if not, as no line says, the first is the one to be at")
        case .notifications:
            Row(
                name: "notifications", kind: .flag,
                help: "whether 1 and 0 are retained, here and there, as it comes and goes; true if no line says")
        case .notificationsLocalOnly:
            Row(name: "notifications_local_only", kind: .flag, help: "whether only here; false if no line says")
        case .notificationTopic:
            Row(
                name: "notification_topic", kind: .text,
                help: "under which topic; $SYS/broker/connection/CLIENT-ID/state if no line says")
        case .tryPrivate:
            Row(
                name: "try_private", kind: .flag,
                help: "whether the other broker is told that this is a bridge, if it can bear it; true if no line says")
        case .bridgeAttemptUnsubscribe:
            Row(
                name: "bridge_attempt_unsubscribe", kind: .flag,
                help: "whether what is only sent is unsubscribed from first; false if no line says")
        case .bridgeOutgoingRetain:
            Row(
                name: "bridge_outgoing_retain", kind: .flag,
                help: "whether what is retained is sent as such; true if no line says")
        case .bridgeMaxPacketSize:
            Row(
                name: "bridge_max_packet_size", kind: .size(min: 0, max: 59 << 20),
                help: "longest packet to the other broker; 0 is max_packet_size")
        case .bridgeProtocolVersion:
            Row(name: "bridge_protocol_version", kind: .choice("mqttv311"), help: "what the connection speaks")
        case .bridgeBindDevice:
            Row(
                name: "bridge_bind_device", kind: .choice("a network device, of up to 15 bytes"),
                help: "which it must go through")
        case .bridgeTCPKeepAlive:
            Row(name: "bridge_tcp_keepalive", kind: .tcpKeepAlive, help: "probes of the system's; none if no line says")
        case .bridgeTCPUserTimeout:
            Row(
                name: "bridge_tcp_user_timeout", kind: .number(min: 0, max: 86_400_000),
                help: "milliseconds that sent bytes may wait for an answer; 0 leaves it to the system")
        case .bridgeReloadType:
            Row(
                name: "bridge_reload_type", kind: .choice("lazy or immediate"),
                help: "whether new settings wait for the next connection; lazy if no line says")
        case .spoolMessages:
            Row(
                name: "spool_messages", kind: .number(min: 1, max: 1_000_000),
                help: "messages that wait for the connection")
        case .spoolSize:
            Row(
                // `Pool.maxCount` slabs of 120 bytes.
                name: "spool_size", kind: .size(min: 128, max: 118 << 20), help: "bytes that wait for the connection")
        case .spoolExpiry:
            Row(
                name: "spool_expiry", kind: .duration(min: 0, max: 20 * 86_400),
                help: "how long; offline_message_expiry if no line says; 0 is for ever")
        case .spoolPolicy:
            Row(
                name: "spool_policy", kind: .choice("oldest, newest or latest"),
                help: "what is dropped when too much waits, latest keeps one for each topic; newest if no line says")
        case .spoolQoS0:
            Row(name: "spool_qos0", kind: .flag, help: "whether QoS 0 messages wait, too; false if no line says")
        default: preconditionFailure("a key of brokers or clients")
        }
    }
}
