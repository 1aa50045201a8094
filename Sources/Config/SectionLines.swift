import Base

/// The lines of a board config, each with the section that it stands in: what is below a `listener`, a `connection`, or
/// a line of client mode.
struct SectionLines {
    enum Section: UInt8 {
        case none, listener, connection, line
    }

    private var lines: TextLines
    private(set) var section = Section.none
    /// Of the last line: its key, if it is one, and whether it begins the section.
    private(set) var option: Option?
    private(set) var beginsSection = false

    init(_ text: ByteView) { lines = TextLines(text) }

    var number: Int { lines.number }

    @inline(never) mutating func next() -> ByteView? {
        guard let line = lines.next() else { return nil }
        option = Option.named(line.firstWord.word)
        let begun = SectionLines.section(option)
        beginsSection = begun != nil
        section = begun ?? section
        return line
    }

    /// The next line, if it belongs to the same section.
    @inline(never) mutating func nextInSection() -> ByteView? {
        guard let line = next(), !beginsSection else { return nil }
        return line
    }

    /// Moves on to the first connection of this name, and answers its number; nil when there is none.
    @inline(never) mutating func find(connection name: ByteView) -> Int? {
        while let line = next() {
            if option == .connection, line.firstWord.rest.equals(name) { return number }
        }
        return nil
    }

    /// What a key begins.
    private static func section(_ option: Option?) -> Section? {
        switch option {
        case .listener: .listener
        case .connection: .connection
        case .subscribe, .publish: .line
        default: nil
        }
    }
}
