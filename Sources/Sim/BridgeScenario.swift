import Base

/// The connections of a bridge that one seed stands for: which topics they carry, and how.
public struct BridgeScenario {
    public private(set) var count = 0
    /// The remotes are reached before anything goes wrong.
    public private(set) var isWarm = false
    private var connections = InlineArray<2, Connection>(repeating: Connection())

    public enum Policy: UInt8 {
        case newest, oldest, latest
    }

    public struct Connection {
        public var lines = InlineArray<5, Line>(repeating: Line())
        public var lineCount = 0
        public var isClean = false
        public var isLocallyClean = false
        public var isLazy = false
        public var threshold = 1
        public var policy = Policy.newest
        public var spoolMessages = 1000
        public var spoolBytes = 1 << 20
        public var expirySeconds = 0
        public var spoolsQoS0 = false
        public var triesPrivate = true
        public var keepAliveSeconds = 60
        public var baseSeconds = 5
        public var capSeconds = 30
        public var isRoundRobin = false
        public var notifies = true
        /// How many places the remote is looked for at, and a number that says which.
        public var places = 1
        public var place = 0
    }

    /// A `topic` line. No two lines of a connection have topics in common, here or there.
    public struct Line {
        public var group = Group.all
        public var sendsOut = true
        public var takesIn = false
        public var qos: UInt8 = 0
        /// `RemoteName.prefix`.
        public var prefix = 0
    }

    /// What a line carries, of the vocabulary.
    public enum Group: UInt8 {
        case all
        case a
        /// `a/b`, which is `b` behind another prefix there.
        case belowA
        case b, x, secret

        public var pattern: StaticString {
            switch self {
            case .all: "#"
            case .a: "a/#"
            case .belowA: "+"
            case .b: "b/#"
            case .x: "x/+"
            case .secret: "secret"
            }
        }

        public var localPrefix: StaticString { self == .belowA ? "a/" : "" }
    }

    /// No connections.
    public init() {}

    public init(seed: UInt32, isTight: Bool) {
        var random = SimRandom(seed: seed, stream: 5)
        count = random.within(1, 2)
        isWarm = random.chance(perMille: 500)
        var i = 0
        while i < count {
            connections[i] = BridgeScenario.connection(&random, isTight: isTight)
            i += 1
        }
    }

    public subscript(_ index: Int) -> Connection {
        precondition(index < count)
        return connections[index]
    }

    private static func connection(_ random: inout SimRandom, isTight: Bool) -> Connection {
        var connection = Connection()
        func add(_ group: Group) {
            var line = Line()
            line.group = group
            let direction = random.below(3)
            line.sendsOut = direction != 1
            line.takesIn = direction != 0
            line.qos = UInt8(random.below(3))
            line.prefix = group == .belowA ? 3 : random.below(3)
            connection.lines[connection.lineCount] = line
            connection.lineCount += 1
        }
        if random.chance(perMille: 250) {
            add(.all)
        } else {
            add(random.chance(perMille: 700) ? .a : .belowA)
            if random.chance(perMille: 700) { add(.b) }
            if random.chance(perMille: 500) { add(.x) }
            if random.chance(perMille: 300) { add(.secret) }
        }
        connection.isClean = random.chance(perMille: 200)
        connection.isLocallyClean = random.chance(perMille: connection.isClean ? 500 : 50)
        connection.isLazy = random.chance(perMille: 150)
        connection.threshold = random.within(1, 10)
        connection.policy = Policy(rawValue: UInt8(random.below(3))) ?? .newest
        let isSmall = random.chance(perMille: 500)
        connection.spoolMessages = isSmall ? random.within(2, 20) : isTight ? 50 : 300
        connection.spoolBytes = random.chance(perMille: 300) ? random.within(2048, 8000) : 100_000
        connection.expirySeconds = random.chance(perMille: 200) ? random.within(5, 100) : 0
        connection.spoolsQoS0 = random.chance(perMille: 400)
        connection.triesPrivate = random.chance(perMille: 750)
        connection.keepAliveSeconds = random.within(5, 60)
        connection.baseSeconds = random.within(1, 5)
        connection.capSeconds = connection.baseSeconds * random.within(1, 10)
        connection.isRoundRobin = random.chance(perMille: 200)
        connection.notifies = random.chance(perMille: 700)
        connection.places = random.within(1, 3)
        connection.place = random.below(5)
        return connection
    }

