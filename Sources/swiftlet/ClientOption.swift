import Base

/// The options of `swiftlet pub` and `swiftlet sub`: one table for parsing and for help.
enum ClientOption: UInt8 {
    case host, port, unix, url, bindAddress
    case user, password, passwordFile, passwordEnvironment
    case clientID, idPrefix, keepAlive, keepsSession, version, maxInflight, noDelay
    case topic, qos
    case message, file, null, standardInput, lines, retain, repeatCount, repeatDelay
    case unsubscribe, filterOut, verbose, format, noLineEnd, pretty
    case count, timeout, exitWhenSubscribed, skipRetained, retainedOnly, removeRetained
    case willTopic, willPayload, willQoS, willRetain
    case retry, optionsFile, debug, quiet, help, programVersion

    /// The tools that have an option.
    enum Tools: UInt8 {
        case both, pub, sub
    }

    struct Row {
        let short: StaticString?
        let long: StaticString?
        /// What follows the option; nil when nothing does.
        let value: StaticString?
        let tools: Tools
        let help: StaticString

        init(
            _ short: StaticString?, _ long: StaticString?, _ value: StaticString? = nil, _ tools: Tools = .both,
            _ help: StaticString
        ) {
            self.short = short
            self.long = long
            self.value = value
            self.tools = tools
            self.help = help
        }
    }

    var row: Row {
        switch self {
        case .host: Row("-h", "--host", "HOST", "name or address of the broker, default localhost")
        case .port: Row("-p", "--port", "PORT", "its port, default 1883")
        case .unix: Row(nil, "--unix", "PATH", "the unix socket of the broker, in place of host and port")
        case .url: Row("-L", "--url", "URL", "mqtt://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC")
        case .bindAddress: Row("-A", nil, "ADDRESS", "connect from this numeric address")
        case .user: Row("-u", "--username", "USER", "user name")
        case .password: Row("-P", "--pw", "PASSWORD", "password; whoever lists processes sees it")
        case .passwordFile: Row(nil, "--pw-file", "FILE", "the password is the first line of FILE")
        case .passwordEnvironment: Row(nil, "--pw-env", "NAME", "the password stands in the environment as NAME")
        case .clientID: Row("-i", "--id", "ID", "client id, default one that the broker makes up")
        case .idPrefix: Row("-I", "--id-prefix", "PREFIX", "client id of PREFIX and the process id")
        case .keepAlive: Row("-k", "--keepalive", "SECONDS", "5 to 65535, default 60")
        case .keepsSession: Row("-c", "--disable-clean-session", "the broker keeps the session; needs -i")
        case .version: Row("-V", "--protocol-version", "VERSION", "mqttv311 (default) or mqttv31")
        case .maxInflight: Row("-M", nil, "COUNT", "QoS 1 and 2 messages on their way at a time, default 20")
        case .noDelay: Row(nil, "--nodelay", "nothing: there is never a delay")
        case .topic: Row("-t", "--topic", "TOPIC", "topic; sub takes up to 64 filters, each with its own -t")
        case .qos: Row("-q", "--qos", "QOS", "0 (default), 1 or 2")
        case .message: Row("-m", "--message", "TEXT", .pub, "send TEXT")
        case .file: Row("-f", "--file", "FILE", .pub, "send what is in FILE")
        case .null: Row("-n", "--null-message", nil, .pub, "send an empty message")
        case .standardInput: Row("-s", "--stdin-file", nil, .pub, "send all of standard input as one message")
        case .lines: Row("-l", "--stdin-line", nil, .pub, "send each line of standard input as a message")
        case .retain: Row("-r", "--retain", nil, .pub, "the broker keeps the message for later subscribers")
        case .repeatCount: Row(nil, "--repeat", "COUNT", .pub, "send the message so many times")
        case .repeatDelay: Row(nil, "--repeat-delay", "SECONDS", .pub, "wait between them, default 0")
        case .unsubscribe: Row("-U", "--unsubscribe", "FILTER", .sub, "unsubscribe from FILTER; up to 64 times")
        case .filterOut: Row("-T", "--filter-out", "FILTER", .sub, "do not show what FILTER matches; up to 64 times")
        case .verbose: Row("-v", "--verbose", nil, .sub, "show the topic in front of the payload")
        case .format: Row("-F", nil, "FORMAT", .sub, "show messages by a format; see below")
        case .noLineEnd: Row("-N", nil, nil, .sub, "no line feed behind messages")
        case .pretty: Row(nil, "--pretty", nil, .sub, "JSON on several lines")
        case .count: Row("-C", nil, "COUNT", .sub, "end after so many messages")
        case .timeout: Row("-W", nil, "SECONDS", .sub, "end after so many seconds, with status 27")
        case .exitWhenSubscribed: Row("-E", nil, nil, .sub, "end when all subscriptions are answered")
        case .skipRetained: Row("-R", nil, nil, .sub, "do not show retained messages")
        case .retainedOnly: Row(nil, "--retained-only", nil, .sub, "end at the first message that is not retained")
        case .removeRetained: Row(nil, "--remove-retained", nil, .sub, "have the broker forget what it retained")
        case .willTopic: Row(nil, "--will-topic", "TOPIC", "what the broker publishes when this connection breaks")
        case .willPayload: Row(nil, "--will-payload", "TEXT", "its payload, default empty")
        case .willQoS: Row(nil, "--will-qos", "QOS", "its QoS, default 0")
        case .willRetain: Row(nil, "--will-retain", "retain it")
        case .retry: Row(nil, "--retry", "WHEN", "never, until-first or always; see below")
        case .optionsFile: Row("-o", nil, "FILE", "more options, one a line; see below")
        case .debug: Row("-d", "--debug", "tell what goes on")
        case .quiet: Row(nil, "--quiet", "say nothing of what goes wrong later than the command line")
        case .help: Row(nil, "--help", "this text")
        case .programVersion: Row(nil, "--version", "version and processor family")
        }
    }

