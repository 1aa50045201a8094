import Base
@testable import Bridge
import Testing
import Wire

/// What two filters have in common.
struct FilterOverlapTests {
    private func overlap(_ a: String, _ b: String) -> String? {
        let space = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
        defer { space.deallocate() }
        return a.withBytes { a in
            b.withBytes { b in
                FilterOverlap.of(a, b, at: space).map {
                    String(decoding: UnsafeBufferPointer(start: $0.start, count: $0.count), as: UTF8.self)
                }
            }
        }
    }

    @Test(arguments: [
        ("#", "a/b", "a/b"), ("a/#", "a", "a"), ("a/#", "+", "a"), ("a/#", "+/b/#", "a/b/#"), ("+/b", "a/+", "a/b"),
        ("a/#", "a/#", "a/#"), ("/#", "/", "/"), ("#", "/a", "/a"),
    ])
    func `Two filters share a filter`(a: String, b: String, expected: String) {
        #expect(overlap(a, b) == expected)
        #expect(overlap(b, a) == expected)
    }

    @Test(arguments: [
        ("a", "b"), ("a/#", "b/#"), ("+", "a/b"), ("#", "$SYS/#"), ("+/a", "$x/a"), ("a", "a/"), ("/#", "+"),
    ])
    func `Others share nothing`(a: String, b: String) {
        #expect(overlap(a, b) == nil)
        #expect(overlap(b, a) == nil)
    }

    /// Every filter and topic of an alphabet in which each rule of matching has its turn.
    @Test func `A topic matches what two filters share where it matches both`() {
        let filters = Topics.all(["a", "$b", "", "+", "#"], upTo: 3).filter { filter in
            filter.withBytes { TopicFilter.check($0) == nil }
        }
        // One level more than the filters have, and a name that stands in none of them.
        let topics = Topics.all(["a", "$b", "", "c"], upTo: 4)
        let matching = filters.map { filter in topics.map { Topics.matches(filter, $0) } }
        #expect(filters.count > 90 && topics.count > 300)
        for (i, a) in filters.enumerated() {
            for (j, b) in filters.enumerated() {
                let both = zip(matching[i], matching[j]).map { $0 && $1 }
                let shared = overlap(a, b)
                guard let shared else {
                    if both.contains(true) { fail("\(a) and \(b) share something") }
                    continue
                }
                // It has no levels but theirs.
                let known = filters.firstIndex(of: shared).map { matching[$0] }
                if known != both { fail("\(a) and \(b) do not share \(shared)") }
                if !both.contains(true) { fail("\(a) and \(b) share nothing, not \(shared)") }
            }
        }
    }
}
