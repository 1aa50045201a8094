import Base
import Client
import Config
import Wire

/// What the options of `swiftlet pub` or `swiftlet sub` ask for. Views point to the command line or the options file.
struct ClientOptions {
    enum Payload: UInt8 {
        case none, text, file, empty, standardInput, lines
    }

    enum Retry: UInt8 {
        /// The first attempt must succeed; a connection that is lost later is made again. What mosquitto_sub does.
        case afterFirst
        /// Neither.
        case never
        /// Attempts are made until one succeeds.
        case untilFirst
        /// Both.
        case always

        var retriesFirst: Bool { self == .untilFirst || self == .always }
        var retriesLost: Bool { self == .afterFirst || self == .always }
    }

    let tool: ClientOption.Tools
    var host: ByteView?
    var port: UInt16 = 1883
    var unixPath: ByteView?
    var localAddress: Address?
    var user: ByteView?
    var password: ByteView?
    var passwordFile: ByteView?
    var clientID: ByteView?
    var idPrefix: ByteView?
    var keepAlive: UInt16 = 60
    var cleanSession = true
    var level = ProtocolLevel.v311
    var maxInflight = 20
    var qos = QoS.atMostOnce

    // Of pub.
    var topic: ByteView?
    var payload = Payload.none
    /// The text, or the name of the file.
    var payloadWord = ByteView.empty
    var retain = false
    var repeatCount = 1
    var repeatDelayMs: UInt32 = 0

    // Of sub.
    var filters: FilterList
    var unsubscribed: FilterList
    var filteredOut: FilterList
    var isVerbose = false
    var format: ByteView?
    var endsLines = true
    var isPretty = false
    /// Zero for no end.
    var count = 0
    var timeoutSeconds: UInt32 = 0
    var exitsWhenSubscribed = false
    var skipsRetained = false
    var isRetainedOnly = false
    var removesRetained = false

    var willTopic: ByteView?
    var willPayload: ByteView?
    var willQoS = QoS.atMostOnce
    var willRetain = false

    var retry = Retry.afterFirst
    var isDebugging = false
    var isQuiet = false
    var wantsHelp = false
    var wantsVersion = false

    init(_ tool: ClientOption.Tools, _ filters: FilterList, _ unsubscribed: FilterList, _ filteredOut: FilterList) {
        self.tool = tool
        self.filters = filters
        self.unsubscribed = unsubscribed
        self.filteredOut = filteredOut
    }

    /// Takes an option and what follows it, which is empty where nothing does; what is wrong with it, or nil.
    mutating func take(_ option: ClientOption, _ value: ByteView) -> StaticString? {
        switch option {
        case .host: host = value
        case .port: return take(value, 1, 65_535, ": expected a port, 1 to 65535") { $0.port = UInt16($1) }
        case .unix: unixPath = value
        case .url: return takeURL(value)
        case .bindAddress:
            guard let address = Address(parsing: value, port: 0) else { return ": expected a numeric address" }
            localAddress = address
        case .user: user = value
        case .password: password = value
        case .passwordFile: passwordFile = value
        case .passwordEnvironment:
            guard let found = ClientEnvironment.value(value) else { return ": there is no such variable" }
            password = found
        case .clientID:
            if idPrefix != nil { return ": -i and -I cannot be used together" }
            clientID = value
        case .idPrefix:
            if clientID != nil { return ": -i and -I cannot be used together" }
            idPrefix = value
        case .keepAlive:
            return take(value, 5, 65_535, ": expected 5 to 65535 seconds") { $0.keepAlive = UInt16($1) }
        case .keepsSession: cleanSession = false
        case .version: return takeVersion(value)
        case .maxInflight:
            return take(value, 1, 65_535, ": expected a number from 1 to 65535") { $0.maxInflight = $1 }
        case .noDelay: break
        case .topic: return takeTopic(value)
        case .qos: return take(value, 0, 2, ": expected a QoS, 0 to 2") { $0.qos = ClientOptions.qos($1) }
        case .message: return choose(.text, value)
        case .file: return choose(.file, value)
        case .null: return choose(.empty, value)
        case .standardInput: return choose(.standardInput, value)
        case .lines: return choose(.lines, value)
        case .retain: retain = true
        case .repeatCount:
            return take(value, 1, Int(Int32.max), ": expected a number above 0") { $0.repeatCount = $1 }
        case .repeatDelay:
            guard let ms = ClientOptions.milliseconds(value) else { return ": expected seconds, up to 1000000" }
            repeatDelayMs = ms
        case .unsubscribe: return unsubscribed.add(value)
        case .filterOut: return filteredOut.add(value)
        case .verbose: isVerbose = true
        case .format: format = value
        case .noLineEnd: endsLines = false
        case .pretty: isPretty = true
        case .count: return take(value, 1, Int(Int32.max), ": expected a number above 0") { $0.count = $1 }
        case .timeout:
            return take(value, 1, 2_000_000, ": expected 1 to 2000000 seconds") { $0.timeoutSeconds = UInt32($1) }
        case .exitWhenSubscribed: exitsWhenSubscribed = true
        case .skipRetained: skipsRetained = true
        case .retainedOnly: isRetainedOnly = true
        case .removeRetained: removesRetained = true
        case .willTopic:
            guard ClientOptions.isTopic(value) else { return ": no topic to publish to" }
            willTopic = value
        case .willPayload: willPayload = value
        case .willQoS: return take(value, 0, 2, ": expected a QoS, 0 to 2") { $0.willQoS = ClientOptions.qos($1) }
        case .willRetain: willRetain = true
        case .retry: return takeRetry(value)
        case .optionsFile: break
        case .debug: isDebugging = true
        case .quiet: isQuiet = true
        case .help: wantsHelp = true
        case .programVersion: wantsVersion = true
        }
        return nil
    }

