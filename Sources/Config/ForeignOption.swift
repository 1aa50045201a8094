import Base

/// mosquitto's options that are not here: so that an error can tell them from spelling mistakes, and that an import can
/// say why. Each case stands for a line of `table`.
enum ForeignOption: UInt8 {
    case listenerAddress, listenerTLS, tls, bridgeTLS, webSockets, mountPoint, proxy, anonymousByListener
    case persistence, service, plugins, includes, memory, log, version5, noWorth
    case maxQoS, inflightBytes, idPrefix, idPrefixes, usernameAsID, duplicates, upgrade, retainSource, control

    /// The names, and what becomes of such an option, or what to do instead.
    private static var table: StaticString {
        """
        port bind_address : stands in the listener line
        certfile keyfile cafile capath psk_hint : there is no TLS yet; use WireGuard or stunnel
        ciphers ciphers_tls1.3 crlfile dhparamfile disable_client_cert_date_checks psk_file require_certificate \
        tls_engine tls_engine_kpass_sha1 tls_keyform tls_version use_identity_as_username use_subject_as_username \
        : there is no TLS yet; use WireGuard or stunnel
        bridge_cafile bridge_capath bridge_psk bridge_tls_use_os_certs bridge_alpn bridge_certfile bridge_ciphers \
        bridge_ciphers_tls1.3 bridge_identity bridge_insecure bridge_keyfile bridge_require_ocsp bridge_tls_version \
        : there is no TLS yet; use WireGuard or stunnel
        http_dir websockets_headers_size websockets_log_level websockets_origin : there are no WebSockets and no HTTP
        mount_point : topics have no prefix by listener; use acl_file
        enable_proxy_protocol proxy_protocol_v2_require_tls : there is no PROXY protocol; let clients connect directly
        listener_allow_anonymous : use per_listener_settings true, and allow_anonymous below each listener
        persistence persistence_file persistence_location autosave_interval autosave_on_changes retained_persistence \
        : all is kept in memory only, and gone after a restart
        user pid_file : the service takes care of it
        auth_plugin auth_plugin_deny_special_chars global_plugin plugin plugin_load plugin_use \
        : there are no plugins; password_file and acl_file say who may do what
        include_dir : import its files, too, and add what comes of them
        memory_limit packet_buffer_size : memory is taken at the start; --plan shows it, memory_budget bounds it
        log_facility log_timestamp_format : there is one form: facility daemon, seconds since 1970
        accept_protocol_versions max_topic_alias max_topic_alias_broker retain_expiry_interval \
        bridge_max_topic_alias bridge_receive_maximum bridge_session_expiry_interval \
        : MQTT 3.1.1 and 3.1 are spoken, 5 is not
        retry_interval store_clean_interval : means nothing to mosquitto any more, either
        max_qos maximum_qos : all clients may use QoS 0, 1 and 2
        max_inflight_bytes : use max_inflight_messages
        auto_id_prefix listener_auto_id_prefix : client ids that the broker gives have a form of their own
        clientid_prefixes : any client id may connect; use password_file, and acl_file
        use_username_as_clientid : client ids are as the clients say; use acl_file
        allow_duplicate_messages : a client gets one copy, however many of its subscriptions match
        upgrade_outgoing_qos : a message keeps the lower QoS of sender and subscription
        check_retain_source : what is retained stays when its sender loses the right to write it
        enable_control_api : use the board config, and SIGHUP
        """
    }

    /// What becomes of it, or what to do instead.
    var reason: ByteView {
        var lines = TextLines(ByteView(ForeignOption.table))
        while let line = lines.next() {
            if lines.number <= Int(rawValue) { continue }
            return line.dropFirst((line.firstIndex(of: UInt8(ascii: ":")) ?? 0) + 1).trimmed
        }
        return .empty
    }

    /// The one that has this name.
    @inline(never) static func named(_ key: ByteView) -> ForeignOption? {
        if key.starts(with: "plugin_opt_") || key.starts(with: "auth_opt_") { return .plugins }
        var lines = TextLines(ByteView(table))
        while let line = lines.next() {
            let names = line.slice(0, line.firstIndex(of: UInt8(ascii: ":")) ?? line.count)
            if names.hasWord(key) { return ForeignOption(rawValue: UInt8(lines.number - 1)) }
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

    /// Whether it says who may come in, or what they may do, for all listeners; a plugin does without
    /// per_listener_settings.
    func guardsAll(_ key: ByteView, isPerListener: Bool) -> Bool {
        switch self {
        case .idPrefixes: true
        case .plugins:
            ByteView("global_plugin plugin_load").hasWord(key)
                || !isPerListener && ByteView("auth_plugin plugin plugin_use").hasWord(key)
        default: false
        }
    }

    /// Whether others could read or do more, if what it is about were there without it.
    func isGuard(_ key: ByteView) -> Bool {
        switch self {
        case .listenerTLS, .mountPoint, .proxy, .anonymousByListener, .usernameAsID: true
        case .plugins: ByteView("auth_plugin plugin plugin_use").hasWord(key)
        case .bridgeTLS:
            ByteView("bridge_cafile bridge_capath bridge_psk bridge_tls_use_os_certs").hasWord(key)
        default: false
        }
    }
}

extension ByteView {
    /// Whether `word` is one of the words.
    @inline(never) func hasWord(_ word: ByteView) -> Bool {
        var rest = self
        while !rest.isEmpty {
            let (first, others) = rest.firstWord
            if first.equals(word) { return true }
            rest = others
        }
        return false
    }
}
