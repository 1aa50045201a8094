import Base
import TestSupport
import Testing
import Wire

struct VarIntTests {
    /// What the standard's pseudo code makes of `bytes` [MQTT 3.1.1 §2.2.3].
    private func reference(_ bytes: [UInt8]) -> VarInt.Decoded {
        var multiplier = 1
        var value = 0
        for (i, byte) in bytes.enumerated() {
            value += Int(byte & 127) * multiplier
            multiplier *= 128
            if byte & 128 == 0 { return .value(UInt32(value), byteCount: i + 1) }
            if multiplier > 128 * 128 * 128 { return .tooLong }
        }
        return .needMore
    }

    @Test(arguments: [0...70_000, 2_097_052...2_097_252, 268_435_355...268_435_455] as [ClosedRange<UInt32>])
    func `What is written is read back, in as few bytes as can be`(range: ClosedRange<UInt32>) {
        let buffer = GuardedBuffer()
        for value in range {
            let bytes = encoded { VarInt.encode(value, to: &$0) }
            let shortest = value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4
            guard bytes.count == shortest, VarInt.byteCount(value) == shortest,
                VarInt.decode(buffer.view(bytes)) == .value(value, byteCount: shortest)
            else { return fail("\(value)") }
        }
    }

    /// The table of the standard's §2.2.3.
    @Test(arguments: [
        (0, "00"), (127, "7f"), (128, "80 01"), (16_383, "ff 7f"), (16_384, "80 80 01"), (2_097_151, "ff ff 7f"),
        (2_097_152, "80 80 80 01"), (268_435_455, "ff ff ff 7f"),
    ])
    func `The ends of each length are written as in the standard`(value: UInt32, row: String) {
        #expect(encoded { VarInt.encode(value, to: &$0) } == hex(row))
    }

    @Test func `All forms of one and two bytes are read as the standard says`() {
        let buffer = GuardedBuffer()
        for first in UInt8.min...UInt8.max {
            guard VarInt.decode(buffer.view([first])) == reference([first]) else { return fail("\(first)") }
            for second in UInt8.min...UInt8.max {
                let bytes = [first, second]
                guard VarInt.decode(buffer.view(bytes)) == reference(bytes) else { return fail("\(bytes)") }
            }
        }
    }

    @Test func `All forms of up to five bytes at the borders are read as the standard says`() {
        let buffer = GuardedBuffer()
        let borders: [UInt8] = [0x00, 0x01, 0x7F, 0x80, 0x81, 0xFF]
        for count in 3...5 {
            for number in 0..<[216, 1296, 7776][count - 3] {
                var rest = number
                let bytes = (0..<count).map { _ in
                    defer { rest /= 6 }
                    return borders[rest % 6]
                }
                guard VarInt.decode(buffer.view(bytes)) == reference(bytes) else { return fail("\(bytes)") }
            }
        }
    }

    @Test(arguments: ["80 00", "80 80 00", "80 80 80 00"])
    func `A zero in more bytes than needed is a zero`(row: String) {
        let bytes = hex(row)
        #expect(withView(bytes) { VarInt.decode($0) } == .value(0, byteCount: bytes.count))
    }

    @Test(arguments: ["80 80 80 80", "ff ff ff ff", "80 80 80 80 01", "ff ff ff 80 7f"])
    func `A fifth byte makes it too long`(row: String) {
        #expect(withView(hex(row)) { VarInt.decode($0) } == .tooLong)
    }

    @Test func `Writing more than four bytes can hold traps`() async {
        await #expect(processExitsWith: .failure) { _ = encoded { VarInt.encode(VarInt.maxValue + 1, to: &$0) } }
    }
}
