import Base

/// What a board config says: all that the program needs to know to start. Paths and names point into the text that was
/// parsed, which therefore stays.
public struct Settings {
    public enum Mode: UInt8 {
        case broker, client
        /// A broker with connections to others.
        case bridge
    }

    /// Who may come in and what they may do: one set for all listeners, or with `per_listener_settings` one for each.
    public struct AccessSettings {
        /// Nil when the file does not say.
        public var allowAnonymousSaid: Bool?
        public var passwordFile: ByteView?
        public var aclFile: ByteView?

        public var allowAnonymous: Bool { allowAnonymousSaid ?? false }

        var isEmpty: Bool { allowAnonymousSaid == nil && passwordFile == nil && aclFile == nil }
    }

    public struct Listener {
        public var address = Address.any
        /// Of a unix socket; empty for TCP.
        public var path = ByteView.empty
        /// The device whose addresses are served; empty for all.
        public var interface = ByteView.empty
        /// Connections at a time; zero for as many as there are.
        public var maxConnections = 0

        public init() {}

        public var isLocal: Bool { !path.isEmpty }

        /// Whether both serve the same place.
        public func isSamePlace(as other: Listener) -> Bool {
            address == other.address && path.equals(other.path) && interface.equals(other.interface)
        }
    }

    public let mode: Mode
    private var listeners = InlineArray<8, Listener>(repeating: Listener())
    public private(set) var listenerCount = 0
    /// The first is for all listeners; the others, by listener, only with `per_listener_settings`. Then the first holds
    /// what stands in front of all listeners.
    private var access = InlineArray<9, AccessSettings>(repeating: AccessSettings())
    public private(set) var isPerListener = false
    /// With `per_listener_settings`, there are access settings in front of the first listener, which hold for none.
    public private(set) var hasVoidAccess = false
    public var allowZeroLengthClientID = true
    public var logsConnections = true
    public var logLevels = LogLevels.usual
    public var logsToStandardError = true
    public var logsToSyslog = false
    public var logsTime = false
    public var limits = Limits()
    /// `max_connections` stood in front of all listeners.
    private var hasGlobalMaxConnections = false

    public var client = ClientSettings()
    /// The board config, for those who read its lines of client mode again.
    var text = ByteView.empty
    /// Nil for those of one file.
    var origins: LineOrigins?
    /// Of the last line of client mode; nil above the first.
    private var actionKind: ActionLine.Kind?

    /// Connections of a bridge.
    public private(set) var bridgeCount = 0
    /// Whether a connection is being read.
    private(set) var isInConnection = false
    /// By connection, what the program has found in `remote_password_file`.
    public var bridgePasswords = InlineArray<8, ByteView?>(repeating: nil)

    /// Which keys the file has; keys of a listener or of a line anew for each.
    private var said = Options()

    public init(_ mode: Mode = .broker) {
        self.mode = mode
        limits = Limits(mode)
    }

    public static var maxListeners: Int { 8 }
    static var defaultPort: UInt16 { 1883 }

    /// False when the file has the key already.
    mutating func say(_ option: Option) -> Bool {
        defer { said.insert(option) }
        return option.row.kind.mayRepeat || !hasSaid(option)
    }

    /// Keys of a listener, or of a line, are those of the last one.
    public func hasSaid(_ option: Option) -> Bool { said.contains(option) }

    /// Begins the section of a listener. False when there are `maxListeners` already.
    mutating func addListener(_ listener: Listener) -> Bool {
        guard listenerCount < Settings.maxListeners else { return false }
        listeners[listenerCount] = listener
        listenerCount += 1
        isInConnection = false
        forget(.maxConnections)
        forget(.bindInterface)
        forget(.socketDomain)
        forget(.protocolName)
        if isPerListener {
            forget(.allowAnonymous)
            forget(.passwordFile)
            forget(.aclFile)
        }
        return true
    }

    private mutating func forget(_ option: Option) { said.remove(option) }

    /// The section that is being read, or nil in front of all listeners.
    mutating func changeListener(_ change: (inout Listener) -> Void) -> Bool {
        guard listenerCount > 0 else { return false }
        change(&listeners[listenerCount - 1])
        return true
    }

    mutating func changeAccess(_ change: (inout AccessSettings) -> Void) {
        change(&access[isPerListener ? listenerCount : 0])
    }

    mutating func setPerListener(_ flag: Bool) { isPerListener = flag }

    /// In the section of a listener, its own; in front of all, everybody's.
    mutating func setMaxConnections(_ count: Int) {
        if listenerCount > 0 {
            listeners[listenerCount - 1].maxConnections = count
        } else {
            limits.maxConnections = count
            hasGlobalMaxConnections = true
        }
    }

    mutating func setGlobalMaxConnections(_ count: Int) {
        limits.maxConnections = count
        hasGlobalMaxConnections = true
    }

