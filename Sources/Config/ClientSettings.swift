import Base

/// A broker that client mode connects to.
public struct Remote {
    /// A name or a numeric address; the path of a unix socket if it begins with `/`.
    public var host = ByteView("127.0.0.1")
    /// Zero for a unix socket.
    public var port: UInt16 = 0

    public init() {}

    public var isLocal: Bool { !host.isEmpty && host[0] == UInt8(ascii: "/") }
}

/// Whom client mode connects to, and as whom. Views point into the board config.
public struct ClientSettings {
    /// In the order in which they are tried.
    private var remotes = InlineArray<4, Remote>(repeating: Remote())
    public private(set) var remoteCount = 0
    /// Empty when the broker is to choose one.
    public var clientID = ByteView.empty
    public var username: ByteView?
    /// From the board config; or what the program has found in `passwordFile`.
    public var password: ByteView?
    /// Its first line is the password.
    public var passwordFile: ByteView?
    /// Nil when the file does not say.
    var cleanSessionSaid: Bool?
    /// The wait after a first failure, and the longest after many; the same if it is to be constant.
    public var restartBaseSeconds = 1
    public var restartCapSeconds = 30
    /// Where connections come from; nil for wherever the system chooses. Its port is zero.
    public var bindAddress: Address?
    public var willTopic: ByteView?
    public var willPayload = ByteView.empty
    public var willQoS: UInt8 = 0
    public var willRetain = false

    // What the lines come to; `Settings.actionLines` has them.
    /// Different filters among the lines that subscribe.
    public internal(set) var filterCount = 0
    public internal(set) var subscribeLineCount = 0
    public internal(set) var publishLineCount = 0

    public init() {}

    public static var maxRemotes: Int { 4 }
    /// Of one in a file of its own.
    public static var maxPasswordBytes: Int { 512 }

    @inline(never) public func remote(_ index: Int) -> Remote { remotes[index] }

    /// False when there are `maxRemotes` already.
    mutating func add(_ remote: Remote) -> Bool {
        guard remoteCount < ClientSettings.maxRemotes else { return false }
        remotes[remoteCount] = remote
        remoteCount += 1
        return true
    }

    mutating func complete(port: UInt16) {
        if remoteCount == 0 { _ = add(Remote()) }
        var i = 0
        while i < remoteCount {
            if remotes[i].port == 0, !remotes[i].isLocal { remotes[i].port = port }
            i += 1
        }
    }

    /// A session outlives its connection if the client has a name by which the broker can know it again
    /// [MQTT-3.1.3-8], unless the file says otherwise.
    public var cleanSession: Bool { cleanSessionSaid ?? clientID.isEmpty }
}
