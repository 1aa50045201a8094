import Base
import Wire

/// What is to be done to a broker, and who does what of it.
public struct Workload {
    public var publishers = 1
    public var subscribers = 1
    public var topics = 1
    public var prefix = ByteView("bench")
    public var qos = QoS.atMostOnce
    /// Bytes of a message.
    public var payload = 64
    /// Messages of each publisher.
    public var messages = 10_000
    /// Messages a second of all publishers; zero for as many as can be.
    public var rate = 0
    /// QoS 1 and 2 messages of a publisher that are on their way at a time.
    public var window = 20
    /// Filters with wildcards that the subscribers hold in all; zero for the topics themselves.
    public var filters = 0
    /// Further clients, with a subscription that never matches, and without any.
    public var sessions = 0
    public var idle = 0
    /// What a further client subscribes to and has retained, and nobody is to notice.
    public var unrelatedFilters = 0
    public var unrelatedRetained = 0
    /// Retained messages that subscribers get, in place of a stream.
    public var retained = 0
    /// Connects in place of a stream, and how many of them at a time.
    public var connects = 0
    public var concurrency = 50
    /// Seconds in which nothing is done, in place of a stream.
    public var hold = 0
    /// Seconds without progress after which it is over.
    public var timeout = 60
    /// Whose processor time and memory are told; nil for nobody's.
    public var process: Int?

    public init() {}

    /// What the measured phase is made of.
    public enum Kind: UInt8 {
        case stream, retained, connects, hold
    }

    public var kind: Kind { connects > 0 ? .connects : retained > 0 ? .retained : hold > 0 ? .hold : .stream }

    /// Without what this kind of run has no use for.
    public var trimmed: Workload {
        var trimmed = self
        if kind != .stream, kind != .hold { trimmed.publishers = 0 }
        if kind == .connects { trimmed.subscribers = 0 }
        if kind != .stream { (trimmed.filters, trimmed.rate) = (0, 0) }
        return trimmed
    }
}

// Who publishes and who gets what. A stream is what one publisher sends to one topic: it is to stay in order.
extension Workload {
    /// Topics of a publisher, in turn.
    public func topics(ofPublisher i: Int) -> Int {
        publishers > topics ? 1 : (topics - i + publishers - 1) / publishers
    }

    /// The topic of a publisher's message.
    public func topic(publisher i: Int, message: Int) -> Int {
        publishers > topics ? i % topics : i + message % topics(ofPublisher: i) * publishers
    }

    public var streams: Int { max(publishers, topics) }
    public func stream(publisher i: Int, topic: Int) -> Int { publishers > topics ? i : topic }
    /// The number that a publisher's message has in its stream.
    public func number(publisher i: Int, message: Int) -> Int { message / topics(ofPublisher: i) }

    /// Whether several subscribers share a topic, in place of several topics a subscriber.
    private var isShared: Bool { filters == 0 && subscribers >= topics }

    /// Filters that a subscriber subscribes to.
    public func filters(ofSubscriber j: Int) -> Int {
        if kind == .retained || isShared { return 1 }
        let all = filters > 0 ? filters : topics
        return j < all ? (all - j + subscribers - 1) / subscribers : 0
    }

    /// The n-th topic, or with `filters` the n-th filter, of a subscriber.
    public func subscription(_ n: Int, ofSubscriber j: Int) -> Int { isShared ? j % topics : j + n * subscribers }

    /// With `filters`: the one that matches a topic.
    public func filterNumber(ofTopic topic: Int) -> Int {
        topics <= filters ? topic * (filters / topics) : topic % filters
    }

    /// Subscribers of a topic.
    public func receivers(ofTopic topic: Int) -> Int {
        if subscribers == 0 { return 0 }
        return isShared ? (subscribers - topic + topics - 1) / topics : 1
    }

    /// Pairs of a stream and one of its subscribers.
    public var pairs: Int {
        if !isShared { return streams }
        return subscribers * streamsOfTopic
    }

    private var streamsOfTopic: Int { publishers > topics ? (publishers + topics - 1) / topics : 1 }

    /// The number of the pair of a message's stream and a subscriber; nil when the subscriber is not to have it.
    public func pair(publisher i: Int, topic: Int, subscriber j: Int) -> Int? {
        if isShared {
            guard j % topics == topic else { return nil }
            return j * streamsOfTopic + (publishers > topics ? i / topics : 0)
        }
        let subscription = filters > 0 ? filterNumber(ofTopic: topic) : topic
        return subscription % subscribers == j ? stream(publisher: i, topic: topic) : nil
    }

    /// What is to be sent in the measured phase, and what is to be delivered; nil when that cannot be counted any more.
    public var totals: (sent: Int, delivered: Int)? {
        switch kind {
        case .hold: return (0, 0)
        case .connects: return (connects, connects)
        case .retained:
            guard let delivered = Workload.product(retained, subscribers) else { return nil }
            return (0, delivered)
        case .stream: break
        }
        guard publishers > 0 else { return (0, 0) }
        guard let sent = Workload.product(publishers, messages) else { return nil }
        var delivered = 0
        var stream = 0
        while stream < streams {
            let topic = publishers > topics ? stream % topics : stream
            // The first message of the stream, and how many messages of its publisher lie from one to the next.
            let first = publishers > topics ? 0 : stream / publishers
            let stride = topics(ofPublisher: stream % publishers)
            let count = messages <= first ? 0 : (messages - first + stride - 1) / stride
            guard let more = Workload.product(count, receivers(ofTopic: topic)),
                let sum = Workload.sum(delivered, more)
            else { return nil }
            delivered = sum
            stream += 1
        }
        return (sent, delivered)
    }

    private static func product(_ a: Int, _ b: Int) -> Int? {
        let (value, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow || value > Int(Int32.max) ? nil : value
    }

    private static func sum(_ a: Int, _ b: Int) -> Int? {
        let (value, overflow) = a.addingReportingOverflow(b)
        return overflow || value > Int(Int32.max) ? nil : value
    }
}
