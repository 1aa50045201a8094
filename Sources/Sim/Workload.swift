import Base

/// Work whose cost is counted. Names and numbers are in files of costs and in the heads of people: a workload that is
/// to be another one gets another name.
public enum Workload: UInt8 {
    // Publishers and subscribers in pairs; many messages with each receive.
    case qos0One
    case qos0Ten
    case qos1One
    case qos1Ten
    case qos2One
    case qos2Ten
    /// A receive brings one message, and none comes before that one is acknowledged.
    case qos1Single
    case qos0Long
    case fanOut
    case fanOutQoS1
    case fanIn
    /// Each message has one of 10,000 filters with wildcards.
    case filters
    /// 16 levels, and a filter with wildcards among others that part from it at every level.
    case deep
    /// `qos0One` beside 10,000 filters that match nothing.
    case unrelated
    /// 1,000 retained messages to `#`.
    case retained
    /// SUBSCRIBE with a `+` in the place where 10,000 filters of another client have their names.
    case subscribe
    /// From CONNECT to DISCONNECT.
    case connect
    /// PINGREQ of one of 100 clients.
    case ping
    /// A second, as long as the broker waits at most here, in which 100 clients do nothing.
    case idle
    /// The same with the topics below `$SYS`, every ten seconds.
    case idleSystemTopics

    public var name: StaticString {
        switch self {
        case .qos0One: "qos0-1-1"
        case .qos0Ten: "qos0-10-10"
        case .qos1One: "qos1-1-1"
        case .qos1Ten: "qos1-10-10"
        case .qos2One: "qos2-1-1"
        case .qos2Ten: "qos2-10-10"
        case .qos1Single: "qos1-10-10-single"
        case .qos0Long: "qos0-1-1-8k"
        case .fanOut: "qos0-1-100"
        case .fanOutQoS1: "qos1-1-100"
        case .fanIn: "qos0-100-1"
        case .filters: "filters-10000"
        case .deep: "deep-topics"
        case .unrelated: "unrelated-10000"
        case .retained: "retained-1000"
        case .subscribe: "subscribe-10000"
        case .connect: "connect"
        case .ping: "ping"
        case .idle: "idle"
        case .idleSystemTopics: "idle-sys"
        }
    }

    var shape: Shape {
        switch self {
        case .qos0One: Shape(qos: 0, pairs: 1, batch: 100)
        case .qos0Ten: Shape(qos: 0, pairs: 10, batch: 20)
        case .qos1One: Shape(qos: 1, pairs: 1, batch: 20)
        case .qos1Ten: Shape(qos: 1, pairs: 10, batch: 20)
        case .qos2One: Shape(qos: 2, pairs: 1, batch: 20)
        case .qos2Ten: Shape(qos: 2, pairs: 10, batch: 20)
        case .qos1Single: Shape(qos: 1, pairs: 10, batch: 1)
        case .qos0Long: Shape(qos: 0, pairs: 1, batch: 8, payloadBytes: 8192)
        case .fanOut: Shape(qos: 0, publishers: 1, subscribers: 100, topics: 1, batch: 20)
        case .fanOutQoS1: Shape(qos: 1, publishers: 1, subscribers: 100, topics: 1, batch: 10)
        case .fanIn: Shape(qos: 0, publishers: 100, subscribers: 1, topics: 1, batch: 20)
        case .filters:
            Shape(
                qos: 0, publishers: 1, subscribers: 10, topics: 10_000, batch: 100, batches: 5, topicForm: .wildcard)
        case .deep: Shape(qos: 0, publishers: 1, subscribers: 1, topics: 1, batch: 100, topicForm: .deep)
        case .unrelated: Shape(qos: 0, pairs: 1, batch: 100, unrelatedFilters: 10_000)
        case .retained: Shape(qos: 0, publishers: 1, subscribers: 1, topics: 1000, batch: 1000, isRetained: true)
        case .subscribe: Shape(others: 1, does: .subscribing, unrelatedFilters: 10_000)
        case .connect: Shape(others: 10, does: .connecting)
        case .ping: Shape(others: 100, does: .pinging)
        case .idle: Shape(others: 100, does: .nothing)
        case .idleSystemTopics: Shape(others: 100, does: .nothing, hasSystemTopics: true)
        }
    }

    public static func named(_ name: ByteView) -> Workload? {
        var raw: UInt8 = 0
        while let workload = Workload(rawValue: raw) {
            if name.equals(workload.name) { return workload }
            raw += 1
        }
        return nil
    }
}

/// What a workload is made of.
///
/// Publisher p's message k is on the topic with the number p mod `topics`; where one publisher has all topics, it takes
/// them in large steps. Subscriber s has the topic s mod `topics`, or, when there are more topics than subscribers,
/// every one whose number mod `subscribers` is s.
struct Shape {
    var qos: UInt8 = 0
    var publishers = 0
    var subscribers = 0
    var topics = 1
    /// Messages that one receive brings, and how many of these before it begins anew.
    var batch = 1
    var batches = 1
    var payloadBytes = 64
    var topicForm = TopicForm.flat
    /// Filters of one more client, which match nothing.
    var unrelatedFilters = 0
    /// Messages are retained, and one subscriber gets them all again and again.
    var isRetained = false
    /// Further clients, and what they do.
    var others = 0
    var does = Doing.nothing
    var hasSystemTopics = false

    enum TopicForm: UInt8 {
        case flat
        case wildcard
        case deep
    }

    enum Doing: UInt8 {
        case nothing
        case connecting
        /// The first of them sends PINGREQ.
        case pinging
        /// The first of them sends SUBSCRIBE, always the same.
        case subscribing
    }

    init(others: Int, does: Doing, unrelatedFilters: Int = 0, hasSystemTopics: Bool = false) {
        self.others = others
        self.does = does
        self.unrelatedFilters = unrelatedFilters
        self.hasSystemTopics = hasSystemTopics
    }

    init(qos: UInt8, pairs: Int, batch: Int, payloadBytes: Int = 64, unrelatedFilters: Int = 0) {
        self.init(qos: qos, publishers: pairs, subscribers: pairs, topics: pairs, batch: batch)
        self.payloadBytes = payloadBytes
        self.unrelatedFilters = unrelatedFilters
    }

    init(
        qos: UInt8, publishers: Int, subscribers: Int, topics: Int, batch: Int, batches: Int = 1,
        topicForm: TopicForm = .flat, isRetained: Bool = false
    ) {
        self.qos = qos
        self.publishers = publishers
        self.subscribers = subscribers
        self.topics = topics
        self.batch = batch
        self.batches = batches
        self.topicForm = topicForm
        self.isRetained = isRetained
    }

    /// Messages of one publisher before it begins anew.
    var cycle: Int { batch * batches }
    var peerCount: Int { publishers + subscribers + (unrelatedFilters > 0 ? 1 : 0) + others }
    var isPublishing: Bool { publishers > 0 && !isRetained }

    func topic(_ publisher: Int, _ message: Int) -> Int {
        publishers == 1 && topics > 1 ? message * 37 % topics : publisher % topics
    }

    func receives(_ subscriber: Int, _ topic: Int) -> Bool {
        isRetained || (subscribers >= topics ? topic == subscriber % topics : topic % subscribers == subscriber)
    }
}
