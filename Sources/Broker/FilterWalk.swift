import Base
import Wire

/// Walks to every topic in the tree that a filter matches, as far as messages are retained there: the counterpart of
/// `TopicMatch`. Visits no branch that the filter excludes, and none that has no retained message; needs no memory but
/// the filter's levels, since a node knows its parent and its siblings.
struct FilterWalk {
    private let levels: UnsafeMutablePointer<MatchLevel>
    /// Levels before a final `#`, or all.
    private let fixedCount: Int
    private let endsInHash: Bool
    private var node: Handle<TopicNode>
    private var depth = 0
    private var isStarted = false

    /// `filter` is valid and has at most `maxLevels` levels.
    init(_ filter: ByteView, in tree: borrowing TopicTree) {
        levels = tree.scratch.levels
        var count = 0
        var rest = TopicLevels(filter)
        var endsInHash = false
        while let level = rest.next() {
            precondition(count < tree.scratch.maxLevels)
            levels[count] = MatchLevel(text: level, hash: tree.levelHash(level))
            endsInHash = TopicFilter.isMultiLevelWildcard(level)
            count += 1
        }
        fixedCount = endsInHash ? count - 1 : count
        self.endsInHash = endsInHash
        node = tree.root
    }

    /// The next node that stands for a matching topic, or nil at the end. What is retained may only be further down.
    mutating func next(in tree: borrowing TopicTree) -> Handle<TopicNode>? {
        while true {
            guard isStarted ? advance(in: tree) : start() else { return nil }
            // `a/#` matches `a` itself, so all from the last fixed level on match; but the root is no topic.
            if depth >= fixedCount, depth > 0 { return node }
        }
    }

    private mutating func start() -> Bool {
        isStarted = true
        return true
    }

    /// Goes on to the next node in depth-first order that the filter does not exclude; false at the end.
    private mutating func advance(in tree: borrowing TopicTree) -> Bool {
        if let child = firstChild(in: tree) {
            node = child
            depth += 1
            return true
        }
        while depth > 0 {
            if let sibling = nextSibling(in: tree) {
                node = sibling
                return true
            }
            node = tree[node].pointee.parent
            depth -= 1
        }
        return false
    }

    private func firstChild(in tree: borrowing TopicTree) -> Handle<TopicNode>? {
        guard depth < fixedCount || endsInHash else { return nil }
        if isWildcard(depth) { return matching(tree[node].pointee.firstChild, in: tree) }
        guard let child = tree.child(of: node, levels[depth].text, hash: levels[depth].hash),
            tree[child].pointee.hasRetained
        else { return nil }
        return child
    }

    /// Only a wildcard has more than one way at a level.
    private func nextSibling(in tree: borrowing TopicTree) -> Handle<TopicNode>? {
        isWildcard(depth - 1) ? matching(tree[node].pointee.nextSibling, in: tree) : nil
    }

    /// Everything below a final `#` is matched like `+`.
    private func isWildcard(_ level: Int) -> Bool {
        level >= fixedCount || TopicFilter.isSingleLevelWildcard(levels[level].text)
    }

    /// The first from `handle` on that has retained messages and that a wildcard at its level matches: at the top none
    /// with `$` [MQTT-4.7.2-1]. Only names have any, and those that have stand in front.
    private func matching(_ handle: Handle<TopicNode>, in tree: borrowing TopicTree) -> Handle<TopicNode>? {
        var handle = handle
        while handle.isSome, tree[handle].pointee.hasRetained {
            let isTop = tree[handle].pointee.parent == tree.root
            if !isTop || !tree.nameIsReserved(handle) { return handle }
            handle = tree[handle].pointee.nextSibling
        }
        return nil
    }
}
