import Base

/// How long a client may be silent.
public struct KeepAlive {
    /// Zero: for ever.
    private let seconds: UInt16

    /// As CONNECT asked for it; zero seconds switches it off.
    public init(seconds: UInt16) { self.seconds = seconds }

    /// When a client that was last heard at `lastPacket` is given up, after one and a half times as long
    /// [MQTT-3.1.2-24]; nil for never.
    public func deadline(after lastPacket: Tick) -> Tick? {
        seconds == 0 ? nil : lastPacket.advanced(byMs: UInt32(seconds) * 1500)
    }
}