    private mutating func take(
        _ value: ByteView, _ min: Int, _ max: Int, _ problem: StaticString, _ body: (inout ClientOptions, Int) -> Void
    ) -> StaticString? {
        guard let number = ConfigValue.number(value), number >= min, number <= max else { return problem }
        body(&self, number)
        return nil
    }

    private mutating func choose(_ payload: Payload, _ word: ByteView) -> StaticString? {
        guard self.payload == .none else { return ": only one of -f, -l, -m, -n and -s" }
        self.payload = payload
        payloadWord = word
        return nil
    }

    private mutating func takeVersion(_ value: ByteView) -> StaticString? {
        if value.equals("mqttv311") || value.equals("311") {
            level = .v311
        } else if value.equals("mqttv31") || value.equals("31") {
            level = .v31
        } else if value.equals("mqttv5") || value.equals("5") {
            return ": MQTT 5 is not supported"
        } else {
            return ": expected mqttv311 or mqttv31"
        }
        return nil
    }

    private mutating func takeRetry(_ value: ByteView) -> StaticString? {
        if value.equals("never") {
            retry = .never
        } else if value.equals("until-first") {
            retry = .untilFirst
        } else if value.equals("always") {
            retry = .always
        } else {
            return ": expected never, until-first or always"
        }
        return nil
    }

    mutating func takeTopic(_ value: ByteView) -> StaticString? {
        if tool == .sub { return filters.add(value) }
        guard ClientOptions.isTopic(value) else { return ": no topic to publish to" }
        topic = value
        return nil
    }

    private static func isTopic(_ value: ByteView) -> Bool { value.count <= 65_535 && TopicName.check(value) == nil }

    private static func qos(_ number: Int) -> QoS { QoS(rawValue: UInt8(number)) ?? .atMostOnce }

    /// Of seconds that may have a fraction.
    private static func milliseconds(_ value: ByteView) -> UInt32? {
        let point = value.firstIndex(of: UInt8(ascii: ".")) ?? value.count
        let whole = value.slice(0, point)
        guard let seconds = whole.isEmpty && point + 1 < value.count ? 0 : ConfigValue.number(whole),
            seconds <= 1_000_000
        else { return nil }
        var ms = UInt32(seconds) * 1000
        var scale: UInt32 = 100
        var i = point + 1
        while i < value.count {
            guard value[i] >= UInt8(ascii: "0"), value[i] <= UInt8(ascii: "9") else { return nil }
            ms += UInt32(value[i] - UInt8(ascii: "0")) * scale
            scale /= 10
            i += 1
        }
        return ms
    }
}

/// Topic filters of an option that may come several times.
struct FilterList {
    private let start: UnsafeMutablePointer<ByteView>
    private(set) var count = 0

    static var capacity: Int { 64 }

    /// `start` has room for `capacity` of them.
    init(_ start: UnsafeMutablePointer<ByteView>) { self.start = start }

    var isEmpty: Bool { count == 0 }

    subscript(_ index: Int) -> ByteView {
        precondition(index >= 0 && index < count)
        return start[index]
    }

    /// What is wrong with a filter, or nil when it was added.
    mutating func add(_ filter: ByteView) -> StaticString? {
        guard filter.count <= 65_535, TopicFilter.check(filter) == nil else { return ": no topic filter" }
        guard count < FilterList.capacity else { return ": more than 64 of this option" }
        start[count] = filter
        count += 1
        return nil
    }

    /// Whether one of them matches a topic.
    func matches(_ topic: ByteView) -> Bool {
        var i = 0
        while i < count {
            if TopicFilter.matches(start[i], topic) { return true }
            i += 1
        }
        return false
    }
}
