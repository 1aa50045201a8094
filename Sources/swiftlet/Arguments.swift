import Base
import Linux

/// The words of the command line, without the program's name.
struct Arguments {
    /// The name that the program was called by, without folders.
    let programName: ByteView
    private let words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    let count: Int

    init(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
        // Whoever starts a program may leave even its name out.
        if argc > 0, let name = argv[0] {
            programName = Arguments.lastPart(System.text(name))
        } else {
            programName = .empty
        }
        count = max(0, Int(argc) - 1)
        words = argv + 1
    }

    private init(_ programName: ByteView, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, count: Int) {
        self.programName = programName
        self.words = words
        self.count = count
    }

    /// Without the first word, which is there.
    func dropFirst() -> Arguments {
        precondition(count > 0)
        return Arguments(programName, words + 1, count: count - 1)
    }

    /// The word as the system takes it, with its zero byte.
    func path(_ index: Int) -> UnsafePointer<CChar> {
        guard index < count, let word = words[index] else { preconditionFailure("beyond the last argument") }
        return UnsafePointer(word)
    }

    @inline(never) func text(_ index: Int) -> ByteView { System.text(path(index)) }

    /// What stands in front of the last part of a path, with the slash between; empty if there is no slash.
    static func folder(_ path: ByteView) -> ByteView { path.slice(0, path.count - lastPart(path).count) }

    private static func lastPart(_ path: ByteView) -> ByteView {
        var part = path
        while let slash = part.firstIndex(of: UInt8(ascii: "/")) { part = part.dropFirst(slash + 1) }
        return part
    }
}
