import Base
import Client
import Linux
import Wire

/// The command line of `swiftlet pub` or `swiftlet sub`, with the file of options that it names, or the user's own.
struct ClientCommand {
    /// What is wrong, in one line.
    struct Problem {
        /// The options file it stands in, and where; nil for the command line.
        var file: ByteView?
        var line = 0
        /// The word it is about; empty when there is none.
        var word: ByteView
        var problem: StaticString
        var format: FormatProblem?

        init(_ word: ByteView, _ problem: StaticString) {
            self.word = word
            self.problem = problem
        }

        func write(to target: inout Line) {
            if let file {
                target.escaped(file)
                target.text(":")
                if line > 0 {
                    target.number(line)
                    target.text(":")
                }
                target.text(" ")
            }
            target.escaped(word)
            target.text(problem)
            format?.write(to: &target)
        }
    }

    private(set) var options: ClientOptions
    private let memory: ClientMemory

    init(_ tool: ClientOption.Tools, _ memory: ClientMemory) {
        self.memory = memory
        options = ClientOptions(
            tool, FilterList(memory.filters(0)), FilterList(memory.filters(1)), FilterList(memory.filters(2)))
    }

    /// Reads everything; what is wrong, or nil.
    mutating func read(_ arguments: Arguments) -> Problem? {
        var file: ByteView?
        if let problem = findFile(arguments, &file) { return problem }
        if let problem = readFile(file) { return problem }
        if let problem = readWords(arguments) { return problem }
        if options.wantsHelp || options.wantsVersion { return nil }
        if let problem = options.contradiction { return problem }
        return readPassword()
    }

    private mutating func readWords(_ arguments: Arguments) -> Problem? {
        var i = 0
        while i < arguments.count {
            let word = arguments.text(i)
            i += 1
            switch find(word) {
            case .missing(let problem): return problem
            case .option(let option):
                var value = ByteView.empty
                if option.row.value != nil {
                    guard i < arguments.count else { return Problem(word, ": something must follow") }
                    value = arguments.text(i)
                    i += 1
                }
                if let problem = options.take(option, value) { return Problem(word, problem) }
            }
        }
        return nil
    }

    private enum Found {
        case option(ClientOption)
        case missing(Problem)
    }

    private func find(_ word: ByteView) -> Found {
        if let option = ClientOption.named(word, for: options.tool) { return .option(option) }
        if let reason = MissingOption.reason(word) { return .missing(Problem(word, reason)) }
        let problem: StaticString = options.tool == .pub
            ? ": not understood; swiftlet pub --help tells what is"
            : ": not understood; swiftlet sub --help tells what is"
        return .missing(Problem(word, problem))
    }

    /// The file that `-o` names, which is read before the rest.
    private func findFile(_ arguments: Arguments, _ file: inout ByteView?) -> Problem? {
        var i = 0
        while i < arguments.count {
            if let option = ClientOption.named(arguments.text(i), for: options.tool) {
                if option == .optionsFile, i + 1 < arguments.count {
                    if file != nil { return Problem(arguments.text(i), ": one file is enough") }
                    file = arguments.text(i + 1)
                }
                if option.row.value != nil { i += 1 }
            }
            i += 1
        }
        return nil
    }

    /// Lines of an option and what belongs to it.
    private mutating func readFile(_ named: ByteView?) -> Problem? {
        let path = ByteWriter(memory.path, capacity: ClientMemory.pathBytes)
        guard let file = named ?? ClientEnvironment.optionsPath(options.tool, in: path) else { return nil }
        let name = UnsafeRawPointer(file.start).assumingMemoryBound(to: CChar.self)
        switch System.read(name, into: memory.text, capacity: ClientMemory.textBytes) {
        case .bytes(let count):
            var lines = TextLines(ByteView(memory.text, count))
            while let line = lines.next() {
                if var problem = take(line) {
                    problem.file = file
                    problem.line = lines.number
                    return problem
                }
            }
        case .tooLong:
            var problem = Problem(.empty, "longer than 65535 bytes")
            problem.file = file
            return problem
        case .failed(let error):
            // Only one that was asked for must be there.
            guard named != nil else { return nil }
            var problem = Problem(System.errorText(error), "")
            problem.file = file
            return problem
        }
        return nil
    }

