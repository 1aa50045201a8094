/// An IP address and port. IPv4 is held in its IPv6-mapped form, so there is one width for both.
public struct Address: Equatable {
    /// The 16 bytes in network order, as four words with the first byte in the uppermost bits.
    public var words: (UInt32, UInt32, UInt32, UInt32)
    public var port: UInt16

    public init(words: (UInt32, UInt32, UInt32, UInt32), port: UInt16) {
        self.words = words
        self.port = port
    }

    /// An IPv4 address, its first byte in the uppermost bits.
    public init(v4: UInt32, port: UInt16) { self.init(words: (0, 0, 0xFFFF, v4), port: port) }

    /// From 16 bytes in network order.
    public init(bytes: UnsafePointer<UInt8>, port: UInt16) {
        func word(_ at: Int) -> UInt32 {
            UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
        }
        self.init(words: (word(0), word(4), word(8), word(12)), port: port)
    }

    public static var loopback: Address { Address(v4: 0x7F00_0001, port: 0) }
    /// Every address of the machine, of both families.
    public static var any: Address { Address(words: (0, 0, 0, 0), port: 0) }

    public var isAny: Bool { words.0 == 0 && words.1 == 0 && words.2 == 0 && words.3 == 0 }
    /// Every IPv6 address and no IPv4. Told from `any` by a word that no address has.
    public static func anyV6(port: UInt16) -> Address { Address(words: (0, 0, 0xFFFE, 6), port: port) }
    public var isAnyV6: Bool { self == Address.anyV6(port: port) }
    /// The end of a unix socket: this machine, by no address.
    public static var local: Address { Address(words: (0, 0, 0xFFFE, 1), port: 0) }
    public var isLocal: Bool { self == Address.local }

    public var isV4: Bool { words.0 == 0 && words.1 == 0 && words.2 == 0xFFFF }
    /// Reaches this machine only: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        if isLocal { return true }
        return isV4 ? words.3 >> 24 == 127 : words.0 == 0 && words.1 == 0 && words.2 == 0 && words.3 == 1
    }

    /// The 16-bit group `index` (0…7) of the IPv6 form.
    func group(_ index: Int) -> UInt16 {
        let word = index < 2 ? words.0 : index < 4 ? words.1 : index < 6 ? words.2 : words.3
        return UInt16(truncatingIfNeeded: index & 1 == 0 ? word >> 16 : word)
    }

    /// Writes the 16 bytes in network order to `target`.
    public func copyBytes(to target: UnsafeMutablePointer<UInt8>) {
        var i = 0
        while i < 8 {
            target[2 * i] = UInt8(group(i) >> 8)
            target[2 * i + 1] = UInt8(group(i) & 0xFF)
            i += 1
        }
    }

    public static func == (a: Address, b: Address) -> Bool {
        a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
            && a.port == b.port
    }
}

// Text form: dotted IPv4, or IPv6 as RFC 4291 §2.2 and RFC 5952 have it.
extension Address {
    /// Reads a numeric IPv4 or IPv6 address without port; nil when `text` is neither. Scope ids are not read.
    public init?(parsing text: ByteView, port: UInt16) {
        if let v4 = Address.parseV4(text) {
            self.init(v4: v4, port: port)
        } else if let words = Address.parseV6(text) {
            self.init(words: words, port: port)
        } else {
            return nil
        }
    }

    private static func parseV4(_ text: ByteView) -> UInt32? {
        var value: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var octets = 0
        var i = 0
        while i <= text.count {
            if i == text.count || text[i] == UInt8(ascii: ".") {
                guard digits > 0, octets < 4 else { return nil }
                value = value << 8 | octet
                octets += 1
                octet = 0
                digits = 0
            } else {
                // No leading zeros: elsewhere they mean octal.
                guard let digit = decimal(text[i]), digits == 0 || octet > 0 else { return nil }
                octet = octet * 10 + digit
                guard octet <= 255 else { return nil }
                digits += 1
            }
            i += 1
        }
        return octets == 4 ? value : nil
    }

    /// Groups before `::` go to the front, those after it to the back; an IPv4 tail stands for the last two.
    private static func parseV6(_ text: ByteView) -> (UInt32, UInt32, UInt32, UInt32)? {
        var front = Groups()
        var back = Groups()
        var hasGap = false
        var rest = text
        if rest.starts(with: "::") {
            hasGap = true
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.count
            let part = rest.slice(0, end)
            var accepted = false
            if end == rest.count, let v4 = parseV4(part) {
                accepted = hasGap ? back.append(v4 >> 16) && back.append(v4 & 0xFFFF)
                    : front.append(v4 >> 16) && front.append(v4 & 0xFFFF)
            } else if let group = hexadecimal(part) {
                accepted = hasGap ? back.append(group) : front.append(group)
            }
            guard accepted else { return nil }
            rest = rest.dropFirst(end)
            if rest.starts(with: "::") {
                guard !hasGap else { return nil }
                hasGap = true
                rest = rest.dropFirst(2)
            } else if !rest.isEmpty {
                rest = rest.dropFirst(1)
                guard !rest.isEmpty else { return nil }
            }
        }
        let count = front.count + back.count
        guard hasGap ? count < 8 : count == 8 else { return nil }
        return front.joined(with: back)
    }

    private static func decimal(_ byte: UInt8) -> UInt32? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? UInt32(byte - UInt8(ascii: "0")) : nil
    }

    private static func hexadecimal(_ text: ByteView) -> UInt32? {
        guard text.count >= 1, text.count <= 4 else { return nil }
        var value: UInt32 = 0
        var i = 0
        while i < text.count {
            let lower = text[i] | 0x20
            if let digit = decimal(text[i]) {
                value = value << 4 | digit
            } else if lower >= UInt8(ascii: "a"), lower <= UInt8(ascii: "f") {
                value = value << 4 | UInt32(lower - UInt8(ascii: "a") + 10)
            } else {
                return nil
            }
            i += 1
        }
        return value
    }

    /// Up to eight 16-bit groups, kept as 128 bits that are shifted in from the right.
    private struct Groups {
        var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
        var count = 0

        mutating func append(_ group: UInt32) -> Bool {
            guard count < 8 else { return false }
            shiftLeft()
            words.3 |= group
            count += 1
            return true
        }

        mutating func shiftLeft() {
            words.0 = words.0 << 16 | words.1 >> 16
            words.1 = words.1 << 16 | words.2 >> 16
            words.2 = words.2 << 16 | words.3 >> 16
            words.3 = words.3 << 16
        }

        func joined(with back: Groups) -> (UInt32, UInt32, UInt32, UInt32) {
            var all = self
            while all.count < 8 {
                all.shiftLeft()
                all.count += 1
            }
            let b = back.words
            return (all.words.0 | b.0, all.words.1 | b.1, all.words.2 | b.2, all.words.3 | b.3)
        }
    }
}
