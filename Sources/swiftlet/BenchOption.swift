import Base

/// The options of `swiftlet bench`, each with what follows it and its line of help.
enum BenchOption: UInt8 {
    case host, port, user, password
    case publishers, subscribers, topics, topicPrefix, qos, payload, messages, rate, window, filters
    case sessions, idle, unrelatedFilters, unrelatedRetained
    case retained, connects, concurrency, hold
    case process, timeout, help, programVersion

    struct Row {
        let name: StaticString
        /// What follows it; nil where nothing does.
        let value: StaticString?
        let help: StaticString

        init(_ name: StaticString, _ value: StaticString?, _ help: StaticString) {
            self.name = name
            self.value = value
            self.help = help
        }
    }

    var row: Row {
        switch self {
        case .host: Row("-h", "HOST", "numeric address of the broker, or localhost, which is the default")
        case .port: Row("-p", "PORT", "its port, default 1883")
        case .user: Row("-u", "USER", "user name of all clients")
        case .password: Row("-P", "PASSWORD", "their password; whoever lists processes sees it")
        case .publishers: Row("--publishers", "N", "clients that publish, default 1")
        case .subscribers: Row("--subscribers", "N", "clients that subscribe, default 1")
        case .topics: Row("--topics", "N", "topics, spread over both, default 1")
        case .topicPrefix: Row("--topic-prefix", "TEXT", "what all topics begin with, default bench")
        case .qos: Row("--qos", "QOS", "0 (default), 1 or 2, of messages and subscriptions")
        case .payload: Row("--payload", "BYTES", "length of a message, at least 24, default 64")
        case .messages: Row("--messages", "N", "messages of each publisher, default 10000")
        case .rate: Row("--rate", "N", "messages a second of all publishers; default 0, as fast as can be")
        case .window: Row("--window", "N", "QoS 1 and 2 messages of a publisher on their way, default 20")
        case .filters: Row("--filters", "N", "subscribers hold N filters with wildcards, not the topics")
        case .sessions: Row("--sessions", "N", "further clients with a subscription that never matches")
        case .idle: Row("--idle", "N", "further clients without subscriptions")
        case .unrelatedFilters: Row("--unrelated-filters", "N", "filters of one further client that never match")
        case .unrelatedRetained: Row("--unrelated-retained", "N", "retained messages that nobody subscribes to")
        case .retained: Row("--retained", "N", "have N retained messages delivered, in place of a stream")
        case .connects: Row("--connects", "N", "connect and disconnect N times, in place of a stream")
        case .concurrency: Row("--concurrency", "N", "connects under way at a time, default 50")
        case .hold: Row("--hold", "SECONDS", "do nothing for so long, in place of a stream")
        case .process: Row("--process", "PID", "the broker's, whose processor time and memory are told")
        case .timeout: Row("--timeout", "SECONDS", "end when nothing has come for so long, default 60")
        case .help: Row("--help", nil, "this text")
        case .programVersion: Row("--version", nil, "version and processor family")
        }
    }

    static func named(_ word: ByteView) -> BenchOption? {
        var i: UInt8 = 0
        while let option = BenchOption(rawValue: i) {
            if word.equals(option.row.name) { return option }
            i += 1
        }
        return nil
    }
}
