// What each key is called, may say, and is for.
extension Option {
    public var row: Row {
        switch self {
        case .mode: Row(name: "mode", kind: .mode, help: "what this board is")
        case .base:
            Row(
                name: "base", kind: .file,
                help: "another board config, seen from this one's folder; what is not said here is taken from there")
        case .listener:
            Row(name: "listener", kind: .listener, help: "port and address to serve; up to 8 lines; loopback if none")
        case .allowAnonymous:
            Row(
                name: "allow_anonymous", kind: .flag,
                help: "whether clients without user name may connect; true only if there is no listener line")
        case .passwordFile:
            Row(
                name: "password_file", kind: .file,
                help: "user names and hashed passwords, as mosquitto_passwd makes it")
        case .aclFile:
            Row(name: "acl_file", kind: .file, help: "which topics who may read and write; all, if there is none")
        case .allowZeroLengthClientID:
            Row(
                name: "allow_zero_length_clientid", kind: .flag,
                help: "whether clients without client id are given one, or refused")
        case .connectionMessages:
            Row(name: "connection_messages", kind: .flag, help: "whether connects and disconnects are logged")
        case .bindInterface:
            Row(name: "bind_interface", kind: .interface, help: "the network device that the listener above serves")
        case .socketDomain:
            Row(
                name: "socket_domain", kind: .domain,
                help: "the one family of addresses that the listener above serves")
        case .protocolName:
            Row(name: "protocol", kind: .protocolName, help: "what the listener above speaks")
        case .perListenerSettings:
            Row(
                name: "per_listener_settings", kind: .flag,
                help: "whether allow_anonymous, password_file and acl_file below a listener are its own")
        case .setTCPNoDelay:
            Row(name: "set_tcp_nodelay", kind: .flag, help: "only true: nothing is ever held back to be sent with more")
        case .logType:
            Row(name: "log_type", kind: .logType, help: "what is logged; up to information if no line says")
        case .logDest:
            Row(name: "log_dest", kind: .logDest, help: "where it is logged; stderr if no line says")
        case .logTimestamp:
            Row(name: "log_timestamp", kind: .flag, help: "whether lines begin with the time, in seconds since 1970")
        case .maxKeepAlive:
            Row(
                name: "max_keepalive", kind: .duration(min: 0, max: 65_535),
                help: "longest keep-alive a client may ask for; 0 lets it ask for any, and for none")
        case .maxPacketSize:
            Row(name: "max_packet_size", kind: .size(min: 128, max: 59 << 20), help: "longest packet, either way")
        case .offlineMessageExpiry:
            Row(
                name: "offline_message_expiry", kind: .duration(min: 0, max: 20 * 86_400),
                help: "how long a message waits for who is absent; 0 is for ever")
        case .persistentClientExpiration:
            Row(
                name: "persistent_client_expiration", kind: .duration(min: 0, max: 10 * 365 * 86_400),
                help: "how long an absent client is remembered; 0 is for ever")
        case .maxQueuedMessages:
            Row(
                name: "max_queued_messages", kind: .number(min: 0, max: 1_000_000),
                help: "messages that wait for one client, or for the broker; 0 is as many as fit")
        case .maxQueuedBytes:
            Row(
                name: "max_queued_bytes", kind: .size(min: 0, max: 1 << 30),
                help: "bytes that wait for one client, or for the broker; 0 is as many as fit")
        case .queuePolicy:
            Row(
                name: "queue_policy", kind: .policy, help: "what a full queue drops: the newest if no line says")
        case .queueQoS0Messages:
            Row(
                name: "queue_qos0_messages", kind: .flag, help: "whether QoS 0 messages wait for who is absent, too")
        case .maxSubscriptionsPerClient:
            Row(
                name: "max_subscriptions_per_client", kind: .number(min: 1, max: 1_000_000),
                help: "filters one client may subscribe to; more are answered with 0x80, or refused in its file")
        case .messageSizeLimit:
            Row(
                name: "message_size_limit", kind: .size(min: 0, max: 64 << 20),
                help: "longest payload; 0 is as long as the packet may be")
        case .globalMaxConnections:
            Row(
                name: "global_max_connections", kind: .number(min: 1, max: Option.maxClients),
                help: "connections at a time, over all listeners")
        case .maxConnections:
            Row(
                name: "max_connections", kind: .number(min: 1, max: Option.maxClients),
                help: "connections at a time; below a listener, of that one")
        case .globalMaxClients:
            Row(
                name: "global_max_clients", kind: .number(min: 1, max: Option.maxClients),
                help: "clients known at a time, connected or absent")
        case .maxSubscriptions:
            Row(name: "max_subscriptions", kind: .number(min: 1, max: 1_000_000), help: "subscriptions of all clients")
        case .maxTopicNodes:
            Row(
                name: "max_topic_nodes", kind: .number(min: 8, max: 1_000_000),
                help: "different levels of all filters together")
        case .maxMessages:
            Row(name: "max_messages", kind: .number(min: 16, max: 1_000_000), help: "messages held at a time")
        case .messageStoreSize:
            Row(
                // `Pool.maxCount` slabs of 120 bytes.
                name: "message_store_size", kind: .size(min: 4096, max: 118 << 20),
                help: "bytes of topics and payloads held at a time")
        case .retainAvailable:
            Row(name: "retain_available", kind: .flag, help: "whether messages are retained at all")
        case .maxRetainedMessages:
            Row(
                name: "max_retained_messages", kind: .number(min: 0, max: 750_000),
                help: "topics whose latest message is kept")
        case .maxRetainedBytes:
            Row(
                name: "max_retained_bytes", kind: .size(min: 0, max: 59 << 20),
                help: "bytes of all retained messages, in whole slabs of 120, of the message store")
        case .maxDeliveries:
            Row(
                name: "max_deliveries", kind: .number(min: 16, max: 1_000_000),
                help: "messages times receivers that wait at a time; at least global_max_clients")
        case .maxInflightMessages:
            Row(
                name: "max_inflight_messages", kind: .number(min: 1, max: 20_000),
                help: "QoS 1 and 2 messages on their way to one client, or to the broker")
        case .maxIncomingInflight:
            Row(
                name: "max_incoming_inflight", kind: .number(min: 4, max: 1_000_000),
                help: "QoS 2 messages on their way from all clients, one may have a quarter; or from the broker")
        case .packetStoreSize:
            Row(
                name: "packet_store_size", kind: .size(min: 4096, max: 240 << 20),
                help: "bytes of packets of which a part has come, or is still to be sent")
        case .receiveBufferSize:
            Row(
                name: "receive_buffer_size", kind: .size(min: 1024, max: 1 << 20),
                help: "bytes read or written in one go")
        case .maxClientIDLength:
            Row(
                name: "max_client_id_length", kind: .number(min: 23, max: 1024),
                help: "bytes of a client id, and of a user name that acl_file asks for")
        case .maxTopicLength:
            Row(name: "max_topic_length", kind: .number(min: 16, max: 65_535), help: "bytes of a topic or filter")
        case .maxTopicLevels:
            Row(name: "max_topic_levels", kind: .number(min: 2, max: 1024), help: "levels of a topic or filter")
        case .maxAccessSize:
            Row(
                name: "max_access_size", kind: .size(min: 256, max: 1 << 20),
                help: "bytes of password_file and acl_file together")
        case .maxMessageRate:
            Row(
                name: "max_message_rate", kind: .number(min: 0, max: 1_000_000),
                help: "messages a second of one client; faster ones are read no faster; 0 is as fast as they come")
        case .maxConnectRate:
            Row(
                name: "max_connect_rate", kind: .number(min: 0, max: 1_000_000),
                help: "connections accepted a second; the others wait; 0 is as fast as they come")
        case .connectTimeout:
            Row(
                name: "connect_timeout", kind: .duration(min: 1, max: 3600),
                help: "how long a connection may take to begin, and then to CONNECT")
        case .stallTimeout:
            Row(
                name: "stall_timeout", kind: .duration(min: 1, max: 3600),
                help: "how long a begun packet may take, and a client may leave its messages unread")
        case .sysInterval:
            Row(
                name: "sys_interval", kind: .duration(min: 0, max: 65_535),
                help: "how often the topics below $SYS are published; 0 is never")
        case .memoryBudget:
            Row(name: "memory_budget", kind: .size(min: 65_536, max: 2047 << 20), help: "what all of it may take")
        default: belongs(to: .client) ? clientRow : bridgeRow
        }
    }
}
