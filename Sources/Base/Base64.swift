/// Base64 as RFC 4648 §4 has it.
public enum Base64 {
    /// Decodes `text` to `target` and answers how many bytes that were; nil when it is not Base64 or longer than
    /// `capacity`.
    public static func decode(_ text: ByteView, to target: UnsafeMutablePointer<UInt8>, capacity: Int) -> Int? {
        guard text.count % 4 == 0 else { return nil }
        var count = 0
        var i = 0
        while i < text.count {
            var word: UInt32 = 0
            var padding = 0
            var k = 0
            while k < 4 {
                let byte = text[i + k]
                if byte == UInt8(ascii: "="), i + 4 == text.count, k >= 2 {
                    padding += 1
                    word <<= 6
                } else {
                    guard padding == 0, let value = value(byte) else { return nil }
                    word = word << 6 | value
                }
                k += 1
            }
            guard count + 3 - padding <= capacity else { return nil }
            var shift: UInt32 = 16
            k = 0
            while k < 3 - padding {
                target[count] = UInt8(truncatingIfNeeded: word >> shift)
                count += 1
                shift &-= 8
                k += 1
            }
            i += 4
        }
        return count
    }

    public static func encode(_ bytes: ByteView, to line: inout Line) {
        var i = 0
        while i < bytes.count {
            let count = min(3, bytes.count - i)
            var word: UInt32 = 0
            var k = 0
            while k < 3 {
                word = word << 8 | (k < count ? UInt32(bytes[i + k]) : 0)
                k += 1
            }
            k = 0
            while k < 4 {
                line.byte(k <= count ? digits[Int(word >> 18 & 63)] : UInt8(ascii: "="))
                word <<= 6
                k += 1
            }
            i += 3
        }
    }

    private static var digits: ByteView {
        ByteView("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
