import Base

/// What crosses a connection of a bridge: a `topic` line. A topic is `localPrefix` and what `pattern` matches here,
/// `remotePrefix` and the same over there. Everything points into the board config.
public struct BridgeTopic {
    public enum Direction: UInt8 {
        case out, `in`, both

        public var sendsOut: Bool { self != .in }
        public var takesIn: Bool { self != .out }
    }

    /// Of the line in the file, from 1.
    public let number: Int
    public let direction: Direction
    public let qos: UInt8
    /// Empty for the one topic that the prefixes are.
    public let pattern: ByteView
    public let localPrefix: ByteView
    public let remotePrefix: ByteView

    public var sendsOut: Bool { direction.sendsOut }
    public var takesIn: Bool { direction.takesIn }

    /// A connection has no more of them: each is compared with every other.
    static var maxCount: Int { 128 }

    /// Reads what follows `topic`; nil when it has another form.
    static func parse(_ value: ByteView, number: Int) -> BridgeTopic? {
        let (pattern, afterPattern) = withoutComment(value).firstWord
        let (way, afterWay) = afterPattern.firstWord
        let (level, afterLevel) = afterWay.firstWord
        let (local, afterLocal) = afterLevel.firstWord
        let (remote, rest) = afterLocal.firstWord
        guard rest.isEmpty, let direction = direction(way) else { return nil }
        guard let qos = level.isEmpty ? 0 : ConfigValue.qos(level) else { return nil }
        return BridgeTopic(
            number: number, direction: direction, qos: qos, pattern: unquoted(pattern), localPrefix: unquoted(local),
            remotePrefix: unquoted(remote))
    }

    private static func direction(_ word: ByteView) -> Direction? {
        if word.isEmpty || isWord(word, "out") { return .out }
        return isWord(word, "in") ? .in : isWord(word, "both") ? .both : nil
    }

    /// Large letters are as good as small ones, as in mosquitto. `letters` are small.
    private static func isWord(_ word: ByteView, _ letters: StaticString) -> Bool {
        let wanted = ByteView(letters)
        guard word.count == wanted.count else { return false }
        var i = 0
        while i < word.count {
            if word[i] | 0x20 != wanted[i] { return false }
            i += 1
        }
        return true
    }

    /// What follows the direction may be a comment, as in mosquitto.
    private static func withoutComment(_ value: ByteView) -> ByteView {
        var rest = value.firstWord.rest.firstWord.rest
        while !rest.isEmpty {
            if rest[0] == UInt8(ascii: "#") { return value.slice(0, rest.start - value.start).trimmed }
            rest = rest.firstWord.rest
        }
        return value
    }

    /// Two quotes stand for nothing.
    private static func unquoted(_ word: ByteView) -> ByteView { word.equals("\"\"") ? .empty : word }
}

/// The `topic` lines of a connection, in the order of the board config, which has been found right.
public struct BridgeTopics {
    private var lines: TextLines
    /// The number of the line in front of the first.
    private let offset: Int

    init(_ text: ByteView, offset: Int) {
        lines = TextLines(text)
        self.offset = offset
    }

    @inline(never) public mutating func next() -> BridgeTopic? {
        while let line = lines.next() {
            let (key, value) = line.firstWord
            guard key.equals("topic") else { continue }
            return BridgeTopic.parse(value, number: offset + lines.number)
        }
        return nil
    }
}