    /// What a topic of the vocabulary is called at a remote, and by which line; nil when no line has it.
    public func remoteName(_ index: Int, _ topic: Int) -> (name: RemoteName, line: Line)? {
        let connection = connections[index]
        var i = 0
        while i < connection.lineCount {
            let line = connection.lines[i]
            i += 1
            if BridgeScenario.has(line.group, topic) {
                let there = line.group == .belowA ? 3 : topic
                return (RemoteName(prefix: line.prefix, topic: there), line)
            }
        }
        return nil
    }

    private static func has(_ group: Group, _ topic: Int) -> Bool {
        switch group {
        case .all: true
        case .a: topic <= 2 || topic == 9
        case .belowA: topic == 1
        case .b: topic == 3 || topic == 4
        case .x: topic == 6 || topic == 7
        case .secret: topic == 8
        }
    }

    /// The `connection` sections of the board config.
    func write(_ config: inout Base.Line) {
        var i = 0
        while i < count {
            write(i, &config)
            i += 1
        }
    }

    private func write(_ index: Int, _ config: inout Base.Line) {
        let connection = connections[index]
        func end() { config.byte(UInt8(ascii: "\n")) }
        func option(_ key: StaticString, _ value: Int) {
            config.text(key)
            config.byte(UInt8(ascii: " "))
            config.number(value)
            end()
        }
        func option(_ key: StaticString, _ value: Bool) {
            config.text(key)
            config.text(value ? " true" : " false")
            end()
        }
        config.text("connection n")
        config.number(index)
        end()
        config.text("address")
        var i = 0
        while i < connection.places {
            config.byte(UInt8(ascii: " "))
            writePlace(index, (connection.place + i) % 5, &config)
            i += 1
        }
        end()
        i = 0
        while i < connection.lineCount {
            let line = connection.lines[i]
            i += 1
            config.text("topic ")
            config.text(line.group.pattern)
            config.text(line.sendsOut ? line.takesIn ? " both " : " out " : " in ")
            config.number(Int(line.qos))
            writePrefix(line.group.localPrefix, &config)
            writePrefix(RemoteName.prefix(line.prefix), &config)
            end()
        }
        option("cleansession", connection.isClean)
        option("local_cleansession", connection.isLocallyClean)
        if connection.isLazy {
            config.text("start_type lazy\n")
            option("threshold", connection.threshold)
            option("idle_timeout", 20)
        }
        config.text(
            connection.policy == .newest
                ? "spool_policy newest\n"
                : connection.policy == .oldest ? "spool_policy oldest\n" : "spool_policy latest\n")
        option("spool_messages", connection.spoolMessages)
        option("spool_size", connection.spoolBytes)
        option("spool_expiry", connection.expirySeconds)
        option("spool_qos0", connection.spoolsQoS0)
        option("try_private", connection.triesPrivate)
        option("notifications", connection.notifies)
        option("round_robin", connection.isRoundRobin)
        option("keepalive_interval", connection.keepAliveSeconds)
        config.text("restart_timeout ")
        config.number(connection.baseSeconds)
        config.byte(UInt8(ascii: " "))
        config.number(connection.capSeconds)
        end()
    }

    private func writePrefix(_ prefix: StaticString, _ config: inout Base.Line) {
        config.byte(UInt8(ascii: " "))
        config.text(prefix.utf8CodeUnitCount == 0 ? "\"\"" : prefix)
    }

    /// By name or by number, of both families.
    private func writePlace(_ index: Int, _ place: Int, _ config: inout Base.Line) {
        switch place {
        case 0, 1:
            config.text("r")
            config.number(index)
            config.text(".sim")
        case 2, 3:
            config.text("10.8.")
            config.number(index)
            config.byte(UInt8(ascii: "."))
            config.number(place - 2)
        default:
            config.text("[fd00::")
            config.number(index)
            config.text("]:1883")
        }
    }
}
