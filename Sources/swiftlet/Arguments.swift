import Base
import Linux

/// The words of the command line, without the program's name.
struct Arguments {
    private let words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    let count: Int

    init(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
        count = max(0, Int(argc) - 1)
        words = argv + 1
    }

    /// The word as the system takes it, with its zero byte.
    func path(_ index: Int) -> UnsafePointer<CChar> {
        guard index < count, let word = words[index] else { preconditionFailure("beyond the last argument") }
        return UnsafePointer(word)
    }

    func text(_ index: Int) -> ByteView { System.text(path(index)) }
}
