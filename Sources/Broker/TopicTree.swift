import Base
import Wire

/// One level of one or more filters, or of the topics of retained messages. `a/+/b` is three nodes below the root.
public struct TopicNode {
    let parent: Handle<TopicNode>
    /// The next node in the same bucket of the table.
    var nextInBucket: Handle<TopicNode> = .none
    /// The level's text; for `+` and `#` too.
    let name: Stored
    /// `levelHash` of the text.
    let nameHash: UInt32
    let kind: Kind
    /// The children for the two wildcards, which every walk asks for.
    var plus: Handle<TopicNode> = .none
    var hash: Handle<TopicNode> = .none
    /// All children, wildcards too, in no order.
    var firstChild: Handle<TopicNode> = .none
    var nextSibling: Handle<TopicNode> = .none
    var previousSibling: Handle<TopicNode> = .none
    /// Those whose filter ends here.
    var firstSubscription: Handle<Subscription> = .none
    /// The retained message of the topic that ends here.
    var retained: Handle<Message> = .none

    enum Kind: UInt8 { case root, name, plus, hash }
}

/// All filters that somebody subscribed to, and the topics of all retained messages. Children are found in one table
/// for the whole tree, by parent and name, so a walk costs the same however many there are.
struct TopicTree: ~Copyable {
    private var pool: Pool<TopicNode>
    private var texts: Slabs
    private let buckets: UnsafeMutablePointer<Handle<TopicNode>>
    private let bucketMask: UInt32
    private let key: KeyedHash
    let root: Handle<TopicNode>
    /// Room for one topic's levels and for the branches a walk has put off.
    let scratch: MatchScratch

    /// One slab holds most levels.
    private static var textBytes: Int { 24 }

    init(_ arena: inout Arena, maxNodes: Int, maxLevels: Int, maxTopicBytes: Int, hash: KeyedHash) {
        // One more for the root.
        pool = Pool(&arena, "topic nodes", key: "max_topic_nodes", count: maxNodes + 1)
        // One slab a node, and one topic as long as allowed.
        texts = Slabs(
            &arena, "topic names", key: "max_topic_nodes",
            count: maxNodes + (maxTopicBytes + TopicTree.textBytes - 1) / TopicTree.textBytes,
            bytes: TopicTree.textBytes)
        let count = powerOfTwo(atLeast: maxNodes)
        buckets = arena.carve("topic buckets", key: "max_topic_nodes", count: count, of: Handle<TopicNode>.self)
        bucketMask = UInt32(count - 1)
        key = hash
        scratch = MatchScratch(&arena, maxLevels: maxLevels)
        if arena.isMeasuring {
            root = .none
        } else {
            guard let root = pool.take(TopicNode(parent: .none, name: .empty, nameHash: 0, kind: .root)) else {
                preconditionFailure("the first of several nodes")
            }
            self.root = root
        }
    }

    /// Without the root, which is nobody's.
    var use: PoolUse { pool.use("topic-nodes").without(1) }
    var textUse: PoolUse { texts.use("topic-names") }

    /// Nodes besides the root.
    var inUse: Int { pool.inUse - 1 }

    subscript(_ handle: Handle<TopicNode>) -> UnsafeMutablePointer<TopicNode> { pool[handle] }

    /// The level's text begins with `$`.
    func nameIsReserved(_ handle: Handle<TopicNode>) -> Bool {
        var reader = ChainReader(pool[handle].pointee.name)
        guard let run = reader.next(in: texts, limit: 1) else { return false }
        return TopicName.isReserved(run)
    }

    func levelHash(_ level: ByteView) -> UInt32 { key.hash(level) }

    /// The child of `parent` for a level that is no wildcard; `hash` is its `levelHash`.
    func child(of parent: Handle<TopicNode>, _ level: ByteView, hash: UInt32) -> Handle<TopicNode>? {
        var handle = buckets[bucket(parent, hash)]
        while handle.isSome {
            let node = pool[handle]
            if node.pointee.nameHash == hash, node.pointee.parent == parent, texts.equals(node.pointee.name, level) {
                return handle
            }
            handle = node.pointee.nextInBucket
        }
        return nil
    }

    /// The node where `filter` ends, or nil when there is none.
    func find(_ filter: ByteView) -> Handle<TopicNode>? {
        var node = root
        var levels = TopicLevels(filter)
        while let level = levels.next() {
            guard let next = existing(node, level) else { return nil }
            node = next
        }
        return node
    }

