import Base
import Config
import Wire

/// What MQTT demands of a board of bridge mode, beyond what its lines look like; and that nothing runs in circles.
public enum BridgeCheck {
    /// What is wrong first; nil when nothing is. `scratch` has room for `ConfigFile.maxBytes`.
    public static func problem(_ settings: Settings, scratch: UnsafeMutablePointer<UInt8>) -> ConfigError? {
        nil
    }
}
