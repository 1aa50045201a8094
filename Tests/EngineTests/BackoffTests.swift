import Engine
import Testing

struct BackoffTests {
    @Test func `Each failure doubles the longest wait, up to the cap`() {
        var backoff = Backoff(baseMs: 1000, capMs: 30_000)
        for longest: UInt32 in [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            #expect(backoff.failed(random: longest / 2) == longest)
        }
    }

    @Test(arguments: [UInt32](0..<64).map { $0 &* 0x9E37_79B9 })
    func `No wait is shorter than half of the longest, or longer`(random: UInt32) {
        var backoff = Backoff(baseMs: 3, capMs: 40)
        for longest: UInt32 in [3, 6, 12, 24, 40, 40] {
            let wait = backoff.failed(random: random)
            #expect(wait >= longest - longest / 2 && wait <= longest)
        }
    }

    @Test func `A success begins anew`() {
        var backoff = Backoff(baseMs: 2, capMs: 1 << 30)
        for _ in 0..<40 { _ = backoff.failed(random: 0) }
        #expect(backoff.failureCount == 40)
        backoff.succeeded()
        #expect(backoff.failureCount == 0)
        #expect(backoff.failed(random: 0) == 1)
    }
}
