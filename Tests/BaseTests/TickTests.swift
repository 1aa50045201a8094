import Base
import Testing

struct TickTests {
    /// Ticks on both sides of the wrap and in the middle.
    private static let starts: [UInt32] = [0, 1, 1000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FC18, 0xFFFF_FFFF]
    private static let spans: [UInt32] = [1, 999, 1000, 0x3FFF_FFFF, 0x7FFF_FFFE, 0x7FFF_FFFF]

    @Test(arguments: starts, spans)
    func `A later tick is later by its span, also across the wrap`(start: UInt32, span: UInt32) {
        let earlier = Tick(ms: start)
        let later = earlier.advanced(byMs: span)
        #expect(earlier.isBefore(later))
        #expect(!later.isBefore(earlier))
        #expect(later.msSince(earlier) == span)
        #expect(earlier.msSince(later) == 0)
    }

    @Test(arguments: starts)
    func `A tick is not before itself`(start: UInt32) {
        let tick = Tick(ms: start)
        #expect(!tick.isBefore(tick))
        #expect(tick.msSince(tick) == 0)
        #expect(tick == tick.advanced(byMs: 0))
    }

    @Test func `The clock wraps to zero`() {
        #expect(Tick(ms: 0xFFFF_FFFF).advanced(byMs: 1) == .zero)
    }

    @Test func `A span that ticks cannot compare traps`() async {
        await #expect(processExitsWith: .failure) { _ = Tick.zero.advanced(byMs: Tick.maxSpanMs + 1) }
    }
}