    /// The node where `filter` ends, made if need be; nil when the nodes do not suffice, and then nothing is left.
    mutating func insert(_ filter: ByteView) -> Handle<TopicNode>? {
        var node = root
        var levels = TopicLevels(filter)
        while let level = levels.next() {
            guard let next = existing(node, level) ?? make(level, below: node) else {
                prune(node)
                return nil
            }
            node = next
        }
        return node
    }

    /// Removes `handle` and what is above it, as far as nobody needs it.
    mutating func prune(_ handle: Handle<TopicNode>) {
        var handle = handle
        while handle != root {
            let node = pool[handle]
            guard node.pointee.firstChild.isNone, node.pointee.firstSubscription.isNone, node.pointee.retained.isNone
            else { return }
            let parent = node.pointee.parent
            unlink(handle, from: parent)
            texts.free(node.pointee.name)
            pool.give(handle)
            handle = parent
        }
    }

    private func existing(_ parent: Handle<TopicNode>, _ level: ByteView) -> Handle<TopicNode>? {
        let node = pool[parent]
        if TopicFilter.isSingleLevelWildcard(level) { return node.pointee.plus.isSome ? node.pointee.plus : nil }
        if TopicFilter.isMultiLevelWildcard(level) { return node.pointee.hash.isSome ? node.pointee.hash : nil }
        return child(of: parent, level, hash: levelHash(level))
    }

    private mutating func make(_ level: ByteView, below parent: Handle<TopicNode>) -> Handle<TopicNode>? {
        let kind: TopicNode.Kind = TopicFilter.isSingleLevelWildcard(level) ? .plus
            : TopicFilter.isMultiLevelWildcard(level) ? .hash : .name
        let hash = levelHash(level)
        guard let name = texts.store(level) else { return nil }
        guard let handle = pool.take(TopicNode(parent: parent, name: name, nameHash: hash, kind: kind)) else {
            texts.free(name)
            return nil
        }
        switch kind {
        case .plus: pool[parent].pointee.plus = handle
        case .hash: pool[parent].pointee.hash = handle
        case .name:
            let bucket = bucket(parent, hash)
            pool[handle].pointee.nextInBucket = buckets[bucket]
            buckets[bucket] = handle
        case .root: preconditionFailure("there is one root")
        }
        link(handle, below: parent)
        return handle
    }

    private mutating func unlink(_ handle: Handle<TopicNode>, from parent: Handle<TopicNode>) {
        switch pool[handle].pointee.kind {
        case .plus: pool[parent].pointee.plus = .none
        case .hash: pool[parent].pointee.hash = .none
        case .name: removeFromBucket(handle)
        case .root: preconditionFailure("the root stays")
        }
        let (previous, next) = (pool[handle].pointee.previousSibling, pool[handle].pointee.nextSibling)
        if previous.isSome {
            pool[previous].pointee.nextSibling = next
        } else {
            pool[parent].pointee.firstChild = next
        }
        if next.isSome { pool[next].pointee.previousSibling = previous }
    }

    private func link(_ handle: Handle<TopicNode>, below parent: Handle<TopicNode>) {
        let first = pool[parent].pointee.firstChild
        pool[handle].pointee.nextSibling = first
        if first.isSome { pool[first].pointee.previousSibling = handle }
        pool[parent].pointee.firstChild = handle
    }

    private func removeFromBucket(_ handle: Handle<TopicNode>) {
        let node = pool[handle]
        let bucket = bucket(node.pointee.parent, node.pointee.nameHash)
        if buckets[bucket] == handle {
            buckets[bucket] = node.pointee.nextInBucket
            return
        }
        var before = pool[buckets[bucket]]
        while before.pointee.nextInBucket != handle { before = pool[before.pointee.nextInBucket] }
        before.pointee.nextInBucket = node.pointee.nextInBucket
    }

    /// The key is in `hash` already; the parent only has to spread equal names.
    private func bucket(_ parent: Handle<TopicNode>, _ hash: UInt32) -> Int {
        let mixed = (hash ^ parent.raw &* 0x9E37_79B1) &* 0x85EB_CA6B
        return Int((mixed ^ mixed >> 15) & bucketMask)
    }
}
