import Base
import Client
import Linux

/// What `swiftlet pub` and `sub` take from the environment.
enum ClientEnvironment {
    /// `name` has a zero byte behind it, as the words of command lines and the texts of programs have.
    static func value(_ name: ByteView) -> ByteView? { System.environment(name) }

    /// The path of the file with default options, in `target`, with a zero byte behind it; nil when there is no place
    /// for one.
    static func optionsPath(_ tool: ClientOption.Tools, in target: ByteWriter) -> ByteView? {
        var path = target
        let (folder, middle): (ByteView, StaticString)
        if let config = value(ByteView("XDG_CONFIG_HOME")) {
            (folder, middle) = (config, "/")
        } else if let home = value(ByteView("HOME")) {
            (folder, middle) = (home, "/.config/")
        } else {
            return nil
        }
        let name: StaticString = tool == .pub ? "mosquitto_pub" : "mosquitto_sub"
        guard folder.count + middle.utf8CodeUnitCount + name.utf8CodeUnitCount < path.capacity else { return nil }
        path.bytes(folder)
        path.bytes(ByteView(middle))
        path.bytes(ByteView(name))
        path.byte(0)
        return path.written.slice(0, path.count - 1)
    }

    /// The rule of the local time zone; UTC when the system says nothing that is understood. `TZ` is a rule or names
    /// a zone file; without it `/etc/localtime` is one, and OpenWrt has a rule in `/etc/TZ`. The rule points into
    /// `memory`.
    static func zone(in memory: UnsafeMutablePointer<UInt8>) -> ZoneRule {
        if let said = value(ByteView("TZ")) {
            let name = said.starts(with: ":") ? said.dropFirst(1) : said
            return zoneFile(name, in: memory) ?? ZoneRule(parsing: name) ?? .utc
        }
        if let file = read(ByteView("/etc/localtime"), in: memory), let rule = ZoneRule(zoneFile: file) { return rule }
        if let text = read(ByteView("/etc/TZ"), in: memory), let rule = ZoneRule(parsing: text.trimmedLine) {
            return rule
        }
        return .utc
    }

    /// More than any zone file has.
    static var zoneBytes: Int { 65_536 }
    private static var zonePathBytes: Int { 512 }

    private static func zoneFile(_ name: ByteView, in memory: UnsafeMutablePointer<UInt8>) -> ZoneRule? {
        if name.isEmpty { return nil }
        var path = ByteWriter(memory, capacity: zonePathBytes)
        if name[0] != UInt8(ascii: "/") { path.bytes(ByteView("/usr/share/zoneinfo/")) }
        guard name.count < path.room else { return nil }
        path.bytes(name)
        path.byte(0)
        guard let file = read(path.written, in: memory + zonePathBytes) else { return nil }
        return ZoneRule(zoneFile: file)
    }

    private static func read(_ path: ByteView, in memory: UnsafeMutablePointer<UInt8>) -> ByteView? {
        let name = UnsafeRawPointer(path.start).assumingMemoryBound(to: CChar.self)
        guard case .bytes(let count) = System.read(name, into: memory, capacity: zoneBytes - zonePathBytes) else {
            return nil
        }
        return ByteView(memory, count)
    }
}

extension ByteView {
    /// The first line, without spaces around it.
    fileprivate var trimmedLine: ByteView { slice(0, firstIndex(of: UInt8(ascii: "\n")) ?? count).trimmed }
}
