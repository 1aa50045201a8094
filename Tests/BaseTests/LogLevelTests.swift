import Base
import Testing

struct LogLevelTests {
    private static var levels: [LogLevel] { [.error, .warning, .notice, .information] }

    /// The levels that are logged after lines of `log_type` with these words; nil when one is no such word.
    private func logged(_ words: [String]) -> [UInt8]? {
        var levels = LogLevels.none
        for word in words {
            guard withView(word, { levels.add($0) }) else { return nil }
        }
        return LogLevelTests.levels.filter { levels.contains($0) }.map(\.rawValue)
    }

    @Test(arguments: [
        ([], []), (["error"], [3]), (["warning"], [4]), (["notice"], [5]), (["information"], [6]),
        (["error", "notice"], [3, 5]), (["notice", "error", "error"], [3, 5]), (["all"], [3, 4, 5, 6]),
        (["error", "none"], []), (["none", "warning"], [4]), (["all", "none", "error"], [3]),
        (["debug"], []), (["subscribe", "unsubscribe", "error"], [3]),
    ] as [([String], [UInt8])])
    func `Words add their levels, and none takes all away`(words: [String], expected: [UInt8]) {
        #expect(logged(words) == expected)
    }

    @Test(arguments: ["", "Error", "errors", "err", "info", "all ", "websockets", "3"])
    func `What is no word is refused and changes nothing`(word: String) {
        var levels = LogLevels.none
        _ = withView("error") { levels.add($0) }
        let isTaken = withView(word) { levels.add($0) }
        #expect(!isTaken)
        #expect(LogLevelTests.levels.filter { levels.contains($0) }.map(\.rawValue) == [3])
    }

    @Test func `By default all levels are logged`() {
        #expect(LogLevelTests.levels.filter { LogLevels.usual.contains($0) }.count == 4)
    }

    @Test func `The levels are syslog's severities of RFC 5424 §6.2.1`() {
        #expect(LogLevelTests.levels.map(\.rawValue) == [3, 4, 5, 6])
    }

    @Test func `Every event has a level that says how much it matters`() {
        let events = (UInt8.min...UInt8.max).compactMap { LogEvent(rawValue: $0) }
        let errors = events.filter { $0.level == .error }
        let usual = events.filter { $0.level == .information }
        #expect(errors == [.reloadFailed])
        #expect(
            usual == [
                .connected, .closed, .repeated, .subscribed, .message, .published, .actionStarted, .actionEnded,
            ], "what happens with every client and every message")
    }
}
