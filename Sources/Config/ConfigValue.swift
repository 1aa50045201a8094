import Base

/// The forms a value can have. All answer nil for anything else.
enum ConfigValue {
    static func flag(_ text: ByteView) -> Bool? {
        text.equals("true") ? true : text.equals("false") ? false : nil
    }

    /// Digits only, up to `Int32.max`.
    static func number(_ text: ByteView) -> Int? {
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

    /// `PORT [ADDRESS]`. Port 0 lets the system choose one. Without an address, all are served.
    static func listener(_ text: ByteView) -> Address? {
        var end = 0
        while end < text.count, !ConfigFile.isSpace(text[end]) { end += 1 }
        guard let port = number(text.slice(0, end)), port <= 65_535 else { return nil }
        while end < text.count, ConfigFile.isSpace(text[end]) { end += 1 }
        let place = text.dropFirst(end)
        if place.isEmpty {
            var any = Address.any
            any.port = UInt16(port)
            return any
        }
        return Address(parsing: place.equals("localhost") ? ByteView("127.0.0.1") : place, port: UInt16(port))
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
