import Base
import Wire

/// What two filters have in common, which is a filter, too.
enum FilterOverlap {
    /// The filter of the topics that `a` and `b` both match; nil if there are none. Both are valid. It is made at
    /// `target`, which has room for both and one byte.
    @inline(never)
    static func of(_ a: ByteView, _ b: ByteView, at target: UnsafeMutablePointer<UInt8>) -> ByteView? {
        // [MQTT-4.7.2-1]
        if TopicName.isReserved(a), beginsWithWildcard(b) { return nil }
        if TopicName.isReserved(b), beginsWithWildcard(a) { return nil }
        // With a slash behind each level.
        var filter = ByteWriter(target, capacity: a.count + b.count + 1)
        var ofA = TopicLevels(a)
        var ofB = TopicLevels(b)
        while true {
            let (x, y) = (next(&ofA), next(&ofB))
            // `#` matches whatever follows, and the level above it, too, where nothing does [MQTT 3.1.1 §4.7.1.2].
            if let x, TopicFilter.isMultiLevelWildcard(x) { return finish(&filter, y, &ofB) }
            if let y, TopicFilter.isMultiLevelWildcard(y) { return finish(&filter, x, &ofA) }
            guard let x, let y else { return x == nil && y == nil ? finish(&filter, nil, &ofA) : nil }
            let isFree = TopicFilter.isSingleLevelWildcard(x)
            guard isFree || TopicFilter.isSingleLevelWildcard(y) || x.equals(y) else { return nil }
            append(isFree ? y : x, to: &filter)
        }
    }

    /// Adds a level and all that follow it. Nothing is left of `/#` and `+`, which have but the empty topic in common.
    private static func finish(_ filter: inout ByteWriter, _ level: ByteView?, _ rest: inout TopicLevels) -> ByteView? {
        var following = level
        while let level = following {
            append(level, to: &filter)
            following = next(&rest)
        }
        return filter.count > 1 ? filter.written.slice(0, filter.count - 1) : nil
    }

    // Not inlined: a copy at each place would be more than all the rest.
    @inline(never) private static func next(_ levels: inout TopicLevels) -> ByteView? { levels.next() }

    @inline(never) private static func append(_ level: ByteView, to filter: inout ByteWriter) {
        filter.bytes(level)
        filter.byte(UInt8(ascii: "/"))
    }

    private static func beginsWithWildcard(_ filter: ByteView) -> Bool {
        filter[0] == UInt8(ascii: "+") || filter[0] == UInt8(ascii: "#")
    }
}
