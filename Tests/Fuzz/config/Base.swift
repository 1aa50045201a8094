import Base
import Config

/// A board config and its base, made of one text. An error names a line of one of them that has its key. A text is the
/// same with an empty base, and as the base of an empty one.
func checkBase(_ text: ByteView) {
    let middle = text.dropFirst(text.count / 2)
    let end = middle.firstIndex(of: UInt8(ascii: "\n")).map { text.count / 2 + $0 + 1 } ?? text.count
    let (own, base) = (text.slice(0, end), text.dropFirst(end))
    withOutcome(own, base: base) { result in
        guard case .bad(let error) = result else { return }
        let said = told(error, file: "own", base: "base")
        let parts = said.split(separator: UInt8(ascii: ":"), maxSplits: 2)
        guard error.line > 0, parts.count == 3 else { return }
        let number = Int(String(decoding: parts[1], as: UTF8.self))
        let lines = Model.lines((Array(parts[0]) == "own".array ? own : base).array)
        let line = lines.first { $0.number == number }
        precondition(line.map { Model.firstWord($0.line).word == error.key.array } ?? false, "another line is wrong")
    }
    let whole = ConfigFile.parse(text)
    withOutcome(text, base: .empty) { check($0, is: whole, "file", "none") }
    guard ConfigFile.base(of: text) == nil else { return }
    withOutcome(.empty, base: text) { check($0, is: whole, "none", "file") }
}

private func withOutcome(_ own: ByteView, base: ByteView, _ body: (ConfigFile.Result) -> Void) {
    withCopy(own) { own in
        withCopy(base) { base in body(ConfigFile.parse(own, base: base, to: target)) }
    }
}

/// As large as it needs to be; made once, as that takes long.
private nonisolated(unsafe) let target = UnsafeMutablePointer<UInt8>.allocate(capacity: ConfigFile.mergedBytes)

private func told(_ error: ConfigError, file: StaticString, base: StaticString) -> [UInt8] {
    withWriter(Line.logBytes) { writer in
        var line = Line(writer.start, capacity: writer.capacity)
        error.write(file: ByteView(file), base: ByteView(base), to: &line)
        return line.ended().array
    }
}

private func check(
    _ result: ConfigFile.Result, is whole: ConfigFile.Result, _ file: StaticString, _ base: StaticString
) {
    switch (result, whole) {
    case (.bad(let error), .bad(let other)):
        // What is no line's fault is told of the file itself.
        guard other.line > 0 else { return }
        precondition(told(error, file: file, base: base) == told(other, file: "file", base: "file"), "another error")
    case (.settings(let settings), .settings(let other)):
        var raw: UInt8 = 0
        while let option = Option(rawValue: raw) {
            raw += 1
            precondition(settings.limits[option] == other.limits[option], "another number")
        }
        precondition(settings.mode == other.mode && settings.client.filterCount == other.client.filterCount)
        precondition(settings.listenerCount == other.listenerCount && settings.accessCount == other.accessCount)
        precondition(settings.bridgeCount == other.bridgeCount, "another number of connections")
    default:
        preconditionFailure("right or wrong by where it stands")
    }
}
