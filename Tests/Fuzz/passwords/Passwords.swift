import Base
import Broker
import Runtime

/// A line with a user name, which also serves as password; then a password file.
///
/// The file is right or wrong where a second reading says so, and has the entry for the user that this finds; and what
/// goes to the process that computes hashes arrives as it was sent. A file that is edited has the change and no other.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = Input(data, size)
    let user = input.line()
    checkMessage(input.rest)
    checkEdits(input.rest, user)
    withCopy(input.rest) { text in
        let file = Users(text.array)
        precondition(PasswordFile.check(text) == file.wrongLine, "another line is wrong")
        guard file.wrongLine == nil else { return }
        let entry = withCopy(user) { PasswordFile(text).find($0) }
        let expected = file.users.first { $0.name == user.array }
        precondition((entry == nil) == (expected == nil), "a user is found, or not, where the file says otherwise")
        guard let entry, let expected else { return }
        precondition(entry.kind.rawValue == expected.kind && entry.iterations == expected.iterations)
        precondition(entry.salt.array == expected.salt && entry.hash.array == expected.hash)
        checkBytes(entry.salt, max: PasswordFile.maxSaltBytes)
        checkBytes(entry.hash, max: PasswordFile.hashBytes)
        if user.count <= LoginRequest.maxPasswordBytes {
            checkRequest(LoginRequest(token: 0x8123_4567, entry: entry, password: user))
        }
    }
    return 0
}

/// Base64 that was found right decodes to its length, and needs all of the room for it.
private func checkBytes(_ text: ByteView, max: Int) {
    let count = withWriter(max) { Base64.decode(text, to: $0.start, capacity: max) }
    guard let count, (1...max).contains(count) else { preconditionFailure("Base64 of no length, or too long") }
    precondition(withWriter(count) { Base64.decode(text, to: $0.start, capacity: count) } == count)
    precondition(withWriter(count - 1) { Base64.decode(text, to: $0.start, capacity: count - 1) } == nil)
}

private func checkRequest(_ request: LoginRequest) {
    withWriter(LoginRequest.maxBytes) { writer in
        request.encode(to: &writer)
        withCopy(writer.written) { message in
            guard let got = LoginRequest.decode(message) else { preconditionFailure("a request gets lost") }
            precondition(got.token == request.token && got.kind == request.kind)
            precondition(got.iterations == request.iterations && got.salt.equals(request.salt))
            precondition(got.hash.equals(request.hash) && got.password.equals(request.password))
        }
    }
}

/// A message of whatever kind is understood as what it says, or not at all.
private func checkMessage(_ bytes: ByteView) {
    withCopy(bytes) { message in
        guard let request = LoginRequest.decode(message) else { return }
        withWriter(message.count) { writer in
            request.encode(to: &writer)
            precondition(writer.written.equals(message), "a request is not encoded as it was decoded")
        }
    }
}

private let newHash = "$6$c2FsdA==$aGFzaA==".array

/// Whatever stands in a file: a user who is set or removed is all that changes.
private func checkEdits(_ text: ByteView, _ user: ByteView) {
    guard PasswordFile.problem(ofUser: user) == nil else { return }
    let (before, name) = (Lines(text.array), user.array)
    let removed = edited(text, user) { editor in
        let isThere = withCopy(user) { editor.remove($0) }
        precondition(isThere == (before.count(name) > 0), "a user is there, or not, where the file says otherwise")
    }
    precondition(Lines(removed).others(name) == before.others(name) && Lines(removed).count(name) == 0)
    let set = edited(text, user) { editor in
        withCopy(user) { user in withView(newHash) { editor.set(user, hash: $0) } }
    }
    precondition(Lines(set).others(name) == before.others(name))
    precondition(Lines(set).count(name) == max(1, before.count(name)))
    withView(set) { set in
        let hash = withCopy(user) { PasswordFile(set).find($0)?.hash.array }
        precondition(hash == "aGFzaA==".array, "who was set is not found")
    }
    let hashed = edited(text, user) { editor in
        while case .password(let user, _) = editor.skipToPlain() {
            withView(newHash) { editor.put(user, hash: $0) }
        }
    }
    precondition(Lines(text.array).all.starts(with: Lines(hashed).all) { line, now in
        line == now || (Lines.user(line) != nil && Lines.user(line) == Lines.user(now))
    })
}

/// What an edit makes of a file, with just enough room for a change to each of its lines.
private func edited(_ text: ByteView, _ user: ByteView, _ edit: (inout PasswordEditor) -> Void) -> [UInt8] {
    let lines = text.array.count { $0 == UInt8(ascii: "\n") } + 2
    return withWriter(text.count + lines * (max(text.count, user.count) + newHash.count + 3)) { writer in
        var editor = PasswordEditor(text, target: writer)
        edit(&editor)
        precondition(!editor.isCut, "there was room")
        return editor.result.array
    }
}

/// The lines of a file without their ends, and whose they are.
private struct Lines {
    let all: [[UInt8]]

    init(_ text: [UInt8]) {
        let parts = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
        // Behind the end of the last line there is none.
        all = parts.last == [] ? parts.dropLast() : parts
    }

    func others(_ user: [UInt8]) -> [[UInt8]] { all.filter { Lines.user($0) != user } }
    func count(_ user: [UInt8]) -> Int { all.count { Lines.user($0) == user } }

    static func user(_ line: [UInt8]) -> [UInt8]? {
        let text = Model.trimmed(line)
        guard text.first != Model.hash, text.contains(UInt8(ascii: ":")) else { return nil }
        return Model.trimmed(Array(text.prefix { $0 != UInt8(ascii: ":") }))
    }
}

/// A password file, read the long way.
private struct Users {
    struct User {
        let name: [UInt8]
        let kind: UInt8
        let iterations: Int
        let salt: [UInt8]
        let hash: [UInt8]
    }

    private(set) var users: [User] = []
    private(set) var wrongLine: Int?

    init(_ text: [UInt8]) {
        for (number, line) in Model.lines(text) {
            guard let user = Users.user(line) else {
                wrongLine = number
                return
            }
            users.append(user)
        }
    }

    private static func user(_ line: [UInt8]) -> User? {
        let name = Array(line.prefix { $0 != UInt8(ascii: ":") })
        guard !name.isEmpty, name.count < line.count else { return nil }
        let fields = line.dropFirst(name.count + 1).split(
            separator: UInt8(ascii: "$"), omittingEmptySubsequences: false
        ).map { Array($0) }
        let isOld = fields.count == 4 && fields[1] == "6".array
        guard fields[0].isEmpty, isOld || (fields.count == 5 && fields[1] == "7".array) else { return nil }
        let (salt, hash) = (fields[fields.count - 2], fields[fields.count - 1])
        let iterations = isOld ? 1 : number(fields[2])
        guard (1...100_000).contains(iterations), (1...64).contains(byteCount(salt)), (1...64).contains(byteCount(hash))
        else { return nil }
        return User(name: name, kind: isOld ? 6 : 7, iterations: iterations, salt: salt, hash: hash)
    }

    /// Zero for what is no number; large enough for what is too large.
    private static func number(_ digits: [UInt8]) -> Int {
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return 0 }
        return digits.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), 1_000_000) }
    }

    /// Bytes that a text in Base64 stands for; zero when it is none.
    private static func byteCount(_ text: [UInt8]) -> Int {
        let padding = text.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
        let digits = text.dropLast(padding)
        guard text.count % 4 == 0, digits.allSatisfy(alphabet.contains) else { return 0 }
        return text.count / 4 * 3 - padding
    }

    private static let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".array
}
