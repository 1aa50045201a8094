import Base
import TestSupport
import Testing
import Wire

@testable import Bench

/// Who publishes and who gets what.
struct WorkloadTests {
    static func workload(
        _ publishers: Int, _ subscribers: Int, _ topics: Int, filters: Int = 0, messages: Int = 7
    ) -> Workload {
        var workload = Workload()
        (workload.publishers, workload.subscribers, workload.topics) = (publishers, subscribers, topics)
        (workload.filters, workload.messages) = (filters, messages)
        return workload
    }

    /// Every small one, and some that are not.
    static var all: [Workload] {
        var all = [
            workload(100, 1, 1), workload(1, 100, 1), workload(10, 10, 10), workload(10, 10, 1000, messages: 300),
        ]
        for publishers in 1...4 {
            for subscribers in 1...4 {
                for topics in 1...5 {
                    for filters in [0, 1, 2, 4, 7] {
                        all.append(workload(publishers, subscribers, topics, filters: filters))
                    }
                }
            }
        }
        return all
    }

    /// The topics that a subscriber is to get, by what it subscribes to.
    private func subscribed(_ w: Workload, _ j: Int) -> [Int] {
        let held = (0..<w.filters(ofSubscriber: j)).map { w.subscription($0, ofSubscriber: j) }
        guard w.filters > 0 else { return held }
        return (0..<w.topics).filter { held.contains(w.filterNumber(ofTopic: $0)) }
    }

    @Test func `Publishers go round their topics, which have all of them`() {
        for w in WorkloadTests.all {
            var reached = Set<Int>()
            for i in 0..<w.publishers {
                let round = (0..<w.topics(ofPublisher: i)).map { w.topic(publisher: i, message: $0) }
                #expect(Set(round).count == round.count)
                #expect(round.allSatisfy { $0 >= 0 && $0 < w.topics && ($0 - i) % min(w.publishers, w.topics) == 0 })
                #expect(w.topic(publisher: i, message: round.count) == round[0])
                reached.formUnion(round)
            }
            #expect(reached == Set(0..<w.topics))
        }
    }

    @Test func `The messages of a stream are numbered one after the other`() {
        for w in WorkloadTests.all {
            var next: [Int: Int] = [:]
            for i in 0..<w.publishers {
                for message in 0..<20 {
                    let stream = w.stream(publisher: i, topic: w.topic(publisher: i, message: message))
                    #expect(stream < w.streams)
                    #expect(w.number(publisher: i, message: message) == next[stream, default: 0])
                    next[stream, default: 0] += 1
                }
            }
        }
    }

    @Test func `A subscriber is to have what it subscribes to, and each pair has a number of its own`() {
        for w in WorkloadTests.all {
            var pairs: [Int: String] = [:]
            for j in 0..<w.subscribers {
                let subscribed = Set(subscribed(w, j))
                for i in 0..<w.publishers {
                    for message in 0..<w.topics(ofPublisher: i) {
                        let topic = w.topic(publisher: i, message: message)
                        let pair = w.pair(publisher: i, topic: topic, subscriber: j)
                        #expect((pair != nil) == subscribed.contains(topic))
                        guard let pair else { continue }
                        #expect(pair >= 0 && pair < w.pairs)
                        #expect(pairs.updateValue("\(i) \(topic) \(j)", forKey: pair) == nil)
                    }
                }
            }
        }
    }

    @Test func `As many are delivered as messages find subscribers`() throws {
        for w in WorkloadTests.all {
            var delivered = 0
            for i in 0..<w.publishers {
                for message in 0..<w.messages {
                    let topic = w.topic(publisher: i, message: message)
                    let receivers = (0..<w.subscribers).filter { subscribed(w, $0).contains(topic) }.count
                    #expect(receivers == w.receivers(ofTopic: topic))
                    delivered += receivers
                }
            }
            let totals = try #require(w.totals)
            #expect(totals.sent == w.publishers * w.messages)
            #expect(totals.delivered == delivered)
        }
    }

    private func text(_ write: (inout ByteWriter) -> Void) -> String {
        var space = [UInt8](repeating: 0, count: 256)
        return space.withUnsafeMutableBufferPointer { buffer in
            var writer = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
            write(&writer)
            return writer.written.text
        }
    }

    private func matches(_ filter: String, _ topic: String) -> Bool {
        var (filter, topic) = (filter, topic)
        return filter.withUTF8 { f in
            topic.withUTF8 { t in
                TopicFilter.matches(ByteView(f.baseAddress!, f.count), ByteView(t.baseAddress!, t.count))
            }
        }
    }

    @Test func `A topic is matched by the one filter that it is meant for`() {
        for (topics, filters) in [(30, 30), (30, 7), (7, 30), (1, 20), (20, 1), (13, 13)] {
            let w = WorkloadTests.workload(1, 3, topics, filters: filters)
            let words = TopicText(w)
            let all = (0..<filters).map { n in text { words.writeFilter(n, to: &$0) } }
            #expect(Set(all).count == filters)
            var seen = Set<String>()
            for topic in 0..<topics {
                let name = text { words.writeTopic(topic, to: &$0) }
                #expect(seen.insert(name).inserted)
                #expect(all.indices.filter { matches(all[$0], name) } == [w.filterNumber(ofTopic: topic)])
            }
        }
    }

    @Test func `What is unrelated is matched by nothing`() {
        let w = WorkloadTests.workload(1, 1, 5, filters: 5)
        let words = TopicText(w)
        let unrelated = [
            text { words.writeUnrelatedFilter(3, to: &$0) }, text { words.writeSessionFilter(3, to: &$0) },
        ]
        #expect(unrelated == ["bench-unrelated/3/+", "bench-other/3/+"])
        let names = (0..<5).map { topic in text { words.writeTopic(topic, to: &$0) } }
            + [text { words.writeUnrelatedRetained(3, to: &$0) }, text { words.writeRetained(3, to: &$0) }]
        for filter in unrelated { #expect(names.filter { matches(filter, $0) } == []) }
        let all = text { words.writeAll(to: &$0) }
        #expect(!matches(all, text { words.writeUnrelatedRetained(3, to: &$0) }))
        #expect(matches(all, text { words.writeRetained(3, to: &$0) }))
    }

    @Test func `The table has what a message begins with`() {
        var w = WorkloadTests.workload(1, 1, 12)
        w.qos = .atLeastOnce
        w.payload = 200
        withArena { arena in
            let table = TopicTable(&arena, w)
            #expect(table.head(11).array == hex("32 D4 01 00 08 'bench/11'"))
            #expect(table.text(11).text == "bench/11")
            #expect(table.text(3).text == "bench/3")
        }
    }

    @Test func `More than can be counted is refused`() {
        #expect(WorkloadTests.workload(100_000, 1, 1, messages: 100_000).totals == nil)
        #expect(WorkloadTests.workload(1000, 100_000, 1, messages: 1000).totals == nil)
        #expect(WorkloadTests.workload(1000, 1000, 1, messages: 1000).totals != nil)
    }

    @Test func `Other kinds of run have no publishers`() throws {
        var w = WorkloadTests.workload(3, 4, 5)
        w.retained = 10
        #expect(w.trimmed.publishers == 0)
        #expect(try #require(w.trimmed.totals).delivered == 40)
        w.retained = 0
        w.connects = 9
        #expect(w.trimmed.subscribers == 0)
        #expect(try #require(w.trimmed.totals) == (9, 9))
    }
}
