import Base

/// A word of a line of client mode: as it stands there, or in double quotes, where it may hold spaces, and where `\"`
/// and `\\` stand for a quote and a backslash. Any other backslash stands for itself.
public struct ConfigWord {
    /// As it stands in the file, without the quotes around it.
    private let inner: ByteView
    public let isQuoted: Bool
    private let hasEscapes: Bool

    static var quote: UInt8 { UInt8(ascii: "\"") }
    static var backslash: UInt8 { UInt8(ascii: "\\") }

    fileprivate init(_ inner: ByteView, isQuoted: Bool) {
        self.inner = inner
        self.isQuoted = isQuoted
        hasEscapes = isQuoted && inner.firstIndex(of: ConfigWord.backslash) != nil
    }

    /// Bytes of what the word stands for.
    public var count: Int {
        var count = 0
        var i = 0
        while byte(&i) != nil { count += 1 }
        return count
    }

    public var isEmpty: Bool { inner.isEmpty }

    /// Copies what the word stands for to `target`, which has room for `count` bytes; returns their number.
    @discardableResult @inline(never) public func copy(to target: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 0
        var i = 0
        while let byte = byte(&i) {
            target[count] = byte
            count += 1
        }
        return count
    }

    @inline(never) public func equals(_ other: ConfigWord) -> Bool {
        if !hasEscapes, !other.hasEscapes { return inner.equals(other.inner) }
        var (i, j) = (0, 0)
        while true {
            let (a, b) = (byte(&i), other.byte(&j))
            if a != b { return false }
            if a == nil { return true }
        }
    }

    public func equals(_ text: StaticString) -> Bool { equals(ConfigWord(ByteView(text), isQuoted: false)) }

    /// As it stands in the file, between its quotes if it has some.
    public var spelling: ByteView { inner }

    /// Whether any byte of it is `byte`.
    public func contains(_ byte: UInt8) -> Bool { inner.firstIndex(of: byte) != nil }

    /// What the byte at `index`, or the pair there, stands for; nil at the end.
    private func byte(_ index: inout Int) -> UInt8? {
        guard index < inner.count else { return nil }
        if hasEscapes, inner[index] == ConfigWord.backslash, index + 1 < inner.count {
            let next = inner[index + 1]
            if next == ConfigWord.quote || next == ConfigWord.backslash { index += 1 }
        }
        index += 1
        return inner[index - 1]
    }
}

/// The words of a line, one after the other.
public struct ConfigWords {
    private var rest: ByteView
    /// What follows is no word: a quote in the middle of one, or one that does not end.
    private(set) var isBroken = false

    public init(_ text: ByteView) { rest = text.trimmed }

    public var isAtEnd: Bool { rest.isEmpty }

    /// Nil at the end, and where a quote is wrong.
    @inline(never) public mutating func next() -> ConfigWord? {
        guard !rest.isEmpty, !isBroken else { return nil }
        if rest[0] == ConfigWord.quote { return quoted() }
        let (word, others) = rest.firstWord
        guard word.firstIndex(of: ConfigWord.quote) == nil else { return fail() }
        rest = others
        return ConfigWord(word, isQuoted: false)
    }

    /// How many words follow.
    public var count: Int {
        var others = self
        var count = 0
        while others.next() != nil { count += 1 }
        return count
    }

    /// Whether all that follows are words, and none has a zero byte, which would end it for the system.
    var areWhole: Bool {
        var others = self
        while others.next() != nil {}
        return !others.isBroken && rest.firstIndex(of: 0) == nil
    }

    private mutating func quoted() -> ConfigWord? {
        var end = 1
        while end < rest.count, rest[end] != ConfigWord.quote {
            // What follows a backslash does not end the word.
            end += rest[end] == ConfigWord.backslash ? 2 : 1
        }
        guard end < rest.count else { return fail() }
        let word = ConfigWord(rest.slice(1, end), isQuoted: true)
        rest = rest.dropFirst(end + 1)
        let others = rest.trimmed
        // The line has no spaces at its end, so that those that go stood behind the quote.
        guard rest.isEmpty || others.count < rest.count else { return fail() }
        rest = others
        return word
    }

    private mutating func fail() -> ConfigWord? {
        isBroken = true
        return nil
    }
}
