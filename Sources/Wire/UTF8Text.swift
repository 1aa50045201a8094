import Base

/// The rules for every string on the wire [MQTT 3.1.1 §1.5.3].
public enum UTF8Text {
    /// Well-formed UTF-8 (so without surrogates) and no U+0000 [MQTT-1.5.3-1, MQTT-1.5.3-2].
    /// The ranges are those of table 3-7 of the Unicode standard.
    public static func isValid(_ text: ByteView) -> Bool {
        var i = 0
        while i < text.count {
            let lead = text.start[i]
            if lead < 0x80 {
                if lead == 0 { return false }
                i += 1
                continue
            }
            let tail: Int
            var low: UInt8 = 0x80
            var high: UInt8 = 0xBF
            switch lead {
            case 0xC2...0xDF: tail = 1
            case 0xE0: (tail, low) = (2, 0xA0)
            case 0xED: (tail, high) = (2, 0x9F)
            case 0xE1...0xEF: tail = 2
            case 0xF0: (tail, low) = (3, 0x90)
            case 0xF4: (tail, high) = (3, 0x8F)
            case 0xF1...0xF3: tail = 3
            default: return false
            }
            guard i + tail < text.count, text.start[i + 1] >= low, text.start[i + 1] <= high else { return false }
            var k = 2
            while k <= tail {
                guard text.start[i + k] & 0xC0 == 0x80 else { return false }
                k += 1
            }
            i += tail + 1
        }
        return true
    }
}
