import Base

/// The forms a value can have. All answer nil for anything else.
public enum ConfigValue {
    static func flag(_ text: ByteView) -> Bool? {
        text.equals("true") ? true : text.equals("false") ? false : nil
    }

    static func mode(_ text: ByteView) -> Settings.Mode? {
        text.equals("broker") ? .broker : text.equals("client") ? .client : text.equals("bridge") ? .bridge : nil
    }

    /// Digits only, up to `Int32.max`.
    public static func number(_ text: ByteView) -> Int? {
        guard !text.isEmpty else { return nil }
        var value = 0
        var i = 0
        while i < text.count {
            guard text[i] >= UInt8(ascii: "0"), text[i] <= UInt8(ascii: "9") else { return nil }
            let digit = Int(text[i] - UInt8(ascii: "0"))
            guard value <= (Int(Int32.max) - digit) / 10 else { return nil }
            value = value * 10 + digit
            i += 1
        }
        return value
    }

    static func size(_ text: ByteView) -> Int? {
        let (digits, unit) = split(text)
        if unit.isEmpty { return scaled(digits, by: 1) }
        if unit.equals("K") { return scaled(digits, by: 1 << 10) }
        if unit.equals("M") { return scaled(digits, by: 1 << 20) }
        return nil
    }

    static func duration(_ text: ByteView) -> Int? {
        let (digits, unit) = split(text)
        if unit.isEmpty || unit.equals("s") { return scaled(digits, by: 1) }
        if unit.equals("min") { return scaled(digits, by: 60) }
        if unit.equals("h") { return scaled(digits, by: 3600) }
        if unit.equals("d") { return scaled(digits, by: 86_400) }
        if unit.equals("w") { return scaled(digits, by: 7 * 86_400) }
        if unit.equals("m") { return scaled(digits, by: 30 * 86_400) }
        if unit.equals("y") { return scaled(digits, by: 365 * 86_400) }
        return nil
    }

    /// `PORT [ADDRESS]`, or `0 PATH` for a unix socket. Port 0 with an address lets the system choose one. Without an
    /// address, all are served.
    static func listener(_ text: ByteView) -> Settings.Listener? {
        let (first, place) = text.firstWord
        guard let port = number(first), port <= 65_535 else { return nil }
        var listener = Settings.Listener()
        if place.isEmpty {
            listener.address.port = UInt16(port)
        } else if place[0] == UInt8(ascii: "/") {
            // `sun_path` has 108 bytes, with its end.
            guard port == 0, place.count < 108 else { return nil }
            listener.address = .local
            listener.path = place
        } else {
            let numeric = place.equals("localhost") ? ByteView("127.0.0.1") : place
            guard let address = Address(parsing: numeric, port: UInt16(port)) else { return nil }
            listener.address = address
        }
        return listener
    }

    enum Domain: UInt8 {
        case v4, v6
    }

    static func domain(_ text: ByteView) -> Domain? { text.equals("ipv4") ? .v4 : text.equals("ipv6") ? .v6 : nil }

    /// "All addresses" become those of one family; a single address has its family anyway.
    static func narrow(_ address: inout Address, to domain: Domain) {
        guard address.isAny else { return }
        address = domain == .v4 ? Address(v4: 0, port: address.port) : Address.anyV6(port: address.port)
    }

    /// A number, size or duration within the range of `kind`; nil for other kinds, too.
    static func quantity(_ text: ByteView, _ kind: Option.Kind) -> Int? {
        func within(_ min: Int, _ max: Int, _ value: Int?) -> Int? {
            guard let value, value >= min, value <= max else { return nil }
            return value
        }
        switch kind {
        case .number(let min, let max): return within(min, max, number(text))
        case .size(let min, let max): return within(min, max, size(text))
        case .duration(let min, let max): return within(min, max, duration(text))
        default: return nil
        }
    }

    static func qos(_ text: ByteView) -> UInt8? {
        guard let qos = number(text), text.count == 1, qos <= 2 else { return nil }
        return UInt8(qos)
    }

    static func failurePolicy(_ text: ByteView) -> FailurePolicy? {
        text.equals("drop") ? .drop : text.equals("retry") ? .retry : text.equals("dead-letter") ? .deadLetter : nil
    }

    /// `any`, `number MIN MAX` or `word A|B|C`.
    static func writeFormat(_ text: ByteView) -> WriteFormat? {
        if text.equals("any") { return .any }
        let (word, rest) = text.firstWord
        if word.equals("number") {
            let (first, last) = rest.firstWord
            guard let min = signed(first), let max = signed(last), min <= max else { return nil }
            return .number(min: min, max: max)
        }
        guard word.equals("word"), !rest.isEmpty, rest.firstWord.rest.isEmpty else { return nil }
        // None of them may be empty.
        let bar = UInt8(ascii: "|")
        guard rest[0] != bar, rest[rest.count - 1] != bar else { return nil }
        var i = 1
        while i < rest.count {
            if rest[i] == bar, rest[i - 1] == bar { return nil }
            i += 1
        }
        return .words(rest)
    }

