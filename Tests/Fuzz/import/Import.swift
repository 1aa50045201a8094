import Base
import Bridge
import Config

/// A file of mosquitto's, or of OpenWrt for mosquitto.
///
/// Whatever it says, the board config that comes of it is taken by the parser, after no more is withdrawn than there
/// are lines; and what is left out is told by lines that the file has.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    withCopy(ByteView(data, size)) { text in
        guard ImportUCI.isUCI(text) else { return check(text) }
        let source = UnsafeMutablePointer(mutating: text.start)
        withWriter(ImportUCI.capacity(for: text.count)) { writer in
            var uci = ImportUCI(source, text.count, to: writer.start)
            if let (line, _) = uci.rewrite() { return precondition((1...lineCount(text)).contains(line)) }
            precondition(!uci.isTooLong, "longer than was foreseen")
            precondition(lineCount(uci.text) <= lineCount(text) + 1, "lines have moved")
            check(uci.text)
        }
    }
    return 0
}

private nonisolated(unsafe) let memory = UnsafeMutableRawPointer.allocate(byteCount: Importer.bytes, alignment: 16)

private func check(_ text: ByteView) {
    var importer = Importer(text, memory: memory)
    if importer.isOwn || importer.isSenseless { return }
    importer.convert()
    var left = lineCount(importer.result)
    while !importer.isTooLong, let error = problem(importer.result) {
        precondition(left > 0 && importer.withdraw(error), "something is wrong, but no line")
        left -= 1
    }
    importer.report { number, key, reason in
        precondition((1...lineCount(text)).contains(number) && !key.isEmpty && !reason.isEmpty, "what nobody said")
    }
}

/// What is wrong with a board config, if something is.
private func problem(_ text: ByteView) -> ConfigError? {
    switch ConfigFile.parse(text) {
    case .bad(let error): error
    case .settings(let settings):
        settings.mode == .bridge
            ? withWriter(BridgeCheck.scratchBytes) { BridgeCheck.problem(settings, scratch: $0.start) } : nil
    }
}

private func lineCount(_ text: ByteView) -> Int {
    text.array.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
}
