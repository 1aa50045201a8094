import Base

/// A connection of a bridge: which broker it reaches and as whom, what crosses it, what waits for it. Views point into
/// the board config.
public struct BridgeSettings {
    /// Of the `connection` line in the file, from 1.
    public internal(set) var number = 0
    public internal(set) var name = ByteView.empty
    /// In the order in which they are tried.
    private var remotes = InlineArray<4, Remote>(repeating: Remote())
    public private(set) var remoteCount = 0
    /// The line that names more of them than there can be, and its key.
    private(set) var excess: (number: Int, key: ByteView)?
    /// Whether each attempt begins with the next of them; if not, the first is preferred.
    public private(set) var isRoundRobin = false
    /// Empty for the name of the host, a dot, and `name`.
    public private(set) var clientID = ByteView.empty
    public private(set) var username: ByteView?
    /// From the board config; or what the program has found in `passwordFile`.
    public internal(set) var password: ByteView?
    /// Its first line is the password.
    public private(set) var passwordFile: ByteView?
    /// In the broker of this board. Empty for `local.` and the client id at the remote broker.
    public private(set) var localClientID = ByteView.empty
    /// Whom `acl_file` takes the bridge for; nil for nobody's name.
    public private(set) var localUsername: ByteView?
    public private(set) var cleanSession = false
    private var localCleanSessionSaid: Bool?
    /// The wait after a first failure, and the longest after many; the same if it is to be constant.
    public private(set) var restartBaseSeconds = 5
    public private(set) var restartCapSeconds = 30
    /// A connection that lasted so long was none that failed.
    public private(set) var stableSeconds = 10
    public private(set) var isLazy = false
    public private(set) var notifies = true
    public private(set) var notifiesLocallyOnly = false
    public private(set) var notificationTopic: ByteView?
    /// Whether it tells the remote broker that it is a bridge.
    public private(set) var triesPrivate = true
    /// Whether it takes back what an earlier run may have subscribed to of what it only sends.
    public private(set) var unsubscribes = false
    /// Whether what is retained here is retained there.
    public private(set) var keepsRetain = true
    /// Where the connection comes from; nil for wherever the system chooses. Its port is zero.
    public private(set) var bindAddress: Address?
    /// Empty for any.
    public private(set) var bindDevice = ByteView.empty
    /// All zero if it is off.
    public private(set) var tcpKeepAliveIdleSeconds = 0
    public private(set) var tcpKeepAliveIntervalSeconds = 0
    public private(set) var tcpKeepAliveCount = 0
    /// Whether a reload makes the connection anew at once, or leaves new settings for the next one.
    public private(set) var reloadsAtOnce = false
    public private(set) var spoolPolicy = QueuePolicy.dropNewest
    /// Whether messages of QoS 0 wait for the connection, too.
    public private(set) var spoolsQoS0 = false
    fileprivate(set) var limits: BridgeLimits

    /// All lines of it, to see whether a reload changes them.
    public internal(set) var sectionText = ByteView.empty
    public private(set) var topicCount = 0
    /// Topics that there is memory for, so that a reload can bring some.
    public var topicRoom: Int { topicCount + BridgeSettings.spareTopics }
    public static var spareTopics: Int { 8 }
    /// Those of them that are subscribed to here.
    private(set) var outCount = 0
    /// From the first `topic` line to the last.
    private var topicText = ByteView.empty
    private var topicOffset = 0

    @inline(never) init(_ limits: BridgeLimits = BridgeLimits()) { self.limits = limits }

    public static var maxNameBytes: Int { 40 }

    public var localCleanSession: Bool { localCleanSessionSaid ?? cleanSession }
    public var keepAliveSeconds: Int { limits.keepAliveSeconds }
    public var idleTimeoutSeconds: Int { limits.idleTimeoutSeconds }
    public var threshold: Int { limits.threshold }
    /// The longest packet to the remote broker; no longer than `max_packet_size`.
    public var maxPacketBytes: Int { limits.maxPacketBytes }
    public var tcpUserTimeoutMs: Int { limits.tcpUserTimeoutMs }
    public var spoolMessages: Int { limits.spoolMessages }
    public var spoolBytes: Int { limits.spoolBytes }
    public var spoolExpirySeconds: Int { limits.spoolExpirySeconds }

    @inline(never) public func remote(_ index: Int) -> Remote { remotes[index] }

    public var topics: BridgeTopics { BridgeTopics(topicText, offset: topicOffset) }

