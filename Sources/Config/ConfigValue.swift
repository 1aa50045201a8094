import Base

/// The forms a value can have. All answer nil for anything else.
public enum ConfigValue {
    static func flag(_ text: ByteView) -> Bool? {
        text.equals("true") ? true : text.equals("false") ? false : nil
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
