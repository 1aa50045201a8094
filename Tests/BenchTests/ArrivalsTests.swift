import Bench
import Testing

/// What is said of the order in which messages come.
struct ArrivalsTests {
    private func arrivals(_ numbers: [UInt32]) -> [Arrivals.Arrival] {
        var arrivals = Arrivals()
        return numbers.map { arrivals.take($0) }
    }

    @Test func `Messages that come one after the other are in order`() {
        #expect(arrivals([0, 1, 2, 3]) == [.inOrder, .inOrder, .inOrder, .inOrder])
    }

    @Test func `What comes twice is told`() {
        #expect(arrivals([0, 0, 1, 2, 1]) == [.inOrder, .again, .inOrder, .inOrder, .again])
    }

    @Test func `What is left out does not make others late`() {
        #expect(arrivals([1, 3, 5]) == [.inOrder, .inOrder, .inOrder])
    }

    @Test func `What comes behind a later one is late, and then doubled`() {
        #expect(arrivals([0, 2, 1, 1, 2, 3]) == [.inOrder, .inOrder, .late, .again, .again, .inOrder])
    }

    @Test func `Far back, as many are late as were missed`() {
        var arrivals = Arrivals()
        #expect(arrivals.take(1) == .inOrder)
        for number in 2...UInt32(100) { #expect(arrivals.take(number) == .inOrder) }
        #expect(arrivals.take(0) == .late)
        #expect(arrivals.take(0) == .again)
        #expect(arrivals.take(90) == .again)
    }

    @Test(arguments: [UInt32(30), 31, 32, 33, 1000])
    func `A gap of any width is remembered`(width: UInt32) {
        var arrivals = Arrivals()
        #expect(arrivals.take(0) == .inOrder)
        #expect(arrivals.take(width + 1) == .inOrder)
        #expect(arrivals.take(width) == .late)
        #expect(arrivals.take(width) == .again)
        #expect(arrivals.take(width + 1) == .again)
    }
}
