import Base
import Config

/// What the command line asks for.
enum Command {
    /// The board config, and what the command line says beside it.
    struct Config {
        /// The index of the word that names the file; nil for the built-in plan.
        var file: Int?
        /// `-p`: the port of a broker for this machine, where the file has no listener.
        var port: UInt16?
        /// `-v`: everything is logged, whatever the file says.
        var isVerbose = false
    }

    /// Run what a board config says.
    case run(Config)
    /// Print the memory plan.
    case plan(Config)
    /// Print what of a board config only a restart can change.
    case fixed(Config)
    /// Check everything and say who may connect.
    case check(Config)
    /// Print the board config that does what the file does that this word names.
    case importFile(Int)
    case help
    /// Print all keys in Markdown.
    case schema
    case version
    /// The word with this index is not understood, and why.
    case wrong(Int, StaticString)

    /// `FILE` or `-c FILE`, `-p PORT`, `-v`, `--plan`, `--fixed`, `--check`, `--import FILE`, `--schema`, `--help`,
    /// `--version`. A file named `-` is standard input. The same when the program is called mosquitto.
    static func parse(_ arguments: Arguments) -> Command {
        var config = Config()
        var isPlan = false
        var isFixed = false
        var isCheck = false
        var i = 0
        while i < arguments.count {
            let word = arguments.text(i)
            if word.equals("--help") || word.equals("-h") { return .help }
            if word.equals("--schema") { return .schema }
            if word.equals("--version") { return .version }
            if word.equals("--plan") {
                isPlan = true
            } else if word.equals("--fixed") {
                isFixed = true
            } else if word.equals("--check") || word.equals("--test-config") {
                isCheck = true
            } else if word.equals("--import") {
                guard i + 2 == arguments.count else { return .wrong(i, ": expected one file, of mosquitto's") }
                return .importFile(i + 1)
            } else if word.equals("-v") {
                config.isVerbose = true
            } else if word.equals("-d") {
                return .wrong(i, ": runs in the foreground; let the service manager put it in the background")
            } else if word.equals("-p") {
                guard i + 1 < arguments.count, let port = ConfigValue.number(arguments.text(i + 1)), port > 0,
                    port <= 65_535
                else { return .wrong(i, ": expected a port") }
                i += 1
                config.port = UInt16(port)
            } else if word.equals("-c") {
                guard i + 1 < arguments.count else { return .wrong(i, ": expected a file, or - for standard input") }
                guard config.file == nil else { return .wrong(i, ": one file is enough") }
                i += 1
                config.file = i
            } else if word.equals("-") || !word.starts(with: "-") {
                guard config.file == nil else { return .wrong(i, ": one file is enough") }
                config.file = i
            } else {
                return .wrong(i, ": not understood; swiftlet --help tells what is")
            }
            i += 1
        }
        return isPlan ? .plan(config) : isFixed ? .fixed(config) : isCheck ? .check(config) : .run(config)
    }
}
