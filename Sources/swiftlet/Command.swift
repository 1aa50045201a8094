import Base

/// What the command line asks for.
enum Command {
    /// Run what a board config says; without one, the built-in plan.
    case run(file: Int?)
    case plan(file: Int?)
    case help
    case version
    /// The word with this index is not understood.
    case unknown(Int)
    /// `-c` with nothing behind it.
    case missingFile

    /// `FILE`, `-c FILE`, `--plan [FILE]`, `--help`, `--version`. A file named `-` is standard input. `file` is the
    /// index of the word.
    static func parse(_ arguments: Arguments) -> Command {
        var file: Int?
        var isPlan = false
        var i = 0
        while i < arguments.count {
            let word = arguments.text(i)
            if word.equals("--help") || word.equals("-h") { return .help }
            if word.equals("--version") { return .version }
            if word.equals("--plan") {
                isPlan = true
            } else if word.equals("-c") {
                guard i + 1 < arguments.count else { return .missingFile }
                guard file == nil else { return .unknown(i) }
                i += 1
                file = i
            } else if word.equals("-") || !word.starts(with: "-") {
                guard file == nil else { return .unknown(i) }
                file = i
            } else {
                return .unknown(i)
            }
            i += 1
        }
        return isPlan ? .plan(file: file) : .run(file: file)
    }
}
