import Base

/// How long a client may be silent.
public struct KeepAlive {
    /// Zero: for ever.
    private let limitMs: UInt32

    /// One and a half times what CONNECT asked for [MQTT-3.1.2-24]; zero seconds switches it off.
    public init(seconds: UInt16) { limitMs = UInt32(seconds) * 1500 }

    /// When a client that was last heard at `lastPacket` is given up; nil for never.
    public func deadline(after lastPacket: Tick) -> Tick? { limitMs == 0 ? nil : lastPacket.advanced(byMs: limitMs) }
}
