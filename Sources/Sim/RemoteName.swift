import Base

/// The topics of remote brokers: those of the vocabulary behind one of a few prefixes, as one number.
public struct RemoteName {
    public var code: UInt8

    public init(code: UInt8) { self.code = code }

    public init(prefix: Int, topic: Int) { code = UInt8(prefix << 4 | topic) }

    public static var prefixCount: Int { 4 }
    /// What is no name at all.
    public static var none: RemoteName { RemoteName(code: 0xFF) }

    public static func prefix(_ index: Int) -> StaticString {
        switch index {
        case 0: ""
        case 1: "q/"
        case 2: "z/a/"
        default: "deep/er/"
        }
    }

    public var prefix: Int { Int(code >> 4) }
    /// An index of `Vocabulary.topic`.
    public var topic: Int { Int(code & 15) }

    public func write(_ line: inout Line) {
        line.text(RemoteName.prefix(prefix))
        line.text(Vocabulary.topic(topic))
    }

    static var maxBytes: Int { 32 }

    /// The name that `view` is; nil when it is none.
    init?(_ view: ByteView) {
        var prefix = RemoteName.prefixCount - 1
        while prefix >= 0 {
            let text = RemoteName.prefix(prefix)
            if view.starts(with: text) {
                let rest = view.dropFirst(text.utf8CodeUnitCount)
                var topic = 0
                while topic < Vocabulary.topicCount {
                    if rest.equals(Vocabulary.topic(topic)) {
                        self.init(prefix: prefix, topic: topic)
                        return
                    }
                    topic += 1
                }
            }
            prefix -= 1
        }
        return nil
    }

    /// What MQTT 3.1.1 §4.7 says, as plainly as one can.
    func isMatched(by filter: ByteView) -> Bool {
        var bytes = InlineArray<34, UInt8>(repeating: 0)
        var span = bytes.mutableSpan
        return span.withUnsafeMutableBufferPointer {
            var line = Line($0.baseAddress!, capacity: $0.count)
            write(&line)
            return RemoteName.matches(filter, line.view)
        }
    }

    private static func matches(_ filter: ByteView, _ topic: ByteView) -> Bool {
        if filter.equals("#") { return true }
        let filterEnd = filter.firstIndex(of: UInt8(ascii: "/")) ?? filter.count
        let topicEnd = topic.firstIndex(of: UInt8(ascii: "/")) ?? topic.count
        let level = filter.slice(0, filterEnd)
        guard level.equals("+") || level.equals(topic.slice(0, topicEnd)) else { return false }
        if filterEnd == filter.count { return topicEnd == topic.count }
        let rest = filter.dropFirst(filterEnd + 1)
        if topicEnd == topic.count { return rest.equals("#") }
        return matches(rest, topic.dropFirst(topicEnd + 1))
    }
}
