/// What the standard says of texts and topics, written down without a thought for time or memory.
enum Model {
    static let slash = UInt8(ascii: "/")
    static let plus = UInt8(ascii: "+")
    static let hash = UInt8(ascii: "#")

    /// [MQTT-1.5.3-1, MQTT-1.5.3-2], by the standard library.
    static func isText(_ bytes: [UInt8]) -> Bool {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): if Unicode.UTF8.decode(scalar).value == 0 { return false }
            case .emptyInput: return true
            case .error: return false
            }
        }
    }

    static func levels(_ topic: [UInt8]) -> [[UInt8]] {
        topic.split(separator: slash, omittingEmptySubsequences: false).map { Array($0) }
    }

    static func isTopic(_ bytes: [UInt8]) -> Bool {
        isText(bytes) && !bytes.isEmpty && !bytes.contains(plus) && !bytes.contains(hash)
    }

    static func isFilter(_ bytes: [UInt8]) -> Bool {
        guard isText(bytes), !bytes.isEmpty else { return false }
        let levels = levels(bytes)
        for (i, level) in levels.enumerated() {
            if level.contains(plus), level.count > 1 { return false }
            if level.contains(hash), level.count > 1 || i + 1 < levels.count { return false }
        }
        return true
    }

    static func matches(_ filter: [UInt8], _ topic: [UInt8]) -> Bool {
        if topic[0] == UInt8(ascii: "$"), filter[0] == plus || filter[0] == hash { return false }
        return matches(levels(filter)[...], levels(topic)[...])
    }

    private static func matches(_ filter: ArraySlice<[UInt8]>, _ topic: ArraySlice<[UInt8]>) -> Bool {
        guard let first = filter.first else { return topic.isEmpty }
        if first == [hash] { return true }
        guard let level = topic.first, first == [plus] || first == level else { return false }
        return matches(filter.dropFirst(), topic.dropFirst())
    }

    /// The lines of a file that say something, with their numbers.
    static func lines(_ text: [UInt8]) -> [(number: Int, line: [UInt8])] {
        text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .map { (number: $0.offset + 1, line: trimmed(Array($0.element))) }
            .filter { !$0.line.isEmpty && $0.line[0] != hash }
    }

    /// The words of a line of client mode, of which none is wrong.
    static func words(_ line: [UInt8]) -> [[UInt8]] {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        var words: [[UInt8]] = []
        var word: [UInt8]?
        var isQuoted = false
        var i = 0
        while i < line.count {
            let byte = line[i]
            if isQuoted {
                if byte == quote {
                    isQuoted = false
                } else if byte == backslash, line[i + 1] == quote || line[i + 1] == backslash {
                    i += 1
                    word?.append(line[i])
                } else {
                    word?.append(byte)
                }
            } else if isSpace(byte) {
                if let whole = word { words.append(whole) }
                word = nil
            } else if byte == quote {
                word = []
                isQuoted = true
            } else {
                word = (word ?? []) + [byte]
            }
            i += 1
        }
        if let whole = word { words.append(whole) }
        return words
    }

    static func trimmed(_ text: [UInt8]) -> [UInt8] {
        let front = Array(text.drop(while: isSpace))
        return Array(Array(front.reversed()).drop(while: isSpace).reversed())
    }

    /// The first word, and what follows it.
    static func firstWord(_ text: [UInt8]) -> (word: [UInt8], rest: [UInt8]) {
        let word = Array(text.prefix { !isSpace($0) })
        return (word, trimmed(Array(text.dropFirst(word.count))))
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