    /// Whether the option exists for the tool.
    func exists(for tool: Tools) -> Bool { row.tools == .both || row.tools == tool }

    /// Whether spaces in front of what follows in a line of a file, and behind it, belong to it.
    var keepsSpaces: Bool { self == .message || self == .password || self == .format || self == .willPayload }

    static func named(_ word: ByteView, for tool: Tools) -> ClientOption? {
        var i: UInt8 = 0
        while let option = ClientOption(rawValue: i) {
            i += 1
            let row = option.row
            guard option.exists(for: tool) else { continue }
            if let short = row.short, word.equals(short) { return option }
            if let long = row.long, word.equals(long) { return option }
        }
        return nil
    }
}

extension ClientOption.Row {
    /// An option that both tools have.
    init(_ short: StaticString?, _ long: StaticString?, _ help: StaticString) {
        self.init(short, long, nil, .both, help)
    }

    init(_ short: StaticString?, _ long: StaticString?, _ value: StaticString, _ help: StaticString) {
        self.init(short, long, value, .both, help)
    }
}

/// Options of mosquitto's tools that are not here, and why.
enum MissingOption {
    static func reason(_ word: ByteView) -> StaticString? {
        if is5(word) { return ": needs MQTT 5, which swiftlet does not have" }
        if isTLS(word) { return ": needs TLS, which swiftlet does not have" }
        if word.equals("--proxy") { return ": SOCKS is not supported" }
        if word.equals("-S") { return ": SRV records are not looked up" }
        if word.equals("--ws") { return ": needs WebSocket, which swiftlet does not have" }
        if word.equals("--random-filter") || word.equals("-w") || word.equals("--watch") || word.equals("--latency")
            || word.equals("--message-rate")
        {
            return ": an option of mosquitto_sub that swiftlet does not have"
        }
        return nil
    }

    private static func is5(_ word: ByteView) -> Bool {
        word.equals("-x") || word.equals("--session-expiry-interval") || word.equals("-D") || word.equals("--property")
            || word.equals("--retain-as-published") || word.equals("--retain-handling")
    }

    private static func isTLS(_ word: ByteView) -> Bool {
        word.equals("--cafile") || word.equals("--capath") || word.equals("--cert") || word.equals("--key")
            || word.equals("--ciphers") || word.equals("--insecure") || word.starts(with: "--tls-")
            || word.equals("--keyform") || word.starts(with: "--psk") || word.equals("--no-tls")
    }
}
