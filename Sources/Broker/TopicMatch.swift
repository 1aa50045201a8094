import Base
import Wire

/// One level of the topic being matched.
struct MatchLevel {
    var text: ByteView
    var hash: UInt32
}

/// A node to go on from, with so many levels of the topic behind it.
struct MatchBranch {
    var node: Handle<TopicNode>
    var depth: Int
}

/// Working memory for one walk.
struct MatchScratch {
    let levels: UnsafeMutablePointer<MatchLevel>
    /// At each level a walk puts off at most one branch (the `+` child) before it goes on, so levels + 1 suffice.
    let branches: UnsafeMutablePointer<MatchBranch>
    let maxLevels: Int

    init(_ arena: inout Arena, maxLevels: Int) {
        self.maxLevels = maxLevels
        levels = arena.carve("match levels", key: "max_topic_levels", count: maxLevels, of: MatchLevel.self)
        branches = arena.carve("match branches", key: "max_topic_levels", count: maxLevels + 1, of: MatchBranch.self)
    }
}

/// Walks from the root to every node whose filter matches a topic name [MQTT 3.1.1 §4.7]. Each level is hashed once.
///
/// Bounded by the number of nodes whose filters match a beginning of the topic.
struct TopicMatch {
    private let scratch: MatchScratch
    private let levelCount: Int
    private let isReserved: Bool
    private var branchCount = 0
    /// The `#` child of a node that was passed: matches the node itself and all below [MQTT 3.1.1 §4.7.1.2].
    private var pending: Handle<TopicNode> = .none

    /// `topic` is valid and has at most `maxLevels` levels.
    init(_ topic: ByteView, in tree: borrowing TopicTree) {
        scratch = tree.scratch
        isReserved = TopicName.isReserved(topic)
        var count = 0
        var levels = TopicLevels(topic)
        while let level = levels.next() {
            precondition(count < scratch.maxLevels)
            scratch.levels[count] = MatchLevel(text: level, hash: tree.levelHash(level))
            count += 1
        }
        levelCount = count
        push(tree.root, depth: 0)
    }

    /// The next node with subscriptions, or nil at the end.
    mutating func next(in tree: borrowing TopicTree) -> Handle<TopicNode>? {
        while true {
            if pending.isSome {
                let found = pending
                pending = .none
                if tree[found].pointee.firstSubscription.isSome { return found }
            }
            guard branchCount > 0 else { return nil }
            branchCount -= 1
            let branch = scratch.branches[branchCount]
            let node = tree[branch.node]
            // [MQTT-4.7.2-1] Only at the first level does `$` hide a topic from wildcards.
            let wildcardsApply = branch.depth > 0 || !isReserved
            if wildcardsApply { pending = node.pointee.hash }
            if branch.depth == levelCount {
                if node.pointee.firstSubscription.isSome { return branch.node }
                continue
            }
            if wildcardsApply, node.pointee.plus.isSome { push(node.pointee.plus, depth: branch.depth + 1) }
            let level = scratch.levels[branch.depth]
            if let child = tree.child(of: branch.node, level.text, hash: level.hash) {
                push(child, depth: branch.depth + 1)
            }
        }
    }

    private mutating func push(_ node: Handle<TopicNode>, depth: Int) {
        precondition(branchCount <= scratch.maxLevels)
        scratch.branches[branchCount] = MatchBranch(node: node, depth: depth)
        branchCount += 1
    }
}
