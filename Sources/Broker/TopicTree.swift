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
    // Three bytes that would be empty otherwise: there are fewer nodes than they can count.
    private var retainedHigh: UInt8 = 0
    private var retainedLow: UInt16 = 0
    /// The children for the two wildcards, which every walk asks for.
    var plus: Handle<TopicNode> = .none
    var hash: Handle<TopicNode> = .none
    /// All children, wildcards too: first those with retained messages at or below them.
    var firstChild: Handle<TopicNode> = .none
    var nextSibling: Handle<TopicNode> = .none
    /// The first child's is the last child.
    var previousSibling: Handle<TopicNode> = .none
    /// Those whose filter ends here.
    var firstSubscription: Handle<Subscription> = .none
    /// The retained message of the topic that ends here.
    var retained: Handle<Message> = .none

    enum Kind: UInt8 { case root, name, plus, hash }

    init(parent: Handle<TopicNode>, name: Stored, nameHash: UInt32, kind: Kind) {
        self.parent = parent
        self.name = name
        self.nameHash = nameHash
        self.kind = kind
    }

    /// Retained messages of this topic and of all below it.
    fileprivate(set) var retainedCount: UInt32 {
        get { UInt32(retainedHigh) << 16 | UInt32(retainedLow) }
        set {
            retainedHigh = UInt8(newValue >> 16)
            retainedLow = UInt16(truncatingIfNeeded: newValue)
        }
    }
    var hasRetained: Bool { retainedHigh != 0 || retainedLow != 0 }
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

    /// Sets the retained message of the topic that ends at `handle`, or takes it away; the message itself is the
    /// caller's.
    func setRetained(_ handle: Handle<TopicNode>, _ message: Handle<Message>) {
        let had = pool[handle].pointee.retained.isSome
        pool[handle].pointee.retained = message
        guard message.isSome != had else { return }
        var handle = handle
        while handle != root {
            let node = pool[handle]
            if had { node.pointee.retainedCount -= 1 } else { node.pointee.retainedCount += 1 }
            // Walks over retained messages end at the first sibling that has none.
            if node.pointee.retainedCount == (had ? 0 : 1) {
                removeSibling(handle, below: node.pointee.parent)
                link(handle, below: node.pointee.parent, isFirst: !had)
            }
            handle = node.pointee.parent
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
        link(handle, below: parent, isFirst: false)
        return handle
    }

    private mutating func unlink(_ handle: Handle<TopicNode>, from parent: Handle<TopicNode>) {
        switch pool[handle].pointee.kind {
        case .plus: pool[parent].pointee.plus = .none
        case .hash: pool[parent].pointee.hash = .none
        case .name: removeFromBucket(handle)
        case .root: preconditionFailure("the root stays")
        }
        removeSibling(handle, below: parent)
    }

    private func link(_ handle: Handle<TopicNode>, below parent: Handle<TopicNode>, isFirst: Bool) {
        let first = pool[parent].pointee.firstChild
        if first.isNone {
            pool[handle].pointee.previousSibling = handle
            pool[parent].pointee.firstChild = handle
            return
        }
        let last = pool[first].pointee.previousSibling
        pool[first].pointee.previousSibling = handle
        pool[handle].pointee.previousSibling = last
        if isFirst {
            pool[handle].pointee.nextSibling = first
            pool[parent].pointee.firstChild = handle
        } else {
            pool[last].pointee.nextSibling = handle
        }
    }

    private func removeSibling(_ handle: Handle<TopicNode>, below parent: Handle<TopicNode>) {
        let (previous, next) = (pool[handle].pointee.previousSibling, pool[handle].pointee.nextSibling)
        let first = pool[parent].pointee.firstChild
        if handle == first {
            pool[parent].pointee.firstChild = next
        } else {
            pool[previous].pointee.nextSibling = next
        }
        // Behind the last comes nobody, but the first knows who is the last.
        let follower = next.isSome ? next : first
        pool[follower].pointee.previousSibling = previous
        pool[handle].pointee.nextSibling = .none
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
