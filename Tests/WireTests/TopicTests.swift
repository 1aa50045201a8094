import Base
import TestSupport
import Testing
import Wire

/// The rules of §4.7 once more, with strings and recursion.
private enum Naive {
    static func isName(_ text: String) -> Bool { !text.isEmpty && !text.contains("+") && !text.contains("#") }

    static func isFilter(_ text: String) -> Bool {
        let levels = split(text)
        let areWhole = levels.allSatisfy { $0 == "+" || $0 == "#" || ($0.isEmpty || isName($0)) }
        return !text.isEmpty && areWhole && !levels.dropLast().contains("#")
    }

    static func matches(_ filter: [String], _ name: [String]) -> Bool {
        if let first = name.first, first.hasPrefix("$"), filter[0] == "+" || filter[0] == "#" { return false }
        return continues(filter[...], name[...])
    }

    private static func continues(_ filter: ArraySlice<String>, _ name: ArraySlice<String>) -> Bool {
        guard let wanted = filter.first else { return name.isEmpty }
        if wanted == "#" { return true }
        guard let level = name.first, wanted == "+" || wanted == level else { return false }
        return continues(filter.dropFirst(), name.dropFirst())
    }

    static func split(_ text: String) -> [String] {
        text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    /// All texts of up to `length` characters of `alphabet`.
    static func texts(_ alphabet: String, length: Int) -> [String] {
        var all = [""]
        var longest = [""]
        for _ in 0..<length {
            longest = longest.flatMap { text in alphabet.map { text + String($0) } }
            all += longest
        }
        return all
    }
}

struct TopicTests {
    /// [MQTT-4.7.1-1, MQTT-4.7.1-2, MQTT-4.7.1-3, MQTT-4.7.3-1]
    @Test func `All short texts are names, filters or neither as the standard says`() {
        let buffer = GuardedBuffer()
        for text in Naive.texts("a/+#$", length: 5) {
            let view = buffer.view(Array(text.utf8))
            guard TopicName.check(view) == (Naive.isName(text) ? nil : .badTopicName),
                TopicFilter.check(view) == (Naive.isFilter(text) ? nil : .badTopicFilter)
            else { return fail("\(text)") }
        }
    }

    @Test func `All short filters match the short names that the standard says`() {
        let buffers = (GuardedBuffer(), GuardedBuffer())
        let names = Naive.texts("ab/$", length: 4).filter(Naive.isName).map { ($0, Naive.split($0)) }
        for filter in Naive.texts("a/+#$", length: 5).filter(Naive.isFilter) {
            let filterView = buffers.0.view(Array(filter.utf8))
            let levels = Naive.split(filter)
            for (name, nameLevels) in names {
                let isMatch = TopicFilter.matches(filterView, buffers.1.view(name.utf8))
                guard isMatch == Naive.matches(levels, nameLevels) else { return fail("\(filter) \(name)") }
            }
        }
    }

    /// The examples of §4.7 [MQTT-4.7.2-1, MQTT-4.7.3-4].
    @Test(arguments: [
        ("sport/tennis/player1/#", "sport/tennis/player1", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
        ("sport/#", "sport", true), ("sport/tennis/+", "sport/tennis/player1", true),
        ("sport/tennis/+", "sport/tennis/player1/ranking", false), ("sport/+", "sport", false),
        ("sport/+", "sport/", true), ("+/+", "/finance", true), ("/+", "/finance", true), ("+", "/finance", false),
        ("#", "$SYS/uptime", false), ("+/monitor/Clients", "$SYS/monitor/Clients", false), ("$SYS/#", "$SYS/", true),
        ("$SYS/#", "$SYS", true), ("$SYS/monitor/+", "$SYS/monitor/Clients", true), ("ACCOUNTS", "Accounts", false),
        ("/A", "A", false), ("a/#", "$SYS", false), ("a/+", "a/$b", true),
    ])
    func `The standard's examples match as it says`(filter: String, name: String, isMatch: Bool) {
        withView(filter.utf8) { filter in
            withView(name.utf8) { #expect(TopicFilter.matches(filter, $0) == isMatch) }
        }
    }

    @Test(arguments: ["a\u{0}b", "\u{0}"])
    func `U+0000 is in no name and no filter [MQTT-4.7.3-2]`(text: String) {
        withView(text.utf8) { view in
            #expect(TopicName.check(view) == .badUTF8)
            #expect(TopicFilter.check(view) == .badUTF8)
        }
    }

    @Test func `Ill-formed text is no name and no filter, wherever it stands`() {
        for row in ["ff", "'a/' ff", "ff '/a'", "'+/' c3", "'a/' e2 82 '/#'"] {
            withView(hex(row)) { view in
                #expect(TopicName.check(view) == .badUTF8)
                #expect(TopicFilter.check(view) == .badUTF8)
            }
        }
    }

    @Test func `The levels of all short texts are those between the slashes`() {
        let buffer = GuardedBuffer()
        for text in Naive.texts("a/", length: 8) {
            let view = buffer.view(Array(text.utf8))
            var levels = TopicLevels(view)
            var found: [String] = []
            while let level = levels.next() { found.append(level.text) }
            guard found == Naive.split(text), TopicLevels.count(view) == found.count, levels.isAtEnd else {
                return fail("\(text)")
            }
        }
    }

    @Test func `Only names that begin with a dollar are reserved`() {
        let reserved = ["$", "$SYS", "$/a", "", "a$", "/$"].map { withView($0.utf8) { TopicName.isReserved($0) } }
        #expect(reserved == [true, true, true, false, false, false])
    }
}
