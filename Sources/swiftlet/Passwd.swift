import Base
import Broker
import Linux
import Runtime

/// `swiftlet passwd`: makes and edits password files.
extension Program {
    mutating func runPasswd() -> Int32 {
        switch PasswdCommand.parse(arguments) {
        case .help:
            writePasswdHelp()
            return Exit.success
        case .wrong(let index, let problem):
            return refuse(arguments.text(index), problem)
        case .unclear(let problem):
            return refuse(problem)
        case .run(let command):
            guard let memory = System.map(PasswdMemory.bytes) else {
                begin()
                line.text("no memory to edit a file")
                end(to: .error)
                return Exit.failure
            }
            return edit(command, PasswdMemory(memory))
        }
    }

    private mutating func edit(_ command: PasswdCommand, _ memory: PasswdMemory) -> Int32 {
        var user = ByteView.empty
        var hash = Line(memory.hash, capacity: PasswdMemory.hashBytes)
        if command.action != .hashAll {
            user = arguments.text(command.user)
            if let problem = PasswordFile.problem(ofUser: user) { return refuse(problem) }
        }
        if command.action == .set || command.action == .create {
            // Nobody is to type a password in vain.
            guard let file = openEdited(command) else { return Exit.failure }
            file.close()
            guard let password = password(command, memory) else { return Exit.usage }
            PasswordHash.write(password, command.kind, iterations: command.iterations, to: &hash)
        }
        guard let file = openEdited(command) else { return Exit.failure }
        var text = ByteView.empty
        if command.action != .create {
            guard let contents = contents(of: file, command, memory) else { return Exit.failure }
            text = contents
        }
        var editor = PasswordEditor(text, target: ByteWriter(memory.result, capacity: PasswdMemory.maxFileBytes))
        switch command.action {
        case .set, .create:
            editor.set(user, hash: hash.view)
        case .remove:
            guard editor.remove(user) else { return fail(command, ": no such user: ", user) }
        case .hashAll:
            guard hashAll(command, &editor, memory) else { return Exit.usage }
        }
        if editor.isCut { return fail(command, ": would be longer than 1048576 bytes", .empty) }
        if let error = file.replace(editor.result) {
            return fail(command, ": cannot be replaced: ", System.errorText(error))
        }
        return Exit.success
    }

    /// False when there is a line that cannot be hashed; then it is told which.
    private mutating func hashAll(
        _ command: PasswdCommand, _ editor: inout PasswordEditor, _ memory: PasswdMemory
    ) -> Bool {
        while true {
            switch editor.skipToPlain() {
            case .password(let user, let password):
                var hash = Line(memory.hash, capacity: PasswdMemory.hashBytes)
                PasswordHash.write(password, command.kind, iterations: command.iterations, to: &hash)
                editor.put(user, hash: hash.view)
            case .wrong(let problem):
                begin()
                line.escaped(arguments.text(command.file))
                line.text(":")
                line.number(editor.number)
                line.text(": ")
                line.text(problem)
                end(to: .error)
                return false
            case .end:
                return true
            }
        }
    }

    /// The file that is to be edited; says what is wrong with it and answers nil.
    private mutating func openEdited(_ command: PasswdCommand) -> EditedFile? {
        let path = arguments.path(command.file)
        switch EditedFile.open(path) {
        case .file(let file):
            return file
        case .absent:
            if command.action == .create { return .new(path) }
            _ = fail(command, ": no such file; -c makes one", .empty)
        case .irregular:
            _ = fail(command, ": not an ordinary file", .empty)
        case .failed(let error):
            _ = fail(command, ": ", System.errorText(error))
        }
        return nil
    }

    private mutating func contents(
        of file: EditedFile, _ command: PasswdCommand, _ memory: PasswdMemory
    ) -> ByteView? {
        switch file.read(into: memory.text, capacity: PasswdMemory.maxFileBytes + 1) {
        case .bytes(let count):
            return ByteView(memory.text, count)
        case .tooLong:
            _ = fail(command, ": longer than 1048576 bytes", .empty)
        case .failed(let error):
            _ = fail(command, ": ", System.errorText(error))
        }
        return nil
    }

    /// Says what is wrong with the file.
    private mutating func fail(_ command: PasswdCommand, _ problem: StaticString, _ detail: ByteView) -> Int32 {
        begin()
        line.escaped(arguments.text(command.file))
        line.text(problem)
        line.escaped(detail)
        end(to: .error)
        return Exit.failure
    }

    private mutating func refuse(_ problem: StaticString) -> Int32 {
        begin()
        line.text(problem)
        end(to: .error)
        return Exit.usage
    }

    /// The password that the command line, the terminal or a pipe says; nil when it is none, and then it is told why.
    private mutating func password(_ command: PasswdCommand, _ memory: PasswdMemory) -> ByteView? {
        if let word = command.password { return accepted(arguments.text(word)) }
        guard let password = read("Password: ", into: memory.password), let password = accepted(password) else {
            return nil
        }
        guard System.inputIsTerminal else { return password }
        guard let again = read("Password again: ", into: memory.again) else { return nil }
        guard again.equals(password) else {
            _ = refuse("the two passwords differ")
            return nil
        }
        return password
    }

    /// What is too long comes as long as that.
    private mutating func read(_ prompt: StaticString, into target: UnsafeMutablePointer<UInt8>) -> ByteView? {
        switch System.readSecret(prompt: prompt, into: target, capacity: PasswdMemory.passwordBytes) {
        case .bytes(let count):
            return ByteView(target, count)
        case .tooLong:
            return ByteView(target, PasswdMemory.passwordBytes)
        case .failed(let error):
            begin()
            line.text("no password: ")
            line.bytes(System.errorText(error))
            end(to: .error)
            return nil
        }
    }

    private mutating func accepted(_ password: ByteView) -> ByteView? {
        if password.isEmpty {
            _ = refuse("no password")
        } else if password.count > LoginRequest.maxPasswordBytes {
            _ = refuse("a password has at most 1024 bytes")
        } else if password.firstIndex(of: 0) != nil {
            _ = refuse("a password has no zero byte")
        } else {
            return password
        }
        return nil
    }
}

/// What `swiftlet passwd` works with. Of what is not touched nothing is taken.
struct PasswdMemory {
    let text: UnsafeMutablePointer<UInt8>
    let result: UnsafeMutablePointer<UInt8>
    let password: UnsafeMutablePointer<UInt8>
    let again: UnsafeMutablePointer<UInt8>
    let hash: UnsafeMutablePointer<UInt8>

    /// A broker reads none that is longer: `max_access_size` cannot be more.
    static var maxFileBytes: Int { 1 << 20 }
    /// One more than a password may have, and the end of a line.
    static var passwordBytes: Int { LoginRequest.maxPasswordBytes + 2 }
    static var hashBytes: Int { 160 }
    static var bytes: Int { 2 * maxFileBytes + 1 + 2 * passwordBytes + hashBytes }

    init(_ memory: UnsafeMutableRawPointer) {
        text = memory.assumingMemoryBound(to: UInt8.self)
        result = text + PasswdMemory.maxFileBytes + 1
        password = result + PasswdMemory.maxFileBytes
        again = password + PasswdMemory.passwordBytes
        hash = again + PasswdMemory.passwordBytes
    }
}
