import Base
import TestSupport
import Testing
import Wire

@testable import Broker

/// What the tree knows of retained messages, against an oracle that looks at every node.
struct TopicTreeTests {
    private static let names = ["a", "b", "", "$x", "longer than one slab of text"]

    private func withTree(_ body: (inout TopicTree) -> Void) {
        withArena { arena in
            var tree = TopicTree(
                &arena, maxNodes: 2000, maxLevels: 8, maxTopicBytes: 200, hash: KeyedHash(key0: 1, key1: 2))
            arena.freeze()
            body(&tree)
        }
    }

    /// Retained messages at or below a node, counted one by one; nil when something below it is wrong.
    private func counted(_ tree: borrowing TopicTree, _ handle: Handle<TopicNode>) -> UInt32? {
        var count: UInt32 = tree[handle].pointee.retained.isSome ? 1 : 0
        var child = tree[handle].pointee.firstChild
        var last = Handle<TopicNode>.none
        var hasEnded = false
        while child.isSome {
            guard let below = counted(tree, child), tree[child].pointee.parent == handle else { return nil }
            guard below == tree[child].pointee.retainedCount else { return nil }
            // Those that have none come last.
            if hasEnded, below > 0 { return nil }
            hasEnded = below == 0
            if last.isSome, tree[child].pointee.previousSibling != last { return nil }
            last = child
            count += below
            child = tree[child].pointee.nextSibling
        }
        let first = tree[handle].pointee.firstChild
        return first.isNone || tree[first].pointee.previousSibling == last ? count : nil
    }

    private func walk(_ tree: borrowing TopicTree, _ filter: String) -> [UInt32] {
        withView(filter) { filter in
            var found: [UInt32] = []
            var walk = FilterWalk(filter, in: tree)
            while let node = walk.next(in: tree) {
                if tree[node].pointee.retained.isSome { found.append(tree[node].pointee.retained.raw) }
            }
            return found.sorted()
        }
    }

    private func matches(_ filter: String, _ name: String) -> Bool {
        withView(filter) { filter in withView(name) { TopicFilter.matches(filter, $0) } }
    }

    @Test(arguments: seeds)
    func `Every node knows how many messages are retained at or below it`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func randomTopic(_ levels: [String]) -> String {
            (0...random.below(4)).map { _ in random.pick(levels) }.joined(separator: "/")
        }
        withTree { tree in
            var retained: [String: UInt32] = [:]
            var subscribed: Set<String> = []
            for round in 1...UInt32(2000) {
                let isFilter = random.chance(30)
                let topic = randomTopic(TopicTreeTests.names + (isFilter ? ["+"] : []))
                guard !topic.isEmpty else { continue }
                if isFilter {
                    let isNew = subscribed.insert(topic).inserted
                    if !isNew { subscribed.remove(topic) }
                    let node = withView(topic) { tree.insert($0)! }
                    tree[node].pointee.firstSubscription = Handle(raw: isNew ? round : 0)
                    tree.prune(node)
                } else if random.chance(45) {
                    retained[topic] = nil
                    if let node = withView(topic, { tree.find($0) }) {
                        tree.setRetained(node, .none)
                        tree.prune(node)
                    }
                } else {
                    retained[topic] = round
                    tree.setRetained(withView(topic) { tree.insert($0)! }, Handle(raw: round))
                }
                guard counted(tree, tree.root) == UInt32(retained.count) else { return fail("round \(round)") }
                var filter = randomTopic(TopicTreeTests.names + ["+", "+"])
                if random.chance(40) { filter = filter.isEmpty ? "#" : filter + "/#" }
                guard !filter.isEmpty else { continue }
                let expected = retained.filter { matches(filter, $0.key) }.map(\.value).sorted()
                guard walk(tree, filter) == expected else { return fail("\(filter), \(round)") }
            }
            for topic in subscribed.union(retained.keys) {
                let node = withView(topic) { tree.find($0)! }
                tree.setRetained(node, .none)
                tree[node].pointee.firstSubscription = .none
                tree.prune(node)
            }
            #expect(tree.inUse == 0)
        }
    }

    /// Whoever went on to a sibling of those that are cut off here would trap.
    @Test(arguments: ["f/+/x", "f/#", "#", "+/+/x", "f/0/x"])
    func `A walk ends at the first sibling below which nothing is retained`(filter: String) {
        withTree { tree in
            for i in 0..<500 {
                let node = withView("f/\(i)/+") { tree.insert($0)! }
                tree[node].pointee.firstSubscription = Handle(raw: 1)
            }
            for i in [0, 250, 499] { tree.setRetained(withView("f/\(i)/x") { tree.insert($0)! }, Handle(raw: 7)) }
            let parent = withView("f") { tree.find($0)! }
            var child = tree[parent].pointee.firstChild
            for _ in 0..<3 { child = tree[child].pointee.nextSibling }
            #expect(tree[child].pointee.hasRetained == false)
            tree[child].pointee.nextSibling = Handle(raw: 0xFFF0_0001)
            #expect(walk(tree, filter).count == (filter == "f/0/x" ? 1 : 3))
        }
    }

    @Test func `Counting takes no memory`() {
        #expect(MemoryLayout<TopicNode>.size == 13 * 4)
    }
}