    /// A number that may have a minus sign.
    public static func signed(_ text: ByteView) -> Int? {
        guard text.starts(with: "-") else { return number(text) }
        guard let value = number(text.dropFirst(1)) else { return nil }
        return -value
    }

    /// `HOST[:PORT]`, an IPv6 address in brackets if a port follows; or the path of a unix socket.
    public static func remote(_ text: ByteView) -> Remote? {
        var remote = Remote()
        guard !text.isEmpty else { return nil }
        if text[0] == UInt8(ascii: "/") {
            // `sun_path` has 108 bytes, with its end.
            guard text.count < 108 else { return nil }
            remote.host = text
            return remote
        }
        let colon = UInt8(ascii: ":")
        var port = ByteView.empty
        if text[0] == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            remote.host = text.slice(1, end)
            guard Address(parsing: remote.host, port: 0) != nil, remote.host.firstIndex(of: colon) != nil else {
                return nil
            }
            let rest = text.dropFirst(end + 1)
            if rest.isEmpty { return remote }
            guard rest[0] == colon else { return nil }
            port = rest.dropFirst(1)
        } else if Address(parsing: text, port: 0) != nil {
            remote.host = text
            return remote
        } else {
            guard let end = text.firstIndex(of: colon) else { return isHostName(text) ? named(text) : nil }
            remote.host = text.slice(0, end)
            guard isHostName(remote.host) else { return nil }
            port = text.dropFirst(end + 1)
        }
        guard let number = number(port), number >= 1, number <= 65_535 else { return nil }
        remote.port = UInt16(number)
        return remote
    }

    private static func named(_ host: ByteView) -> Remote {
        var remote = Remote()
        remote.host = host
        return remote
    }

    /// What a resolver may be asked for: letters, digits, dots, hyphens and underscores, up to 253 of them.
    private static func isHostName(_ text: ByteView) -> Bool {
        guard !text.isEmpty, text.count <= 253 else { return false }
        var i = 0
        while i < text.count {
            let byte = text[i]
            let lower = byte | 0x20
            let isLetter = lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            let isMark = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            guard isLetter || isDigit || isMark else { return false }
            i += 1
        }
        return true
    }

    /// `BASE [CAP]`, as mosquitto's `restart_timeout`: one is constant.
    static func restart(_ text: ByteView) -> (base: Int, cap: Int)? {
        let (first, second) = text.firstWord
        guard let base = duration(first), base >= 1, base <= 86_400 else { return nil }
        if second.isEmpty { return (base, base) }
        guard let cap = duration(second), cap >= base, cap <= 86_400 else { return nil }
        return (base, cap)
    }

    /// `BASE [CAP [STABLE]]`, as a bridge's `restart_timeout`. Nil for the last where the text does not say.
    static func longRestart(_ text: ByteView) -> (base: Int, cap: Int, stable: Int?)? {
        let (first, others) = text.firstWord
        let (second, third) = others.firstWord
        guard !third.isEmpty else {
            guard let (base, cap) = restart(text) else { return nil }
            return (base, cap, nil)
        }
        guard let (base, cap) = restart(first.extended(to: second)), let stable = duration(third), stable <= 86_400
        else { return nil }
        return (base, cap, stable)
    }

    /// `IDLE INTERVAL COUNT`, in the kernel's ranges.
    static func tcpKeepAlive(_ text: ByteView) -> (idle: Int, interval: Int, count: Int)? {
        let (first, others) = text.firstWord
        let (second, third) = others.firstWord
        guard let idle = number(first), let interval = number(second), let count = number(third), idle >= 1,
            idle <= 32_767, interval >= 1, interval <= 32_767, count >= 1, count <= 127
        else { return nil }
        return (idle, interval, count)
    }

    /// The name of a connection: a level of a topic. Short enough for a client id beside the name of the host.
    static func isConnectionName(_ text: ByteView) -> Bool {
        guard text.count <= BridgeSettings.maxNameBytes else { return false }
        var i = 0
        while i < text.count {
            let byte = text[i]
            if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") { return false }
            i += 1
        }
        return true
    }

    static func spoolPolicy(_ text: ByteView) -> QueuePolicy? { text.equals("latest") ? .keepLatest : policy(text) }

    static func policy(_ text: ByteView) -> QueuePolicy? {
        text.equals("oldest") ? .dropOldest : text.equals("newest") ? .dropNewest : nil
    }

    private static func split(_ text: ByteView) -> (digits: ByteView, unit: ByteView) {
        var end = 0
        while end < text.count, text[end] >= UInt8(ascii: "0"), text[end] <= UInt8(ascii: "9") { end += 1 }
        return (text.slice(0, end), text.dropFirst(end))
    }

    private static func scaled(_ digits: ByteView, by factor: Int) -> Int? {
        guard let value = number(digits), value <= Int(Int32.max) / factor else { return nil }
        return value * factor
    }
}
