import Base
import TestSupport
import Testing
import Wire

struct UTF8TextTests {
    /// What the language's own library says, and no U+0000 [MQTT-1.5.3-1, MQTT-1.5.3-2].
    private func reference(_ bytes: [UInt8]) -> Bool {
        !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
    }

    @Test func `All sequences of one and two bytes are judged as by the language's library`() {
        let buffer = GuardedBuffer()
        for first in UInt8.min...UInt8.max {
            guard UTF8Text.isValid(buffer.view([first])) == reference([first]) else { return fail("\(first)") }
            for second in UInt8.min...UInt8.max {
                let bytes = [first, second]
                guard UTF8Text.isValid(buffer.view(bytes)) == reference(bytes) else { return fail("\(bytes)") }
            }
        }
    }

    @Test(arguments: 0x00...0x0F)
    func `All sequences of three and four bytes at the borders are judged so, too`(upperHalf: Int) {
        let buffer = GuardedBuffer()
        let borders: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
        for first in UInt8(upperHalf << 4)...UInt8(upperHalf << 4 | 15) {
            for second in borders {
                for third in borders {
                    let three = [first, second, third]
                    guard UTF8Text.isValid(buffer.view(three)) == reference(three) else { return fail("\(three)") }
                    for fourth in borders {
                        let bytes = three + [fourth]
                        guard UTF8Text.isValid(buffer.view(bytes)) == reference(bytes) else { return fail("\(bytes)") }
                    }
                }
            }
        }
    }

    @Test(arguments: [
        ("overlong slash", "c0 af"), ("overlong U+007F", "c1 bf"), ("overlong U+07FF", "e0 9f bf"),
        ("overlong U+FFFF", "f0 8f bf bf"), ("first surrogate", "ed a0 80"), ("last surrogate", "ed bf bf"),
        ("beyond U+10FFFF", "f4 90 80 80"), ("five bytes", "f8 88 80 80 80"), ("a tail alone", "80"),
        ("cut after one", "e2"), ("cut after two", "e2 82"), ("cut after three", "f0 9f 98"), ("U+0000", "00"),
        ("U+0000 within", "'a' 00 'b'"), ("overlong U+0000", "c0 80"),
    ])
    func `Ill-formed text and U+0000 are refused [MQTT-1.5.3-1, MQTT-1.5.3-2]`(what: String, row: String) {
        #expect(!withView(hex(row)) { UTF8Text.isValid($0) })
    }

    @Test(arguments: [
        "", "plain", "\u{1}\u{1F}\u{7F}", "\u{80}\u{7FF}", "\u{800}\u{D7FF}\u{E000}\u{FFFF}", "\u{10000}\u{10FFFF}",
        "\u{FEFF}", "\u{FFFE}", "Grüße, 世界 😀",
    ])
    func `Well-formed text is taken, with U+FEFF, control and non-characters [MQTT-1.5.3-3]`(text: String) {
        #expect(withView(Array(text.utf8)) { UTF8Text.isValid($0) })
    }
}
