import Base
import Engine
import Testing

struct KeepAliveTests {
    @Test(arguments: [(1, 1500), (10, 15_000), (60, 90_000), (65_535, 98_302_500)] as [(UInt16, UInt32)])
    func `A client is given up after one and a half times its keep-alive [MQTT-3.1.2-24]`(seconds: UInt16, ms: UInt32) {
        for last in [0, 5000, UInt32.max - 100] {
            let deadline = KeepAlive(seconds: seconds).deadline(after: Tick(ms: last))
            #expect(deadline == Tick(ms: last &+ ms))
        }
    }

    @Test func `A keep-alive of zero is for ever [MQTT-3.1.2-24]`() {
        #expect(KeepAlive(seconds: 0).deadline(after: .zero) == nil)
    }
}
