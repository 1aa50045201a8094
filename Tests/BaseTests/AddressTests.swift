import Base
import Glibc
import TestSupport
import Testing

struct AddressTests {
    /// RFC 5952 §1, §2 and §4: what is written, and the form it has to be given.
    static let canonical: [(String, String)] = [
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"),
        ("2001:0db8::0001", "2001:db8::1"),
        ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:aaaa:bbbb:cccc:dddd:EEEE:AaAa", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("1:0:0:0:0:0:0:0", "1::"),
        ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ("0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"),
        ("0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ]

    @Test(arguments: canonical)
    func `IPv6 is written in the form of RFC 5952`(given: String, expected: String) throws {
        let address = try #require(parse(given))
        #expect(lineText { $0.address(address) } == "[\(expected)]:1883")
    }

    @Test(arguments: ["0.0.0.0", "127.0.0.1", "192.0.2.255", "255.255.255.255", "1.20.255.3"])
    func `IPv4 is read and written in dotted form`(text: String) throws {
        let address = try #require(parse(text))
        #expect(address.isV4)
        #expect(lineText { $0.address(address) } == text + ":1883")
    }

    @Test(arguments: ["::ffff:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:ffff:192.0.2.1"])
    func `An IPv4-mapped address is the IPv4 address`(text: String) {
        #expect(parse(text) == parse("192.0.2.1"))
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.999", "1.2.3.0004",
        "1.2.3.-4", "1.2.3.4 ", " 1.2.3.4", "a.b.c.d", "0x1.2.3.4", "1,2,3,4", "01.2.3.4", "1.2.3.00", ":", ":::", "1:",
        ":1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7:8", "1::2::3", "::1::",
        "1:::2", "12345::", "g::", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::1:2:3:4:5:6:7:8",
        "1::2:3:4:5:6:7:8", "fe80::1%eth0", "[::1]", "::1/128", "localhost",
    ])
    func `What is no address is not read`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test(arguments: seeds)
    func `The system reads the same texts as the same addresses`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<40_000 {
            let text = mutated(randomText(&random), &random)
            guard parse(text).map(bytes) == system(text) else { return fail("\(text)") }
        }
    }

    @Test(arguments: seeds)
    func `Any address is read back from the text it is written as`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<10_000 {
            let address = randomAddress(&random)
            let text = lineText { $0.address(address) }
            let bare = address.isV4 ? text.dropLast(5) : text.dropFirst().dropLast(6)
            guard parse(String(bare)) == address else { return fail("\(text)") }
        }
    }

    @Test func `Loopback is 127.0.0.0 to 127.255.255.255, and ::1`() {
        let loopback = ["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"].compactMap(parse)
        let others = ["126.255.255.255", "128.0.0.0", "0.0.0.0", "::", "::2", "1::1", "::1:0:1"].compactMap(parse)
        #expect(loopback.map(\.isLoopback) == [true, true, true, true])
        #expect(others.map(\.isLoopback) == [false, false, false, false, false, false, false])
    }

    @Test func `The end of a unix socket is loopback, and is written local`() {
        #expect(Address.local.isLocal)
        #expect(Address.local.isLoopback)
        #expect(lineText { $0.address(.local) } == "local")
        #expect(["::", "::1", "127.0.0.1", "0.0.0.0"].compactMap(parse).filter(\.isLocal) == [])
    }

    @Test func `Every IPv6 address is not every address, and is written as in a config`() {
        let address = Address.anyV6(port: 1883)
        #expect(address.isAnyV6)
        #expect(!address.isAny)
        #expect(!address.isLoopback)
        #expect(!address.isLocal)
        #expect(lineText { $0.address(address) } == "[::]:1883")
    }

    @Test func `Bytes are in network order both ways`() {
        let bytes = (1...16).map { UInt8($0) }
        let address = Address(bytes: bytes, port: 9)
        #expect(address.words == (0x0102_0304, 0x0506_0708, 0x090A_0B0C, 0x0D0E_0F10))
        #expect(self.bytes(address) == bytes)
    }

    @Test func `Addresses with different ports differ`() {
        #expect(Address(v4: 1, port: 1) != Address(v4: 1, port: 2))
    }

    private func parse(_ text: String) -> Address? { withView(text) { Address(parsing: $0, port: 1883) } }

    private func bytes(_ address: Address) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: 16)
        target.withUnsafeMutableBufferPointer { address.copyBytes(to: $0.baseAddress!) }
        return target
    }

    /// What the C library makes of `text`.
    private func system(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + bytes[..<4] }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    /// Zeros and small numbers more often than not, since those are what texts differ in.
    private func randomAddress(_ random: inout SplitMix64) -> Address {
        if random.chance(20) { return Address(v4: random.word(), port: 1883) }
        func word() -> UInt32 { [0, 0, 0, 1, 0x10000, 0xFFFF, 0x0A00_0000, random.word()][random.below(8)] }
        return Address(words: (word(), word(), word(), word()), port: 1883)
    }

    private func randomText(_ random: inout SplitMix64) -> String {
        let address = randomAddress(&random)
        var text = [CChar](repeating: 0, count: 64)
        let bytes = self.bytes(address)
        _ = address.isV4 ? inet_ntop(AF_INET, Array(bytes[12...]), &text, 64) : inet_ntop(AF_INET6, bytes, &text, 64)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func mutated(_ text: String, _ random: inout SplitMix64) -> String {
        var bytes = Array(text.utf8)
        let alphabet = Array("0123456789abcdefABCDEF::::...g".utf8)
        for _ in 0..<random.below(3) {
            let i = random.below(bytes.count + 1)
            switch random.below(3) {
            case 0: bytes.insert(alphabet[random.below(alphabet.count)], at: i)
            case 1: if i < bytes.count { bytes.remove(at: i) }
            default: if i < bytes.count { bytes[i] = alphabet[random.below(alphabet.count)] }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