    /// Takes a key that stands below the `connection` line, or says what is wrong with its value.
    @inline(never)
    mutating func read(_ option: Option, _ value: ByteView, at number: Int, key: ByteView) -> ConfigError.Problem? {
        switch option {
        case .address: return readRemotes(value, at: number, key: key)
        case .topic: return readTopic(value, at: number)
        case .remoteClientID: clientID = value
        case .remoteUsername: username = value
        case .remotePassword: password = value
        case .remotePasswordFile: passwordFile = value
        case .localClientID: localClientID = value
        case .localUsername: localUsername = value
        // The bridge is a part of the broker, which does not ask it.
        case .localPassword: break
        case .notificationTopic: notificationTopic = value
        case .restartTimeout:
            guard let (base, cap, stable) = ConfigValue.longRestart(value) else { return .expected(option) }
            restartBaseSeconds = base
            restartCapSeconds = cap
            stableSeconds = stable ?? stableSeconds
        case .bindAddress:
            guard let address = Address(parsing: value, port: 0) else { return .expected(option) }
            bindAddress = address
        case .bridgeBindDevice:
            guard value.count < 16 else { return .expected(option) }
            bindDevice = value
        case .bridgeTCPKeepAlive:
            guard let (idle, interval, count) = ConfigValue.tcpKeepAlive(value) else { return .expected(option) }
            tcpKeepAliveIdleSeconds = idle
            tcpKeepAliveIntervalSeconds = interval
            tcpKeepAliveCount = count
        case .startType:
            isLazy = value.equals("lazy")
            guard isLazy || value.equals("automatic") else { return .expected(option) }
        case .bridgeReloadType:
            reloadsAtOnce = value.equals("immediate")
            guard reloadsAtOnce || value.equals("lazy") else { return .expected(option) }
        case .bridgeProtocolVersion:
            guard value.equals("mqttv311") else { return .expected(option) }
        case .spoolPolicy:
            guard let policy = ConfigValue.spoolPolicy(value) else { return .expected(option) }
            spoolPolicy = policy
        default:
            if case .flag = option.row.kind {
                guard let flag = ConfigValue.flag(value) else { return .expected(option) }
                set(option, flag)
            } else {
                guard let number = ConfigValue.quantity(value, option.row.kind) else { return .expected(option) }
                limits[option] = number
            }
        }
        return nil
    }

    private mutating func set(_ option: Option, _ flag: Bool) {
        switch option {
        case .cleanSession: cleanSession = flag
        case .localCleanSession: localCleanSessionSaid = flag
        case .roundRobin: isRoundRobin = flag
        case .notifications: notifies = flag
        case .notificationsLocalOnly: notifiesLocallyOnly = flag
        case .tryPrivate: triesPrivate = flag
        case .bridgeAttemptUnsubscribe: unsubscribes = flag
        case .bridgeOutgoingRetain: keepsRetain = flag
        case .spoolQoS0: spoolsQoS0 = flag
        default: preconditionFailure("no flag of a connection")
        }
    }

    /// One line may name several, as in mosquitto.
    private mutating func readRemotes(_ value: ByteView, at number: Int, key: ByteView) -> ConfigError.Problem? {
        var rest = value
        while !rest.isEmpty {
            let (word, others) = rest.firstWord
            guard var remote = ConfigValue.remote(word) else { return .expected(.address) }
            if remote.port == 0, !remote.isLocal { remote.port = Settings.defaultPort }
            if remoteCount < remotes.count {
                remotes[remoteCount] = remote
                remoteCount += 1
            } else if excess == nil {
                excess = (number, key)
            }
            rest = others
        }
        return nil
    }

    private mutating func readTopic(_ value: ByteView, at number: Int) -> ConfigError.Problem? {
        guard let topic = BridgeTopic.parse(value, number: number) else { return .expected(.topic) }
        if topic.pattern.isEmpty, topic.localPrefix.isEmpty || topic.remotePrefix.isEmpty {
            return .wrong("an empty pattern needs a local and a remote prefix")
        }
        topicCount += 1
        if topic.sendsOut { outCount += 1 }
        return nil
    }

    /// Makes a `topic` line the last of them so far. `line` is all of it.
    mutating func extendTopics(to line: ByteView, at number: Int) {
        if topicText.isEmpty {
            topicText = line
            topicOffset = number - 1
        }
        topicText = topicText.extended(to: line)
    }
}

extension ByteView {
    /// From its own beginning to the end of `other`, which stands behind it in the same text.
    func extended(to other: ByteView) -> ByteView { ByteView(start, other.start - start + other.count) }
}

extension Settings {
    public static var maxBridges: Int { 8 }

    /// The connection of this index, read again from the board config.
    @inline(never) public func bridge(_ index: Int) -> BridgeSettings {
        var bridge = BridgeSettings(limits.bridge)
        var lines = TextLines(text)
        // The number of connections that have begun; none is open below a listener.
        var count = 0
        var isOpen = false
        while count <= index + 1, let line = lines.next() {
            let (key, value) = line.firstWord
            guard let option = Option.named(key) else { continue }
            if option == .connection {
                count += 1
                isOpen = count == index + 1
                guard isOpen else { continue }
                bridge.number = lines.number
                bridge.name = value
                bridge.sectionText = line
            } else if option == .listener {
                isOpen = false
            } else if isOpen {
                guard option.isOfConnection else { continue }
                bridge.sectionText = bridge.sectionText.extended(to: line)
                _ = bridge.read(option, value, at: lines.number, key: key)
                if option == .topic { bridge.extendTopics(to: line, at: lines.number) }
            }
        }
        let longest = bridge.limits.maxPacketBytes
        bridge.limits.maxPacketBytes = longest == 0 ? limits.maxPacketBytes : min(longest, limits.maxPacketBytes)
        if let password = bridgePasswords[index] { bridge.password = password }
        return bridge
    }
}
