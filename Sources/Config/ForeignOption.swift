import Base

/// mosquitto's options that are not here, so that the error can tell them from spelling mistakes.
enum ForeignOption {
    private static var names: StaticString {
        """
        accept_protocol_versions allow_duplicate_messages auth_plugin auth_plugin_deny_special_chars auto_id_prefix \
        autosave_interval autosave_on_changes bind_address cafile capath certfile check_retain_source ciphers \
        ciphers_tls1.3 clientid_prefixes crlfile dhparamfile disable_client_cert_date_checks enable_control_api \
        enable_proxy_protocol global_plugin http_dir include_dir keyfile listener_allow_anonymous \
        listener_auto_id_prefix log_facility log_timestamp_format max_inflight_bytes max_qos max_topic_alias \
        max_topic_alias_broker memory_limit mount_point packet_buffer_size persistence persistence_file \
        persistence_location pid_file plugin plugin_load plugin_use port proxy_protocol_v2_require_tls psk_file \
        psk_hint require_certificate retain_expiry_interval retained_persistence retry_interval \
        store_clean_interval tls_engine tls_engine_kpass_sha1 tls_keyform tls_version upgrade_outgoing_qos \
        use_identity_as_username use_subject_as_username use_username_as_clientid user websockets_headers_size \
        websockets_log_level websockets_origin bridge_max_topic_alias bridge_receive_maximum \
        bridge_session_expiry_interval
        """
    }

    private static var namesOfBridgeTLS: StaticString {
        """
        bridge_alpn bridge_cafile bridge_capath bridge_certfile bridge_ciphers bridge_ciphers_tls1.3 bridge_identity \
        bridge_insecure bridge_keyfile bridge_psk bridge_require_ocsp bridge_tls_use_os_certs bridge_tls_version
        """
    }

    static func contains(_ key: ByteView) -> Bool {
        key.starts(with: "plugin_opt_") || key.starts(with: "auth_opt_") || contains(key, in: ByteView(names))
            || isOfBridgeTLS(key)
    }

    static func isOfBridgeTLS(_ key: ByteView) -> Bool { contains(key, in: ByteView(namesOfBridgeTLS)) }

    private static func contains(_ key: ByteView, in names: ByteView) -> Bool {
        var rest = names
        while !rest.isEmpty {
            let (word, others) = rest.firstWord
            if word.equals(key) { return true }
            rest = others
        }
        return false
    }
}
