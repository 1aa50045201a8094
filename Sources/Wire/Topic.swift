import Base

/// Bytes with a meaning in topics [MQTT 3.1.1 §4.7.1].
enum TopicByte {
    static var slash: UInt8 { UInt8(ascii: "/") }
    static var plus: UInt8 { UInt8(ascii: "+") }
    static var hash: UInt8 { UInt8(ascii: "#") }
    static var dollar: UInt8 { UInt8(ascii: "$") }
}

/// The name a message is published under.
public enum TopicName {
    /// At least one character, no wildcards, text as `UTF8Text` demands [MQTT-3.3.2-1, MQTT-3.3.2-2, MQTT-4.7.3-1].
    public static func check(_ name: ByteView) -> CloseReason? {
        guard UTF8Text.isValid(name) else { return .badUTF8 }
        guard !name.isEmpty else { return .badTopicName }
        var i = 0
        while i < name.count {
            if name.start[i] == TopicByte.plus || name.start[i] == TopicByte.hash { return .badTopicName }
            i += 1
        }
        return nil
    }

    /// Whether `text` has a slash or a wildcard.
    public static func hasSpecial(_ text: ByteView) -> Bool {
        var i = 0
        while i < text.count {
            let byte = text.start[i]
            if byte == TopicByte.slash || byte == TopicByte.plus || byte == TopicByte.hash { return true }
            i += 1
        }
        return false
    }

    /// Names that begin with `$` are not reached by filters that begin with a wildcard [MQTT-4.7.2-1].
    public static func isReserved(_ name: ByteView) -> Bool { !name.isEmpty && name[0] == TopicByte.dollar }
}

/// What a subscriber asks for.
public enum TopicFilter {
    /// `+` fills its level; `#` fills the last one [MQTT-4.7.1-2, MQTT-4.7.1-3]; otherwise the rules of topic names.
    public static func check(_ filter: ByteView) -> CloseReason? {
        guard UTF8Text.isValid(filter) else { return .badUTF8 }
        guard !filter.isEmpty else { return .badTopicFilter }
        var levels = TopicLevels(filter)
        while let level = levels.next() {
            var i = 0
            while i < level.count {
                let isWildcard = level.start[i] == TopicByte.plus || level.start[i] == TopicByte.hash
                if isWildcard, level.count > 1 { return .badTopicFilter }
                if level.start[i] == TopicByte.hash, !levels.isAtEnd { return .badTopicFilter }
                i += 1
            }
        }
        return nil
    }

    /// Whether `filter` matches `name`, both valid. Level by level, as the standard tells it; `TopicTree` answers the
    /// same for all filters at once.
    public static func matches(_ filter: ByteView, _ name: ByteView) -> Bool {
        if TopicName.isReserved(name), filter[0] == TopicByte.plus || filter[0] == TopicByte.hash { return false }
        return levelsMatch(filter, name)
    }

    /// The same for what stands behind a common prefix: a `$` there hides nothing.
    public static func levelsMatch(_ filter: ByteView, _ name: ByteView) -> Bool {
        var filterLevels = TopicLevels(filter)
        var nameLevels = TopicLevels(name)
        while let wanted = filterLevels.next() {
            if isMultiLevelWildcard(wanted) { return true }
            guard let level = nameLevels.next() else { return false }
            guard isSingleLevelWildcard(wanted) || wanted.equals(level) else { return false }
        }
        return nameLevels.isAtEnd
    }

    public static func isSingleLevelWildcard(_ level: ByteView) -> Bool {
        level.count == 1 && level[0] == TopicByte.plus
    }

    public static func isMultiLevelWildcard(_ level: ByteView) -> Bool {
        level.count == 1 && level[0] == TopicByte.hash
    }
}

/// The levels of a topic from left to right. A slash separates; two in a row, or one at an end, make an empty level.
public struct TopicLevels {
    private let text: ByteView
    private var position = 0

    public init(_ text: ByteView) { self.text = text }

    /// No level is left.
    public var isAtEnd: Bool { position > text.count }

    public mutating func next() -> ByteView? {
        guard !isAtEnd else { return nil }
        var end = position
        while end < text.count, text.start[end] != TopicByte.slash { end += 1 }
        let level = text.slice(position, end)
        position = end + 1
        return level
    }

    /// How many levels `text` has.
    public static func count(_ text: ByteView) -> Int {
        var count = 1
        var i = 0
        while i < text.count {
            if text.start[i] == TopicByte.slash { count += 1 }
            i += 1
        }
        return count
    }
}
