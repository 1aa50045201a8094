import Base

/// What a board config says: all that the program needs to know to start.
public struct Settings {
    public enum Mode: UInt8 {
        case broker
    }

    public var mode = Mode.broker
    public private(set) var listeners = InlineArray<8, Address>(repeating: .any)
    public private(set) var listenerCount = 0
    /// Nil when the file does not say.
    public var allowAnonymousSaid: Bool?
    public var logsConnections = true
    public var limits = Limits()

    /// Which keys the file has, by raw value; all but `listener` stand once.
    private var isSaid = InlineArray<64, Bool>(repeating: false)

    public init() {}

    /// False when the file has the key already.
    mutating func say(_ option: Option) -> Bool {
        defer { isSaid[Int(option.rawValue)] = true }
        return option == .listener || !isSaid[Int(option.rawValue)]
    }

    public static var maxListeners: Int { 8 }
    static var defaultPort: UInt16 { 1883 }

    /// False when there are `maxListeners` already.
    mutating func addListener(_ address: Address) -> Bool {
        guard listenerCount < Settings.maxListeners else { return false }
        listeners[listenerCount] = address
        listenerCount += 1
        return true
    }

    /// Without a `listener` line this machine is served, and only this machine, on port 1883: then it is safe to let
    /// everybody in. Whoever opens a listener says who may come.
    mutating func complete() {
        if listenerCount == 0 {
            var loopback = Address.loopback
            loopback.port = Settings.defaultPort
            _ = addListener(loopback)
            if allowAnonymousSaid == nil { allowAnonymousSaid = true }
        }
    }

    public var allowAnonymous: Bool { allowAnonymousSaid ?? false }
}
