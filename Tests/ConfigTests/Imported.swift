import Base
import Config
import TestSupport
import Testing

/// What an import makes of a file.
struct Imported {
    /// The board config, withdrawn from until the parser takes it.
    let text: String
    /// What is left out: `LINE: KEY: REASON`.
    let leftOut: [String]
    let isSenseless: Bool
    let isOwn: Bool
    let isTooLong: Bool
    let lateLine: Int?

    /// Lines in force, without the limits that the file does not set.
    var lines: [String] {
        let limits = ["max_keepalive 0", "max_packet_size 262144",
            "max_queued_messages 1000", "max_queued_bytes 4194304", "offline_message_expiry 86400",
            "persistent_client_expiration 604800", "max_subscriptions_per_client 256"]
        return allLines.filter { !limits.contains($0) && !$0.hasPrefix("global_max_connections ") }
    }

    var allLines: [String] { text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") } }

    /// Keys and lines of what is left out.
    var leftOutKeys: [String] { leftOut.map { $0.split(separator: ":").prefix(2).joined(separator: ":") } }

    init(_ file: String, isUsed: Bool = true) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Importer.bytes, alignment: 16)
        defer { memory.deallocate() }
        let bytes = Array(file.utf8)
        self = bytes.withUnsafeBufferPointer { buffer in
            let view = buffer.isEmpty ? .empty : ByteView(buffer.baseAddress!, buffer.count)
            return Imported(Importer(view, memory: memory), isUsed: isUsed)
        }
    }

    private init(_ fresh: Importer, isUsed: Bool) {
        var importer = fresh
        importer.convert(isUsed: isUsed)
        while case .bad(let error) = ConfigFile.parse(importer.result), importer.withdraw(error) {}
        if !importer.isTooLong, case .bad = ConfigFile.parse(importer.result) { fail("the parser takes it") }
        text = importer.result.text
        var lines: [String] = []
        importer.report { number, key, reason in lines.append("\(number): \(key.text): \(reason.text)") }
        leftOut = lines
        isSenseless = importer.isSenseless
        isOwn = importer.isOwn
        isTooLong = importer.isTooLong
        lateLine = importer.lateLine
    }
}

/// What OpenWrt's script makes of a UCI file; or the line that is wrong.
enum Rewritten: Equatable {
    case text(String, saysUse: Bool = false)
    case wrong(line: Int)

    init(_ file: String) {
        var source = Array(file.utf8)
        let count = source.count
        var target = [UInt8](repeating: 0, count: ImportUCI.capacity(for: count))
        source.append(0)
        self = source.withUnsafeMutableBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                var uci = ImportUCI(source.baseAddress!, count, to: target.baseAddress!)
                if let wrong = uci.rewrite() { return .wrong(line: wrong.line) }
                return .text(uci.text.text, saysUse: uci.saysUse)
            }
        }
    }
}
