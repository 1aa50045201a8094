import Base

/// A line of client mode: what to do with the messages of one filter, or what to publish when. Everything points into
/// the board config.
public struct ActionLine {
    public enum Kind: UInt8 {
        case print, exec, write
        /// Publications: what stands in a file, and what a program puts out.
        case publishFile, publishExec

        public var isPublication: Bool { self == .publishFile || self == .publishExec }
        public var runsProgram: Bool { self == .exec || self == .publishExec }
    }

    /// Of the line in the file, from 1.
    public let number: Int
    public let kind: Kind
    /// The filter that is subscribed to, or the topic that is published to.
    public let topic: ConfigWord
    public let qos: UInt8
    /// Of publications.
    public let retain: Bool
    /// From one publication to the next; zero for subscriptions.
    public let everySeconds: Int
    /// The format, or none; the program and its arguments; or the file.
    public let words: ConfigWords
    public var options = ActionOptions()

    /// A program with its arguments has no more words.
    public static var maxWords: Int { 32 }
    /// A board has no more lines of client mode.
    public static var maxCount: Int { 256 }
    /// The longest path of a program or file.
    static var maxPathBytes: Int { 511 }
    static var maxEverySeconds: Int { 7 * 86_400 }

    enum Result {
        case line(ActionLine)
        case wrong(StaticString)
    }

    /// Reads what follows `subscribe` or `publish`.
    static func parse(_ option: Option, _ value: ByteView, number: Int) -> Result {
        var words = ConfigWords(value)
        guard words.areWhole else { return .wrong("a word in quotes must end, and stand by itself") }
        guard let topic = words.next(), !topic.isEmpty else { return .wrong("expected a topic") }
        var head = Head()
        while let word = words.next() {
            if word.equals("qos") {
                guard let qos = words.next(), let number = ConfigValue.qos(qos.spelling) else {
                    return .wrong("expected qos 0, 1 or 2")
                }
                head.qos = number
            } else if option == .publish, word.equals("retain") {
                head.retain = true
            } else if option == .publish, word.equals("every") {
                guard let time = words.next(), let seconds = ConfigValue.duration(time.spelling), seconds >= 1,
                    seconds <= maxEverySeconds
                else { return .wrong("expected every and seconds (min, h, d, w allowed) from 1 to 604800") }
                head.everySeconds = seconds
            } else if let kind = kind(option, word) {
                if kind.isPublication, head.everySeconds == 0 { break }
                if let problem = problem(kind, words) { return .wrong(problem) }
                return .line(
                    ActionLine(
                        number: number, kind: kind, topic: topic, qos: head.qos, retain: head.retain,
                        everySeconds: head.everySeconds, words: words))
            } else {
                break
            }
        }
        return .wrong(
            option == .subscribe
                ? "expected FILTER [qos N] print [FORMAT], exec PROGRAM [ARGUMENT...] or write FILE"
                : "expected TOPIC [qos N] [retain] every TIME file FILE or exec PROGRAM [ARGUMENT...]")
    }

    /// What stands between the topic and the action.
    private struct Head {
        var qos: UInt8 = 0
        var retain = false
        var everySeconds = 0
    }

    private static func kind(_ option: Option, _ word: ConfigWord) -> Kind? {
        if option == .subscribe {
            return word.equals("print") ? .print : word.equals("exec") ? .exec : word.equals("write") ? .write : nil
        }
        return word.equals("file") ? .publishFile : word.equals("exec") ? .publishExec : nil
    }

    /// What is wrong with the words of an action.
    private static func problem(_ kind: Kind, _ words: ConfigWords) -> StaticString? {
        var others = words
        let first = others.next()
        if kind != .print, let path = first, path.count > maxPathBytes { return "a path of more than 511 bytes" }
        switch kind {
        case .print:
            return others.isAtEnd ? nil : "expected one FORMAT, in quotes if it has spaces"
        case .exec, .publishExec:
            // No search along PATH: what runs is what is written here.
            guard let program = first, program.contains(UInt8(ascii: "/")) else {
                return "expected exec and a program with its path"
            }
            return words.count > maxWords ? "more than 32 words for a program" : nil
        case .write, .publishFile:
            guard let path = first, !path.isEmpty, others.isAtEnd else {
                return "expected one file, in quotes if it has spaces"
            }
            return nil
        }
    }
}

/// The lines of client mode, in the order of the board config, each with what the keys below it say. The board config
/// has been found right.
public struct ActionLines {
    private var lines: TextLines
    /// What stands above the first line.
    private var shared = ActionOptions()
    /// Has been read already, because that is where the one before it ended.
    private var following: ActionLine?

    public init(_ text: ByteView) { lines = TextLines(text) }

    @inline(never) public mutating func next() -> ActionLine? {
        var current = following
        following = nil
        while let line = lines.next() {
            let (key, value) = line.firstWord
            guard let option = Option.named(key) else { continue }
            if option.beginsLine {
                guard case .line(var next) = ActionLine.parse(option, value, number: lines.number) else { continue }
                next.options = shared
                guard current == nil else {
                    following = next
                    return current
                }
                current = next
            } else if option.isOfLine {
                if current == nil { _ = shared.read(option, value) } else { _ = current?.options.read(option, value) }
            }
        }
        return current
    }
}
