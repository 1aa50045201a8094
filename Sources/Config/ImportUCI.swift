import Base

/// OpenWrt's /etc/config/mosquitto, made the mosquitto.conf that OpenWrt's init script makes of it. Each line stays on
/// the line that it is on, so that it can be named.
public struct ImportUCI {
    private let source: UnsafeMutablePointer<UInt8>
    private let count: Int
    private let target: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private var written = 0
    /// Lines that are complete.
    private var number = 0
    public private(set) var isTooLong = false
    /// Whether it says that mosquitto uses it, or that it does not.
    public private(set) var saysUse = false

    private enum Section: UInt8 {
        case none, owrt, mosquitto, persistence, listener, bridge, other
    }

    /// In front of a name that the script does not hand on.
    static var mark: UInt8 { UInt8(ascii: "!") }
    /// In front of one for mosquitto's first listener, wherever it stands.
    static var frontMark: UInt8 { UInt8(ascii: "^") }

    /// What is written for so much text.
    public static func capacity(for count: Int) -> Int { 4 * count + 64 }

    /// Rewrites `source`, too: quotes go. `target` has room for `capacity(for: count)`.
    public init(_ source: UnsafeMutablePointer<UInt8>, _ count: Int, to target: UnsafeMutablePointer<UInt8>) {
        self.source = source
        self.count = count
        self.target = target
        capacity = ImportUCI.capacity(for: count)
    }

    /// Whether a file is written in OpenWrt's language.
    public static func isUCI(_ text: ByteView) -> Bool {
        var lines = TextLines(text)
        guard let line = lines.next() else { return false }
        let word = line.firstWord.word
        return word.equals("config") || word.equals("package")
    }

    public var text: ByteView { ByteView(target, written) }

    /// Writes all; or answers the number of the line that is none of UCI's, and why.
    public mutating func rewrite() -> (line: Int, problem: StaticString)? {
        if let line = unquote() { return (line, "a quote does not end") }
        var section = Section.none
        var lines = TextLines(ByteView(source, count))
        while let line = lines.next() {
            while number < lines.number - 1 { end() }
            let (verb, rest) = line.firstWord
            let (name, value) = rest.firstWord
            if verb.equals("config"), !name.isEmpty {
                section = begin(ImportUCI.section(name), lines)
            } else if verb.equals("option") || verb.equals("list"), !name.isEmpty, section != .none {
                if section == .mosquitto, name.equals("per_listener_settings"), Importer.flag(value) == true {
                    return (lines.number, "with per_listener_settings, mosquitto lets nobody in, or does not start")
                }
                // The script looks for topics that are written as a list.
                let isLost = section == .bridge && name.equals("topic") && !verb.equals("list")
                write(name, value, in: isLost ? .other : section)
            } else if !verb.equals("package") {
                return (lines.number, "expected config TYPE [NAME], and below it option or list NAME VALUE")
            }
        }
        end()
        return nil
    }

    @inline(never) private static func section(_ type: ByteView) -> Section {
        if type.equals("owrt") { return .owrt }
        if type.equals("mosquitto") { return .mosquitto }
        if type.equals("persistence") { return .persistence }
        if type.equals("listener") { return .listener }
        return type.equals("bridge") ? .bridge : .other
    }

    /// The section; of a bridge that the script ignores, one of which nothing is handed on.
    @inline(never) private mutating func begin(_ section: Section, _ lines: TextLines) -> Section {
        if section == .bridge {
            let name = ImportUCI.value(of: "connection", in: lines)
            if name.isEmpty || ImportUCI.value(of: "address", in: lines).isEmpty { return .other }
            if ImportUCI.value(of: "topic", in: lines, isList: true).isEmpty { return .other }
            put("connection ", name)
        }
        if section == .listener {
            put("listener ", ImportUCI.value(of: "port", in: lines))
            if Importer.flag(ImportUCI.value(of: "no_remote_access", in: lines)) == true { put(" ", "127.0.0.1") }
        }
        return section
    }

    /// What an option of the section that begins says; the last line holds.
    @inline(never)
    private static func value(of name: StaticString, in section: TextLines, isList: Bool = false) -> ByteView {
        var lines = section
        var value = ByteView.empty
        while let line = lines.next() {
            let (verb, rest) = line.firstWord
            if verb.equals("config") { break }
            if rest.firstWord.word.equals(name), !isList || verb.equals("list") { value = rest.firstWord.rest }
        }
        return value
    }

