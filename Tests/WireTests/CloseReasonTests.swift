import Testing
import Wire

struct CloseReasonTests {
    private static let all = (UInt8.min...UInt8.max).compactMap { CloseReason(rawValue: $0) }

    @Test func `CONNACK has a code for seven reasons, and for all others there is no CONNACK [MQTT-3.2.2-6]`() {
        let codes: [CloseReason: UInt8] = [
            .badProtocolLevel: 1, .badClientID: 2, .keepAliveTooLong: 2, .serverFull: 3,
            // One for three, so that nobody learns whether it is the name or the password that is wrong.
            .notAuthorised: 5, .badUserNameOrPassword: 5, .tooManyFailedLogins: 5,
        ]
        for reason in CloseReasonTests.all { #expect(reason.connackCode?.rawValue == codes[reason], "\(reason)") }
    }
}
