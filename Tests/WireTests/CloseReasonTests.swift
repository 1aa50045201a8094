import Testing
import Wire

struct CloseReasonTests {
    private static let all = (UInt8.min...UInt8.max).compactMap { CloseReason(rawValue: $0) }

    @Test func `CONNACK has a code for five reasons, and for all others there is no CONNACK [MQTT-3.2.2-6]`() {
        let codes: [CloseReason: UInt8] = [
            .badProtocolLevel: 1, .badClientID: 2, .keepAliveTooLong: 2, .serverFull: 3, .notAuthorised: 5,
        ]
        for reason in CloseReasonTests.all { #expect(reason.connackCode?.rawValue == codes[reason], "\(reason)") }
    }
}
