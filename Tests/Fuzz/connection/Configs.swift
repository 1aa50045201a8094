import Base
import Config

/// Board configs with limits that are near. Each can be the first, or brought by a reload.
enum Configs {
    static let count = 4

    static func settings(_ index: Int) -> Settings { all[index % count] }

    private nonisolated(unsafe) static let all = [anonymous, named, keeping, perListener].map { text in
        guard case .settings(let settings) = ConfigFile.parse(ByteView(text)) else { preconditionFailure() }
        return settings
    }

    private static var anonymous: StaticString {
        """
        log_type none
        password_file p
        acl_file a
        max_packet_size 512
        message_store_size 8K
        max_messages 56
        max_deliveries 32
        max_subscriptions 12
        max_topic_nodes 24
        max_incoming_inflight 8
        packet_store_size 4K
        receive_buffer_size 1K
        max_access_size 1K
        max_topic_length 64
        max_topic_levels 8
        max_client_id_length 23
        max_connections 6
        global_max_clients 8
        persistent_client_expiration 20
        allow_anonymous true
        listener 1883
        listener 1884
        max_connections 2
        offline_message_expiry 5
        max_queued_messages 3
        queue_policy oldest
        max_inflight_messages 2
        stall_timeout 5
        sys_interval 0
        """
    }

    private static var named: StaticString {
        """
        log_type none
        password_file p
        acl_file a
        max_packet_size 512
        message_store_size 8K
        max_messages 56
        max_deliveries 64
        max_subscriptions 12
        max_topic_nodes 24
        packet_store_size 4K
        receive_buffer_size 1K
        max_access_size 1K
        max_topic_length 64
        max_topic_levels 8
        max_connections 6
        global_max_clients 6
        persistent_client_expiration 10
        allow_anonymous false
        listener 1883
        listener 0 /mqtt
        max_message_rate 5
        max_keepalive 30
        max_queued_bytes 200
        max_subscriptions_per_client 3
        allow_zero_length_clientid false
        sys_interval 3
        """
    }

    private static var keeping: StaticString {
        """
        log_type none
        password_file p
        acl_file a
        max_packet_size 1K
        message_store_size 16K
        max_messages 100
        max_retained_messages 3
        max_deliveries 200
        max_subscriptions 30
        max_topic_nodes 60
        max_connections 4
        global_max_clients 8
        packet_store_size 4K
        receive_buffer_size 1K
        max_access_size 1K
        persistent_client_expiration 20
        allow_anonymous true
        listener 1883
        queue_qos0_messages true
        message_size_limit 100
        max_connect_rate 2
        connect_timeout 2
        max_inflight_messages 1
        sys_interval 0
        """
    }

    /// Can be reloaded only by another with the same listeners, so that the others are refused.
    private static var perListener: StaticString {
        """
        log_type none
        max_packet_size 512
        message_store_size 8K
        max_messages 56
        max_deliveries 32
        global_max_clients 8
        max_subscriptions 12
        max_topic_nodes 24
        packet_store_size 4K
        receive_buffer_size 1K
        max_access_size 1K
        max_connections 6
        persistent_client_expiration 20
        retain_available false
        sys_interval 0
        per_listener_settings true
        listener 1883
        allow_anonymous true
        listener 1884
        password_file p
        acl_file a
        """
    }
}

/// Password and access files. In this world everybody's password is `secret`.
enum Files {
    static func passwords(_ index: Int) -> ByteView { ByteView(index % 2 == 0 ? both : bob) }
    static func acl(_ index: Int) -> ByteView { ByteView(index / 2 % 2 == 0 ? open : narrow) }

    private static var both: StaticString { "ann:$6$AAAA$AAAA\nbob:$7$101$AAAA$AAAA\n" }
    private static var bob: StaticString { "bob:$7$101$AAAA$AAAA\n" }
    private static var open: StaticString { "topic #\ntopic $SYS/#\nuser ann\ntopic #\nuser bob\ntopic #\n" }
    private static var narrow: StaticString {
        "topic read #\npattern write %c/#\nuser ann\ntopic a\ntopic deny b\nuser bob\ntopic write #\n"
    }
}
