import Base
import Bench
import Config
import Wire

/// What the options of `swiftlet bench` ask for. Views point to the command line.
struct BenchOptions {
    var workload = Workload()
    var address = Address.loopback
    var port: UInt16 = 1883
    var user: ByteView?
    var password: ByteView?
    var wantsHelp = false
    var wantsVersion = false

    /// What is wrong with a word of the command line, or with all of it.
    struct Problem {
        var word: ByteView
        var text: StaticString
    }

    /// Reads the whole command line; what is wrong, or nil.
    mutating func read(_ arguments: Arguments) -> Problem? {
        var i = 0
        while i < arguments.count {
            let word = arguments.text(i)
            i += 1
            guard let option = BenchOption.named(word) else {
                return Problem(word: word, text: ": not understood; swiftlet bench --help tells what is")
            }
            var value = ByteView.empty
            if option.row.value != nil {
                guard i < arguments.count else { return Problem(word: word, text: ": something must follow") }
                value = arguments.text(i)
                i += 1
            }
            if let problem = take(option, value) { return Problem(word: word, text: problem) }
        }
        if wantsHelp || wantsVersion { return nil }
        guard let problem = contradiction else { return nil }
        return Problem(word: .empty, text: problem)
    }

    private mutating func take(_ option: BenchOption, _ value: ByteView) -> StaticString? {
        switch option {
        case .host: return takeHost(value)
        case .port:
            guard let number = ConfigValue.number(value), number >= 1, number <= 65_535 else {
                return ": expected a port, 1 to 65535"
            }
            port = UInt16(number)
        case .user:
            guard value.count <= 65_535, UTF8Text.isValid(value) else { return ": no user name" }
            user = value
        case .password:
            guard value.count <= 65_535 else { return ": a password has at most 65535 bytes" }
            password = value
        case .topicPrefix:
            guard value.count <= BenchOptions.maxPrefixBytes, TopicName.check(value) == nil else {
                return ": no beginning of a topic, or one of more than 200 bytes"
            }
            workload.prefix = value
        case .qos:
            guard let number = ConfigValue.number(value), number <= 2, let qos = QoS(rawValue: UInt8(number)) else {
                return ": expected a QoS, 0 to 2"
            }
            workload.qos = qos
        case .publishers: return take(value, 0, BenchOptions.maxClients) { $0.publishers = $1 }
        case .subscribers: return take(value, 0, BenchOptions.maxClients) { $0.subscribers = $1 }
        case .topics: return take(value, 1, BenchOptions.maxCount) { $0.topics = $1 }
        case .payload: return take(value, Payload.headBytes, BenchOptions.maxPayloadBytes) { $0.payload = $1 }
        case .messages: return take(value, 1, BenchOptions.maxCount) { $0.messages = $1 }
        case .rate: return take(value, 0, 1_000_000) { $0.rate = $1 }
        case .window: return take(value, 1, 65_535) { $0.window = $1 }
        case .filters: return take(value, 0, BenchOptions.maxCount) { $0.filters = $1 }
        case .sessions: return take(value, 0, BenchOptions.maxClients) { $0.sessions = $1 }
        case .idle: return take(value, 0, BenchOptions.maxClients) { $0.idle = $1 }
        case .unrelatedFilters: return take(value, 0, BenchOptions.maxCount) { $0.unrelatedFilters = $1 }
        case .unrelatedRetained: return take(value, 0, BenchOptions.maxCount) { $0.unrelatedRetained = $1 }
        case .retained: return take(value, 0, BenchOptions.maxCount) { $0.retained = $1 }
        case .connects: return take(value, 0, BenchOptions.maxCount) { $0.connects = $1 }
        case .concurrency: return take(value, 1, 1000) { $0.concurrency = $1 }
        case .hold: return take(value, 0, 10_000) { $0.hold = $1 }
        case .process: return take(value, 1, Int(Int32.max)) { $0.process = $1 }
        case .timeout: return take(value, 1, 10_000) { $0.timeout = $1 }
        case .help: wantsHelp = true
        case .programVersion: wantsVersion = true
        }
        return nil
    }

    // Above these figures nothing would fail but a computation.
    private static var maxClients: Int { 100_000 }
    private static var maxCount: Int { 100_000_000 }
    private static var maxPayloadBytes: Int { 1 << 24 }
    private static var maxPrefixBytes: Int { 200 }

    private mutating func take(
        _ value: ByteView, _ min: Int, _ max: Int, _ body: (inout Workload, Int) -> Void
    ) -> StaticString? {
        guard let number = ConfigValue.number(value) else { return ": expected a number" }
        if number < min { return ": less than makes sense" }
        if number > max { return ": more than can be" }
        body(&workload, number)
        return nil
    }

    private mutating func takeHost(_ value: ByteView) -> StaticString? {
        if value.equals("localhost") {
            address = .loopback
            return nil
        }
        guard let found = Address(parsing: value, port: 0) else { return ": expected a numeric address, or localhost" }
        address = found
        return nil
    }

    /// What cannot be meant together.
    private var contradiction: StaticString? {
        if user == nil, password != nil { return "-P: needs a user name, -u" }
        let kinds = (workload.connects > 0 ? 1 : 0) + (workload.retained > 0 ? 1 : 0) + (workload.hold > 0 ? 1 : 0)
        if kinds > 1 { return "only one of --connects, --retained and --hold" }
        if workload.trimmed.totals == nil { return "more messages than can be counted" }
        return nil
    }

    /// Longer than any pause of a client in a run: nobody sends PINGREQ.
    var keepAlive: UInt16 { UInt16(min(3 * workload.timeout + workload.hold + 60, 65_535)) }
}