    private mutating func take(_ line: ByteView) -> Problem? {
        var (word, value) = line.firstWord
        switch find(word) {
        case .missing(let problem): return problem
        case .option(let option):
            guard option.row.value != nil || value.isEmpty else { return Problem(word, ": nothing may follow") }
            guard option.row.value == nil || !value.isEmpty else { return Problem(word, ": something must follow") }
            if option.keepsSpaces { value = ClientCommand.untrimmed(word) }
            // The line's end, or a byte behind the file: names of files and variables need the zero.
            if !value.isEmpty { memory.text[value.start + value.count - UnsafePointer(memory.text)] = 0 }
            guard let problem = options.take(option, value) else { return nil }
            return Problem(word, problem)
        }
    }

    /// All that follows a word and a space. The file ends with a zero byte, which no line has.
    private static func untrimmed(_ word: ByteView) -> ByteView {
        let start = word.start + word.count + 1
        var count = 0
        while start[count] != 0, start[count] != UInt8(ascii: "\n") { count += 1 }
        while count > 0, start[count - 1] == UInt8(ascii: "\r") { count -= 1 }
        return ByteView(start, count)
    }

    private mutating func readPassword() -> Problem? {
        guard let file = options.passwordFile else { return nil }
        let name = UnsafeRawPointer(file.start).assumingMemoryBound(to: CChar.self)
        switch System.read(name, into: memory.password, capacity: ClientMemory.passwordBytes) {
        case .bytes(let count):
            let text = ByteView(memory.password, count)
            var end = text.firstIndex(of: UInt8(ascii: "\n")) ?? count
            if end > 0, text[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            guard end <= 65_535 else { return Problem(file, ": a password has at most 65535 bytes") }
            options.password = text.slice(0, end)
            return nil
        case .tooLong:
            return Problem(file, ": a password has at most 65535 bytes")
        case .failed(let error):
            var problem = Problem(System.errorText(error), "")
            problem.file = file
            return problem
        }
    }
}

extension ClientOptions {
    /// What cannot be meant together, or is not there.
    var contradiction: ClientCommand.Problem? {
        func problem(_ text: StaticString) -> ClientCommand.Problem { ClientCommand.Problem(.empty, text) }
        if tool == .pub, topic == nil || payload == .none {
            return problem("expected -t TOPIC and one of -f, -l, -m, -n and -s")
        }
        if tool == .sub, filters.isEmpty, unsubscribed.isEmpty { return problem("expected -t FILTER, or -U FILTER") }
        if willTopic == nil {
            if willPayload != nil { return problem("--will-payload: needs --will-topic") }
            if willRetain { return problem("--will-retain: needs --will-topic") }
        }
        if let willPayload, willPayload.count > 65_535 { return problem("--will-payload: longer than 65535 bytes") }
        if !cleanSession, clientID == nil { return problem("-c: needs a client id of its own, -i") }
        if user == nil, password != nil || passwordFile != nil { return problem("-P: needs a user name, -u") }
        if skipsRetained, isRetainedOnly { return problem("-R: makes no sense with --retained-only") }
        if let user, user.count > 65_535 || !UTF8Text.isValid(user) { return problem("-u: no user name") }
        if let clientID, clientID.count > 65_535 || !UTF8Text.isValid(clientID) { return problem("-i: no client id") }
        if let idPrefix, idPrefix.count > 65_000 || !UTF8Text.isValid(idPrefix) { return problem("-I: no client id") }
        if let password, password.count > 65_535 { return problem("-P: a password has at most 65535 bytes") }
        if let unixPath, unixPath.isEmpty || unixPath.count > 107 { return problem("--unix: no path of a socket") }
        if let host, host.isEmpty { return problem("-h: no host") }
        guard let format, let wrong = MessageFormat.check(format) else { return nil }
        var found = problem("-F: ")
        found.format = wrong
        return found
    }
}
