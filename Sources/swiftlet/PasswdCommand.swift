import Base
import Broker
import Config

/// What the command line of `swiftlet passwd` asks for; the options are mosquitto_passwd's.
struct PasswdCommand {
    enum Action: UInt8 {
        /// Gives a user a password.
        case set
        /// The same in a file that has nobody else.
        case create
        case remove
        /// Hashes what is plain text.
        case hashAll
    }

    enum Parsed {
        case run(PasswdCommand)
        case help
        /// The word with this index is not understood, and why.
        case wrong(Int, StaticString)
        /// All words are understood, and not what is meant by them together.
        case unclear(StaticString)
    }

    private(set) var action = Action.set
    private(set) var kind = PasswordEntry.Kind.pbkdf2
    /// As mosquitto_passwd 2.0 has it.
    private(set) var iterations = 101
    private(set) var file = 0
    /// The word that is the user, for all but `hashAll`.
    private(set) var user = 0
    /// The word that is the password, with `-b`.
    private(set) var password: Int?

    /// Options come first: names and passwords may begin with a hyphen.
    static func parse(_ arguments: Arguments) -> Parsed {
        var command = PasswdCommand()
        var isBatch = false
        var i = 0
        while i < arguments.count, arguments.text(i).starts(with: "-") {
            let word = arguments.text(i)
            if word.equals("--help") || word.equals("-h") { return .help }
            if word.equals("-b") {
                isBatch = true
            } else if let action = action(word) {
                guard command.action == .set || command.action == action else {
                    return .wrong(i, ": only one of -c, -D and -U")
                }
                command.action = action
            } else if word.equals("-H") {
                guard i + 1 < arguments.count, let kind = kind(arguments.text(i + 1)) else {
                    return .wrong(i, ": expected sha512-pbkdf2 or sha512")
                }
                command.kind = kind
                i += 1
            } else if word.equals("-I") {
                guard i + 1 < arguments.count, let number = ConfigValue.number(arguments.text(i + 1)), number >= 1,
                    number <= PasswordFile.maxIterations
                else { return .wrong(i, ": expected 1 to 100000") }
                command.iterations = number
                i += 1
            } else {
                return .wrong(i, ": not understood; swiftlet passwd --help tells what is")
            }
            i += 1
        }
        return command.takeNames(arguments, from: i, isBatch: isBatch)
    }

    /// The words behind the options.
    private mutating func takeNames(_ arguments: Arguments, from first: Int, isBatch: Bool) -> Parsed {
        if isBatch, action == .remove || action == .hashAll { return .unclear("-D and -U take no password: no -b") }
        let expected = action == .hashAll ? 1 : isBatch ? 3 : 2
        guard arguments.count == first + expected else {
            if action == .hashAll { return .unclear("expected one file") }
            return .unclear(isBatch ? "expected a file, a user and a password" : "expected a file and a user")
        }
        file = first
        user = first + 1
        password = isBatch ? first + 2 : nil
        return .run(self)
    }

    private static func action(_ word: ByteView) -> Action? {
        word.equals("-c") ? .create : word.equals("-D") ? .remove : word.equals("-U") ? .hashAll : nil
    }

    private static func kind(_ word: ByteView) -> PasswordEntry.Kind? {
        word.equals("sha512-pbkdf2") ? .pbkdf2 : word.equals("sha512") ? .sha512 : nil
    }
}
