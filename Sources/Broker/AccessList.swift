import Base
import Wire

/// What a client wants to do with a topic.
public enum Access: UInt8 {
    case read = 1
    case write = 2
}

/// An access file in mosquitto's grammar, compiled to one record a line.
///
/// `topic [read|write|readwrite|deny] FILTER` speaks of anonymous clients until the first `user NAME`, and of that user
/// from there on; `pattern` lines speak of everybody, with `%u` and `%c` for user name and client id.
struct AccessList: ~Copyable {
    struct Rule {
        fileprivate var user: Span
        fileprivate var filter: Span
        /// Bits of `Access`; zero is deny.
        var access: UInt8
        var isPattern: Bool
    }

    /// A piece of a text. An empty user is the anonymous one.
    fileprivate struct Span {
        var start = ByteView.empty.start
        var count: UInt16 = 0
    }

    /// The rules of one file.
    struct Range {
        let first: Int
        let end: Int
    }

    private let rules: UnsafeMutablePointer<Rule>
    private let capacity: Int
    private var count = 0
    /// There is a file.
    private(set) var isOn = false

    /// The shortest line, `topic a`, has seven bytes and its end, which the last line of a file may lack.
    private static func maxRules(textBytes: Int) -> Int { (textBytes + Broker.maxAccessSets) / 8 }

    init(_ arena: inout Arena, textBytes: Int) {
        capacity = AccessList.maxRules(textBytes: textBytes)
        rules = arena.carve("access rules", key: "max_access_size", count: capacity, of: Rule.self)
    }

    /// The number of the first line that is wrong, or nil.
    static func check(_ text: ByteView) -> Int? {
        var lines = TextLines(text)
        while let line = lines.next() {
            if parse(line) == nil { return lines.number }
        }
        return nil
    }

    mutating func removeAll() {
        count = 0
        isOn = false
    }

    /// Adds the rules of a text that has passed `check` and stays where it is.
    mutating func add(_ text: ByteView) -> Range {
        isOn = true
        let first = count
        var user = Span()
        var lines = TextLines(text)
        while let line = lines.next() {
            switch AccessList.parse(line) {
            case .user(let name):
                user = span(name)
            case .rule(let access, let isPattern, let filter):
                precondition(count < capacity)
                rules[count] = Rule(
                    user: isPattern ? Span() : user, filter: span(filter), access: access, isPattern: isPattern)
                count += 1
            case nil:
                preconditionFailure("a text that was not checked")
            }
        }
        return Range(first: first, end: count)
    }

    subscript(_ index: Int) -> Rule {
        precondition(index < count)
        return rules[index]
    }

    /// Empty for anonymous clients, and for patterns.
    func user(of rule: Rule) -> ByteView { view(rule.user) }
    func filterText(of rule: Rule) -> ByteView { view(rule.filter) }

    private func view(_ span: Span) -> ByteView { ByteView(span.start, Int(span.count)) }
    private func span(_ view: ByteView) -> Span { Span(start: view.start, count: UInt16(view.count)) }

    private enum Line {
        case user(ByteView)
        case rule(access: UInt8, isPattern: Bool, filter: ByteView)
    }

    private static func parse(_ line: ByteView) -> Line? {
        let (key, value) = line.firstWord
        guard !value.isEmpty, value.count <= Int(UInt16.max) else { return nil }
        if key.equals("user") { return .user(value) }
        let isPattern = key.equals("pattern")
        guard isPattern || key.equals("topic") else { return nil }
        var access = Access.read.rawValue | Access.write.rawValue
        var filter = value
        let (first, rest) = value.firstWord
        // `topic read` alone is a rule for a topic of that name.
        if !rest.isEmpty {
            if first.equals("read") {
                (access, filter) = (Access.read.rawValue, rest)
            } else if first.equals("write") {
                (access, filter) = (Access.write.rawValue, rest)
            } else if first.equals("readwrite") {
                filter = rest
            } else if first.equals("deny") {
                (access, filter) = (0, rest)
            }
        }
        return TopicFilter.check(filter) == nil ? .rule(access: access, isPattern: isPattern, filter: filter) : nil
    }
}
