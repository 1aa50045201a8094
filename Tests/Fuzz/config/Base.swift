import Base
import Config

/// A board config and its base, made of one text; and with the base of that. An error names a line of one of them that
/// has its key. A text is the same with an empty base, and as the base of an empty one.
func checkBase(_ text: ByteView) {
    let (own, rest) = cut(text)
    let (base, lower) = cut(rest)
    checkLines(own, [rest])
    checkLines(own, [base, lower])
    let whole = ConfigFile.parse(text)
    withOutcome(text, [.empty]) { check($0, is: whole, ["file", "none"]) }
    guard ConfigFile.base(of: text) == nil else { return }
    withOutcome(.empty, [text]) { check($0, is: whole, ["none", "file"]) }
    withOutcome(.empty, [.empty, text]) { check($0, is: whole, ["none", "nor", "file"]) }
}

/// The lines of a text that begin in its first half, and the others.
private func cut(_ text: ByteView) -> (ByteView, ByteView) {
    let middle = text.dropFirst(text.count / 2)
    let end = middle.firstIndex(of: UInt8(ascii: "\n")).map { text.count / 2 + $0 + 1 } ?? text.count
    return (text.slice(0, end), text.dropFirst(end))
}

private func checkLines(_ own: ByteView, _ bases: [ByteView]) {
    withOutcome(own, bases) { result in
        guard case .bad(let error) = result else { return }
        let parts = told(error, ["0", "1", "2"]).split(separator: UInt8(ascii: ":"), maxSplits: 2)
        guard error.line > 0, parts.count == 3 else { return }
        let number = Int(String(decoding: parts[1], as: UTF8.self))
        let file = Int(String(decoding: parts[0], as: UTF8.self)) ?? bases.count + 1
        precondition(file <= bases.count, "another file is wrong")
        let line = Model.lines((file == 0 ? own : bases[file - 1]).array).first { $0.number == number }
        precondition(line.map { Model.firstWord($0.line).word == error.key.array } ?? false, "another line is wrong")
    }
}

private func withOutcome(_ own: ByteView, _ bases: [ByteView], _ body: (ConfigFile.Result) -> Void) {
    withCopy(own) { own in
        withCopy(bases[0]) { base in
            withCopy(bases.count > 1 ? bases[1] : .empty) { lower in
                var texts = ConfigFile.Bases()
                texts.append(base)
                if bases.count > 1 { texts.append(lower) }
                body(ConfigFile.parse(own, texts, to: target, scratch: scratch))
            }
        }
    }
}

/// As large as they need to be; made once, as that takes long.
private nonisolated(unsafe) let target = UnsafeMutablePointer<UInt8>.allocate(capacity: ConfigFile.mergedBytes)
private nonisolated(unsafe) let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * ConfigFile.maxBytes)

/// The names are those of the board config and its bases.
private func told(_ error: ConfigError, _ names: [StaticString]) -> [UInt8] {
    withWriter(Line.logBytes) { writer in
        var line = Line(writer.start, capacity: writer.capacity)
        var files = InlineArray<4, ByteView>(repeating: .empty)
        for (i, name) in names.enumerated() { files[i] = ByteView(name) }
        error.write(files: files, to: &line)
        return line.ended().array
    }
}

private func check(
    _ result: ConfigFile.Result, is whole: ConfigFile.Result, _ names: [StaticString]
) {
    switch (result, whole) {
    case (.bad(let error), .bad(let other)):
        // What is no line's fault is told of the file itself.
        guard other.line > 0 else { return }
        precondition(told(error, names) == told(other, ["file"]), "another error")
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
