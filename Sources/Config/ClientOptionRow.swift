// The same for the keys that only client mode has.
extension Option {
    var clientRow: Row {
        switch self {
        case .address:
            Row(
                name: "address", kind: .remote,
                help: "the broker to connect to; others that take its place; up to 4; a client has one here if not")
        case .remoteClientID:
            Row(
                name: "remote_clientid", kind: .text,
                help: "the client id; if no line says, the broker chooses a client's, and a bridge is HOSTNAME.NAME")
        case .remoteUsername: Row(name: "remote_username", kind: .text, help: "the user name")
        case .remotePassword: Row(name: "remote_password", kind: .text, help: "the password")
        case .remotePasswordFile:
            Row(
                name: "remote_password_file", kind: .file,
                help: "whose first line is the password; nobody else should be able to read it")
        case .cleanSession:
            Row(
                name: "cleansession", kind: .flag,
                help: "whether the broker forgets the client at its end; if no line says, a client without client id")
        case .keepAliveInterval:
            Row(
                name: "keepalive_interval", kind: .duration(min: 5, max: 65_535),
                help: "the longest silence; half of it more, and the connection is given up")
        case .restartTimeout:
            Row(
                name: "restart_timeout", kind: .restart,
                help: "first wait for another attempt, longest, and how long a bridge must be up; 1 30, or 5 30 10")
        case .bindAddress: Row(name: "bind_address", kind: .source, help: "where connections come from")
        case .willTopic:
            Row(name: "will_topic", kind: .text, help: "where the broker publishes that the client is lost")
        case .willPayload:
            Row(name: "will_payload", kind: .text, help: "what it publishes there; nothing if no line says")
        case .willQoS: Row(name: "will_qos", kind: .qos, help: "with which QoS; 0 if no line says")
        case .willRetain: Row(name: "will_retain", kind: .flag, help: "whether that is retained; false if no line says")
        case .subscribe:
            Row(
                name: "subscribe", kind: .subscription,
                help: "what to do with each message; several lines of one filter are one subscription")
        case .publish: Row(name: "publish", kind: .publication, help: "what to publish, again and again")
        case .execTimeout:
            Row(
                name: "exec_timeout", kind: .duration(min: 1, max: 86_400),
                help: "how long a program may run; then it gets TERM, and a second later KILL")
        case .execParallel:
            Row(name: "exec_parallel", kind: .number(min: 1, max: 16), help: "runs of one line at a time")
        case .execQueue:
            Row(name: "exec_queue", kind: .number(min: 0, max: 1000), help: "messages that wait for a run")
        case .execRate:
            Row(
                name: "exec_rate", kind: .number(min: 0, max: 1000),
                help: "starts a second of one line; 0 is as fast as messages come")
        case .execOutputSize:
            Row(
                name: "exec_output_size", kind: .size(min: 0, max: 256 << 10),
                help: "bytes of output that are kept; the rest is cut off, which is logged")
        case .replyTopic: Row(name: "reply_topic", kind: .text, help: "where a program's output is published")
        case .replyQoS: Row(name: "reply_qos", kind: .qos, help: "with which QoS; 0 if no line says")
        case .replyRetain:
            Row(name: "reply_retain", kind: .flag, help: "whether that is retained; false if no line says")
        case .onFailure:
            Row(
                name: "on_failure", kind: .onFailure,
                help: "what becomes of a message whose action failed; drop if no line says")
        case .retryDelay:
            Row(name: "retry_delay", kind: .duration(min: 1, max: 86_400), help: "wait before an action is tried again")
        case .retryLimit:
            Row(
                name: "retry_limit", kind: .number(min: 0, max: 1_000_000),
                help: "how many times it is tried again; 0 is for ever")
        case .deadLetterTopic:
            Row(
                name: "dead_letter_topic", kind: .text,
                help: "where messages go whose action failed, or failed once too often")
        case .writeSize:
            Row(name: "write_size", kind: .size(min: 1, max: 4096), help: "bytes of the longest value that is written")
        case .writeFormat:
            Row(
                name: "write_format", kind: .writeFormat,
                help: "which values are written; one line of printable characters if no line says")
        case .onChangeOnly:
            Row(
                name: "on_change_only", kind: .flag,
                help: "whether what is the same as the last time is not published; false if no line says")
        default: preconditionFailure("a key of brokers")
        }
    }
}
