import Base

/// mosquitto's options that are not here: so that an error can tell them from spelling mistakes, and that an import can
/// say why.
enum ForeignOption: UInt8 {
    case listenerAddress, listenerTLS, tls, bridgeTLS, webSockets, mountPoint, proxy, anonymousByListener
    case persistence, service, plugins, includes, memory, log, version5, noWorth
    case maxQoS, inflightBytes, idPrefix, idPrefixes, usernameAsID, duplicates, upgrade, retainSource, control

    struct Row {
        let names: StaticString
        /// What becomes of it, or what to do instead.
        let reason: StaticString
    }

    var row: Row {
        switch self {
        case .listenerAddress: Row(names: "port bind_address", reason: "stands in the listener line")
        case .listenerTLS:
            Row(names: "certfile keyfile cafile capath psk_hint", reason: ForeignOption.noTLS)
        case .tls:
            Row(
                names: """
                    ciphers ciphers_tls1.3 crlfile dhparamfile disable_client_cert_date_checks psk_file \
                    require_certificate tls_engine tls_engine_kpass_sha1 tls_keyform tls_version \
                    use_identity_as_username use_subject_as_username
                    """,
                reason: ForeignOption.noTLS)
        case .bridgeTLS:
            Row(
                names: """
                    bridge_cafile bridge_capath bridge_psk bridge_tls_use_os_certs bridge_alpn bridge_certfile \
                    bridge_ciphers bridge_ciphers_tls1.3 bridge_identity bridge_insecure bridge_keyfile \
                    bridge_require_ocsp bridge_tls_version
                    """,
                reason: ForeignOption.noTLS)
        case .webSockets:
            Row(
                names: "http_dir websockets_headers_size websockets_log_level websockets_origin",
                reason: "there are no WebSockets and no HTTP")
        case .mountPoint: Row(names: "mount_point", reason: "topics have no prefix by listener; use acl_file")
        case .proxy:
            Row(
                names: "enable_proxy_protocol proxy_protocol_v2_require_tls",
                reason: "there is no PROXY protocol; let clients connect directly")
        case .anonymousByListener:
            Row(
                names: "listener_allow_anonymous",
                reason: "use per_listener_settings true, and allow_anonymous below each listener")
        case .persistence:
            Row(
                names: """
                    persistence persistence_file persistence_location autosave_interval autosave_on_changes \
                    retained_persistence
                    """,
                reason: "all is kept in memory only, and gone after a restart")
        case .service: Row(names: "user pid_file", reason: "the service takes care of it")
        case .plugins:
            Row(
                names: "auth_plugin auth_plugin_deny_special_chars global_plugin plugin plugin_load plugin_use",
                reason: "there are no plugins; password_file and acl_file say who may do what")
        case .includes: Row(names: "include_dir", reason: "import its files, too, and add what comes of them")
        case .memory:
            Row(
                names: "memory_limit packet_buffer_size",
                reason: "memory is taken at the start; --plan shows it, memory_budget bounds it")
        case .log:
            Row(
                names: "log_facility log_timestamp_format",
                reason: "there is one form: facility daemon, seconds since 1970")
        case .version5:
            Row(
                names: """
                    accept_protocol_versions max_topic_alias max_topic_alias_broker retain_expiry_interval \
                    bridge_max_topic_alias bridge_receive_maximum bridge_session_expiry_interval
                    """,
                reason: "MQTT 3.1.1 and 3.1 are spoken, 5 is not")
        case .noWorth:
            Row(names: "retry_interval store_clean_interval", reason: "means nothing to mosquitto any more, either")
        case .maxQoS: Row(names: "max_qos maximum_qos", reason: "all clients may use QoS 0, 1 and 2")
        case .inflightBytes: Row(names: "max_inflight_bytes", reason: "use max_inflight_messages")
        case .idPrefix:
            Row(
                names: "auto_id_prefix listener_auto_id_prefix",
                reason: "client ids that the broker gives have a form of their own")
        case .idPrefixes:
            Row(names: "clientid_prefixes", reason: "any client id may connect; use password_file, and acl_file")
        case .usernameAsID:
            Row(names: "use_username_as_clientid", reason: "client ids are as the clients say; use acl_file")
        case .duplicates:
            Row(
                names: "allow_duplicate_messages",
                reason: "a client gets one copy, however many of its subscriptions match")
        case .upgrade:
            Row(names: "upgrade_outgoing_qos", reason: "a message keeps the lower QoS of sender and subscription")
        case .retainSource:
            Row(
                names: "check_retain_source",
                reason: "what is retained stays when its sender loses the right to write it")
        case .control: Row(names: "enable_control_api", reason: "use the board config, and SIGHUP")
        }
    }

    private static var noTLS: StaticString { "there is no TLS yet; use WireGuard or stunnel" }

    /// The one that has this name.
    static func named(_ key: ByteView) -> ForeignOption? {
        if key.starts(with: "plugin_opt_") || key.starts(with: "auth_opt_") { return .plugins }
        var i: UInt8 = 0
        while let option = ForeignOption(rawValue: i) {
            if ByteView(option.row.names).hasWord(key) { return option }
            i += 1
        }
        return nil
    }

    static func contains(_ key: ByteView) -> Bool { named(key) != nil }

    static func isOfBridgeTLS(_ key: ByteView) -> Bool { named(key) == .bridgeTLS }

    /// Whether it is about one listener.
    var isOfListener: Bool {
        switch self {
        case .listenerTLS, .tls, .webSockets, .mountPoint, .proxy, .anonymousByListener, .maxQoS, .usernameAsID: true
        default: false
        }
    }

    /// Whether others could read or do more, if what it is about were there without it.
    func isGuard(_ key: ByteView) -> Bool {
        switch self {
        case .listenerTLS, .mountPoint, .proxy, .anonymousByListener: true
        case .bridgeTLS:
            ByteView("bridge_cafile bridge_capath bridge_psk bridge_tls_use_os_certs").hasWord(key)
        default: false
        }
    }
}

extension ByteView {
    /// Whether `word` is one of the words.
    func hasWord(_ word: ByteView) -> Bool {
        var rest = self
        while !rest.isEmpty {
            let (first, others) = rest.firstWord
            if first.equals(word) { return true }
            rest = others
        }
        return false
    }
}