    /// How many sets of access settings there are, and which of them a listener follows.
    public var accessCount: Int { isPerListener ? listenerCount + 1 : 1 }
    public func accessIndex(ofListener index: Int) -> Int { isPerListener ? index + 1 : 0 }
    // Not inlined: each copy of these would be hundreds of bytes of code.
    @inline(never) public func access(_ index: Int) -> AccessSettings { access[index] }
    @inline(never) public func listener(_ index: Int) -> Listener { listeners[index] }

    public var usesPasswords: Bool { hasAccess { $0.passwordFile != nil } }
    public var usesACL: Bool { hasAccess { $0.aclFile != nil } }

    private func hasAccess(_ condition: (AccessSettings) -> Bool) -> Bool {
        var i = 0
        while i < accessCount {
            if condition(access[i]) { return true }
            i += 1
        }
        return false
    }

    /// Begins what stands below a line of client mode.
    mutating func begin(_ line: ActionLine) {
        actionKind = line.kind
        var raw: UInt8 = 0
        while let option = Option(rawValue: raw) {
            raw += 1
            if option.isOfLine { forget(option) }
        }
        if line.kind.isPublication { client.publishLineCount += 1 } else { client.subscribeLineCount += 1 }
    }

    /// Begins the section of a connection. False when there are `maxBridges` already.
    mutating func beginConnection() -> Bool {
        guard bridgeCount < Settings.maxBridges else { return false }
        bridgeCount += 1
        isInConnection = true
        var raw: UInt8 = 0
        while let option = Option(rawValue: raw) {
            raw += 1
            if option.isOfConnection { forget(option) }
        }
        return true
    }

    /// The kind of the line of client mode that the next keys stand below; nil above the first.
    var currentKind: ActionLine.Kind? { actionKind }

    public var actionLines: ActionLines { ActionLines(text) }

    /// Where a line stands, by the number that it has for errors, connections and lines of client mode.
    public func place(of number: Int) -> LinePlace { LineOrigins.place(of: number, origins) }

    /// An error that others have found in these settings, which then tells the place of its line.
    public func locating(_ error: ConfigError) -> ConfigError {
        var error = error
        error.origins = origins
        return error
    }

    /// Fills in what follows from what the file says.
    mutating func complete(port: UInt16) {
        if mode == .client {
            client.complete(port: port)
            // Zero is as many as fit, and each takes a slab.
            if limits.maxQueuedBytes == 0 { limits.maxQueuedBytes = limits.messageStoreBytes }
            if limits.maxQueuedMessages == 0 {
                limits.maxQueuedMessages = min(max(1, limits.maxQueuedBytes / 120), 1_000_000)
            }
            return
        }
        limits.bridge.spoolExpirySeconds = limits.offlineMessageExpirySeconds
        // Whoever says that the board is a bridge may have one that nobody connects to.
        if listenerCount == 0, mode == .bridge, hasSaid(.mode) { return completeLimits() }
        // Without a `listener` line this machine is served, and only this machine: then it is safe to let everybody in.
        // Whoever opens a listener says who may come.
        if listenerCount == 0 {
            var loopback = Listener()
            loopback.address = Address.loopback
            loopback.address.port = port
            _ = addListener(loopback)
            if access[0].allowAnonymousSaid == nil { access[0].allowAnonymousSaid = true }
            access[accessIndex(ofListener: 0)] = access[0]
        } else if isPerListener {
            // As in mosquitto: a listener that says nothing lets nobody in, whatever stands in front of it.
            hasVoidAccess = !access[0].isEmpty
            access[0] = AccessSettings()
        }
        completeLimits()
    }

    private mutating func completeLimits() {
        if !hasGlobalMaxConnections { limits.maxConnections = sumOfMaxConnections() ?? limits.maxConnections }
        if !hasSaid(.globalMaxClients) {
            limits.maxClients = min(max(limits.maxClients, 2 * limits.maxConnections), Option.maxClients)
        }
        if !hasSaid(.maxDeliveries) { limits.maxDeliveries = max(limits.maxDeliveries, limits.maxClients) }
        if !hasSaid(.maxRetainedMessages) {
            limits.maxRetainedMessages = min(limits.maxRetainedMessages, limits.maxMessages / 2)
        }
        if !hasSaid(.maxRetainedBytes) {
            limits.maxRetainedBytes = min(limits.maxRetainedBytes, limits.messageStoreBytes / 4)
        }
    }

    /// Nil unless every listener has a limit.
    private func sumOfMaxConnections() -> Int? {
        guard listenerCount > 0 else { return nil }
        var sum = 0
        var i = 0
        while i < listenerCount {
            if listeners[i].maxConnections == 0 { return nil }
            sum = min(sum + listeners[i].maxConnections, Option.maxClients)
            i += 1
        }
        return sum
    }
}
