import Base
import TestSupport
import Testing
import Wire

/// What a client reads of a server's answers.
struct AnswerTests {
    @Test(arguments: [
        ("00 00", "accepted new"), ("01 00", "accepted present"), ("00 01", "1 new"), ("00 05", "5 new"),
        // [MQTT-3.2.2-1, MQTT-3.2.2-4] Reserved flags, a session that is refused, a code that nobody knows.
        ("02 00", "malformed"), ("01 05", "malformed"), ("00 06", "malformed"),
        ("00", "malformed"), ("", "malformed"), ("00 00 00", "malformed"),
    ])
    func `CONNACK says whether and into which session [MQTT-3.2.2-4]`(body: String, meaning: String) {
        #expect(connack(body, .v311) == meaning)
    }

    @Test func `The first byte of a CONNACK of 3.1 says nothing`() { #expect(connack("ff 00", .v31) == "accepted new") }

    private func connack(_ body: String, _ level: ProtocolLevel) -> String {
        withView(hex(body)) { view in
            switch Connack.decode(view, level: level) {
            case .packet(let connack):
                let code = connack.code == .accepted ? "accepted" : "\(connack.code.rawValue)"
                return code + (connack.sessionPresent ? " present" : " new")
            case .bad(let reason): return "\(reason.name)"
            }
        }
    }

    @Test(arguments: [
        ("00 0a 00", "10 00"), ("ff ff 01 02 80", "65535 010280"),
        ("00 0a", "malformed"), ("00", "malformed"), ("00 00 00", "bad-packet-id"),
        // [MQTT-3.9.3-2]
        ("00 0a 03", "malformed"), ("00 0a 00 81", "malformed"),
    ])
    func `SUBACK grants 0, 1 or 2 or refuses, for each filter [MQTT-3.9.3-2]`(body: String, meaning: String) {
        let read = withView(hex(body)) { view in
            switch Suback.decode(view) {
            case .packet(let suback):
                let codes = suback.codes.array.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                return "\(suback.packetID) " + codes
            case .bad(let reason): return "\(reason.name)"
            }
        }
        #expect(read == meaning)
    }
}