    @inline(never) private mutating func write(_ name: ByteView, _ value: ByteView, in section: Section) {
        switch section {
        case .none, .owrt:
            // Without 1, the script takes mosquitto.conf.
            saysUse = saysUse || name.equals("use_uci")
            if name.equals("use_uci"), !value.equals("1") { put(name, value) }
        case .listener where name.equals("port") || name.equals("no_remote_access"): break
        case .bridge where name.equals("connection"): break
        case .mosquitto where name.equals("no_remote_access"):
            if Importer.flag(value) == true { put("bind_address", " localhost") }
        default: putOption(name, value, section)
        }
    }

    @inline(never) private mutating func putOption(_ name: ByteView, _ value: ByteView, _ section: Section) {
        if section == .listener, name.starts(with: "auth_opt_") { return put(name, value) }
        var rest = ByteView(ImportUCI.names(section))
        while !rest.isEmpty {
            let (word, others) = rest.firstWord
            rest = others
            let split = word.firstIndex(of: UInt8(ascii: "=")) ?? word.count
            guard word.slice(0, split).equals(name) else { continue }
            return put(split < word.count ? word.dropFirst(split + 1) : word, value)
        }
        put("!", name)
        put(" ", value)
    }

    /// The names that the script knows, and what it calls them for mosquitto.
    private static func names(_ section: Section) -> StaticString {
        switch section {
        case .mosquitto:
            """
            log_dest port acl_file allow_anonymous allow_duplicate_messages clientid_prefixes connection_messages \
            include_dir log_facility log_timestamp log_types=log_type max_inflight_bytes max_inflight_messages \
            max_queued_bytes max_queued_messages message_size_limit password_file pid_file psk_file \
            queue_qos0_messages set_tcp_nodelay protocol=^protocol sys_interval upgrade_outgoing_qos user \
            per_listener_settings
            """
        case .persistence:
            """
            client_expiration=persistent_client_expiration autosave_interval autosave_on_changes persistence \
            file=persistence_file store_clean_interval location=persistence_location
            """
        case .listener:
            """
            http_dir max_connections mount_point protocol use_username_as_clientid websockets_log_level cafile capath \
            certfile ciphers crlfile keyfile require_certificate tls_version use_identity_as_username \
            use_subject_as_username psk_hint auth_plugin
            """
        case .bridge:
            """
            address attempt_unsubscribe=bridge_attempt_unsubscribe protocol_version=bridge_protocol_version \
            cleansession keepalive_interval idle_timeout local_clientid local_password local_username notifications \
            notifications_local_only notification_topic clientid remote_clientid password remote_password username \
            remote_username restart_timeout round_robin start_type threshold topic try_private cafile=bridge_cafile \
            capath=bridge_capath certfile=bridge_certfile identity=bridge_identity insecure=bridge_insecure \
            keyfile=bridge_keyfile psk=bridge_psk tls_version=bridge_tls_version
            """
        case .none, .owrt, .other: ""
        }
    }

    @inline(never) private mutating func put(_ name: ByteView, _ value: ByteView) {
        put(name)
        put(" ", value)
    }

    @inline(never) private mutating func put(_ text: StaticString, _ view: ByteView) {
        put(ByteView(text))
        put(view)
    }

    private mutating func put(_ text: StaticString, _ other: StaticString) { put(text, ByteView(other)) }

    @inline(never) private mutating func put(_ view: ByteView) {
        guard view.count <= capacity - written else { return isTooLong = true }
        view.copy(to: target + written)
        written += view.count
    }

    @inline(never) private mutating func end() {
        put(ByteView("\n"))
        number += 1
    }

    /// Takes quotes and what they do out of the text, and comments behind it. Spaces fill up the lines. The number of a
    /// line with a quote that does not end; else nil.
    @inline(never) private func unquote() -> Int? {
        var lines = TextLines(ByteView(source, count))
        while let line = lines.next() {
            let start = source + (line.start - UnsafePointer(source))
            var (i, end) = (0, 0)
            var quote: UInt8?
            func put(_ byte: UInt8) {
                start[end] = byte
                end += 1
            }
            while i < line.count {
                let byte = start[i]
                let beginsWord = i == 0 || start[i - 1] == UInt8(ascii: " ") || start[i - 1] == UInt8(ascii: "\t")
                i += 1
                if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'"), i < line.count {
                    put(start[i])
                    i += 1
                } else if byte == quote {
                    quote = nil
                } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                    quote = byte
                } else if quote == nil, byte == UInt8(ascii: "#"), beginsWord {
                    break
                } else {
                    put(byte)
                }
            }
            if quote != nil { return lines.number }
            while end < line.count { put(UInt8(ascii: " ")) }
        }
        return nil
    }
}
