import Base
import Bridge
import Broker
import Client
import Config
import Linux
import Runtime

/// Reads and checks board config, password and ACL files. What is wrong is told in one line, `problem`.
struct Loader {
    /// What went wrong last.
    private(set) var problem: Line
    /// Two board configs: the one in force, to which its settings point, and one that is to replace it.
    private let texts: UnsafeMutablePointer<UInt8>
    private var half = 0
    private let accessText: UnsafeMutablePointer<UInt8>

    /// Of a board config, and of the passwords that its connections have in files.
    private static var textBytes: Int { ConfigFile.mergedBytes + Settings.maxBridges * passwordBytes }
    private static var configBytes: Int { ConfigFile.maxBytes + 1 }
    private static var passwordBytes: Int { ClientSettings.maxPasswordBytes }
    private static var accessBytes: Int { (1 << 20) + 4096 }
    private static var pathBytes: Int { 4096 }
    /// The memory a loader needs.
    static var bytes: Int { Line.logBytes + 2 * textBytes + accessBytes + ConfigFile.maxBases * pathBytes }

    init(_ memory: UnsafeMutablePointer<UInt8>) {
        problem = Line(memory, capacity: Line.logBytes)
        texts = memory + Line.logBytes
        accessText = texts + 2 * Loader.textBytes
    }

    /// The settings of a board config, with what the command line says put over them; nil when something is wrong. They
    /// last until the next call, unless `keep` says that they are in force.
    mutating func settings(_ config: Command.Config, _ arguments: Arguments) -> Settings? {
        problem.removeAll()
        let text = texts + (1 - half) * Loader.textBytes
        var count = 0
        if let file = config.file {
            guard let read = read(arguments.path(file), into: text, capacity: Loader.configBytes) else { return nil }
            count = read
        }
        guard let result = parse(text, count, config, arguments) else { return nil }
        switch result {
        case .settings(var settings):
            if settings.mode == .client, let error = ClientCheck.problem(settings, scratch: accessText) {
                note(settings.locating(error), config, arguments)
                return nil
            }
            if settings.mode == .bridge, let error = BridgeCheck.problem(settings, scratch: accessText) {
                note(settings.locating(error), config, arguments)
                return nil
            }
            if config.isVerbose { settings.logLevels = .usual }
            return settings
        case .bad(let error):
            note(error, config, arguments)
            return nil
        }
    }

    /// Parses a board config with its bases, if it has any; nil when one cannot be read.
    private mutating func parse(
        _ text: UnsafeMutablePointer<UInt8>, _ count: Int, _ config: Command.Config, _ arguments: Arguments
    ) -> ConfigFile.Result? {
        guard let file = config.file, let first = ConfigFile.base(of: ByteView(text, count)) else {
            return ConfigFile.parse(ByteView(text, count), port: config.port)
        }
        guard let base = read(first, of: arguments.text(file), 0) else { return nil }
        var bases = ConfigFile.Bases()
        bases.append(base)
        while bases.count < ConfigFile.maxBases, let next = bases.next {
            guard let base = read(next, of: System.text(path(ofBase: bases.count - 1)), bases.count) else { return nil }
            bases.append(base)
        }
        // The whole takes the place of the file.
        accessText.copyBytes(from: text, count: count)
        let scratch = accessText + (1 + ConfigFile.maxBases) * Loader.configBytes
        return ConfigFile.parse(ByteView(accessText, count), bases, to: text, scratch: scratch, port: config.port)
    }

    /// Reads what `file` names as its base, which is the one of this index.
    private mutating func read(_ base: (number: Int, name: ByteView), of file: ByteView, _ index: Int) -> ByteView? {
        let folder = base.name.starts(with: "/") ? .empty : Arguments.folder(file)
        let isTooLong = folder.count + base.name.count >= Loader.pathBytes
        let isInput = folder.isEmpty && base.name.equals("-")
        let hasZero = base.name.firstIndex(of: 0) != nil
        let isWrong = isTooLong || isInput || hasZero
        let text: StaticString = isTooLong
            ? "a path of more than 4095 bytes" : hasZero ? "expected the path of a file" : "cannot be standard input"
        ConfigError(line: base.number, .base, isWrong ? text : "").write(file: file, to: &problem)
        guard !isWrong else { return nil }
        var path = ByteWriter(pathStart(ofBase: index), capacity: Loader.pathBytes)
        path.bytes(folder)
        path.bytes(base.name)
        path.byte(0)
        let target = accessText + (1 + index) * Loader.configBytes
        guard let count = read(self.path(ofBase: index), into: target, capacity: Loader.configBytes) else { return nil }
        problem.removeAll()
        return ByteView(target, count)
    }

    /// Where the path stands of a base that was read last.
    private func pathStart(ofBase index: Int) -> UnsafeMutablePointer<UInt8> {
        accessText + Loader.accessBytes + index * Loader.pathBytes
    }

    private func path(ofBase index: Int) -> UnsafePointer<CChar> {
        UnsafeRawPointer(pathStart(ofBase: index)).assumingMemoryBound(to: CChar.self)
    }

    private mutating func note(_ error: ConfigError, _ config: Command.Config, _ arguments: Arguments) {
        var files = InlineArray<4, ByteView>(repeating: ByteView("built-in"))
        if let index = config.file { files[0] = arguments.text(index) }
        var i = 0
        while i < ConfigFile.maxBases {
            files[i + 1] = System.text(path(ofBase: i))
            i += 1
        }
        error.write(files: files, to: &problem)
    }

    /// Puts the password in its place that the settings say is in a file; false when it cannot be read. It lasts as
    /// long as the loader reads no access files, and client mode has none.
    mutating func password(_ settings: inout Settings) -> Bool {
        problem.removeAll()
        guard let path = settings.client.passwordFile else { return true }
        guard let password = password(in: path) else { return false }
        settings.client.password = password
        return true
    }

    /// The same for the connections of a bridge. These last as long as the settings.
    mutating func bridgePasswords(_ settings: inout Settings) -> Bool {
        problem.removeAll()
        var room = texts + (1 - half) * Loader.textBytes + ConfigFile.mergedBytes
        var i = 0
        while i < settings.bridgeCount {
            if let path = settings.bridge(i).passwordFile {
                guard let password = password(in: path) else { return false }
                password.copy(to: room)
                settings.bridgePasswords[i] = ByteView(room, password.count)
                room += password.count
            }
            i += 1
        }
        return true
    }

    /// All of the first line of a file, spaces too; nil when it is no password.
    @inline(never) private mutating func password(in path: ByteView) -> ByteView? {
        var room = accessText
        guard let text = read(path, at: &room) else { return nil }
        let line = text.slice(0, text.firstIndex(of: UInt8(ascii: "\n")) ?? text.count)
        let hasReturn = !line.isEmpty && line[line.count - 1] == UInt8(ascii: "\r")
        let password = line.slice(0, line.count - (hasReturn ? 1 : 0))
        guard !password.isEmpty, password.count <= ClientSettings.maxPasswordBytes else {
            wrong(path, 1, "expected a password of up to 512 bytes")
            return nil
        }
        return password
    }

    /// Room for the rule of the time zone, behind any password. Void when access files are read.
    var zoneMemory: UnsafeMutablePointer<UInt8> { accessText + Loader.accessBytes - ClientEnvironment.zoneBytes }

    /// What the system says of its memory; empty if it does not. Void as the rule of the time zone.
    func memoryInformation() -> ByteView {
        let path: StaticString = "/proc/meminfo"
        let name = UnsafeRawPointer(path.utf8Start).assumingMemoryBound(to: CChar.self)
        guard case .bytes(let count) = System.read(name, into: zoneMemory, capacity: ClientEnvironment.zoneBytes)
        else { return .empty }
        return ByteView(zoneMemory, count)
    }

    /// See `ClientCheck`.
    func programHearing(_ topic: ByteView, _ settings: Settings) -> Int? {
        ClientCheck.programHearing(topic, settings, scratch: accessText)
    }

    /// A path with its zero byte. Void at the next call.
    mutating func path(_ word: ConfigWord) -> UnsafePointer<CChar> {
        accessText[word.copy(to: accessText)] = 0
        return UnsafeRawPointer(accessText).assumingMemoryBound(to: CChar.self)
    }

    mutating func path(_ text: ByteView) -> UnsafePointer<CChar> {
        text.copy(to: accessText)
        accessText[text.count] = 0
        return UnsafeRawPointer(accessText).assumingMemoryBound(to: CChar.self)
    }

    /// The settings that were loaded last are in force now; those before are void.
    mutating func keep() { half = 1 - half }

    /// Whether a plan stays within its budget.
    mutating func accepts(_ plan: Plan) -> Bool {
        problem.removeAll()
        if plan.fits { return true }
        problem.text("needs ")
        problem.number(plan.total)
        problem.text(" bytes of memory, memory_budget is ")
        problem.number(plan.budget)
        problem.text("; --plan shows what takes them")
        return false
    }

    /// The access files that the settings name, checked, and the passwords of connections put in their places; nil when
    /// something is wrong. The files are void at the next call.
    @inline(never) mutating func access(_ settings: inout Settings) -> AccessTexts? {
        problem.removeAll()
        guard bridgePasswords(&settings) else { return nil }
        var texts = AccessTexts()
        var room = accessText
        var i = 0
        while i < settings.accessCount {
            let access = settings.access(i)
            if let path = access.passwordFile {
                guard let text = read(path, at: &room) else { return nil }
                if let number = PasswordFile.check(text) {
                    wrong(path, number, "expected USER:$7$ITERATIONS$SALT$HASH or USER:$6$SALT$HASH")
                    return nil
                }
                texts.passwords[i] = text
            }
            if let path = access.aclFile {
                guard let text = read(path, at: &room) else { return nil }
                if let number = Broker.checkACL(text) {
                    wrong(path, number, "expected user NAME, or topic or pattern [read|write|readwrite|deny] FILTER")
                    return nil
                }
                texts.acls[i] = text
            }
            i += 1
        }
        guard texts.bytes <= settings.limits.maxAccessBytes else {
            note("password_file and acl_file together are longer than max_access_size")
            return nil
        }
        return texts
    }

    /// Notes a problem that the loader itself cannot know of.
    mutating func note(_ text: StaticString) {
        problem.removeAll()
        problem.text(text)
    }

    /// A file named in the board config, to `room`, which moves on behind it.
    @inline(never)
    private mutating func read(_ path: ByteView, at room: inout UnsafeMutablePointer<UInt8>) -> ByteView? {
        // The path with its zero byte stands in front of the contents.
        let capacity = accessText + Loader.accessBytes - room
        guard path.count + 2 < capacity else {
            note("password_file and acl_file are too long")
            return nil
        }
        path.copy(to: room)
        room[path.count] = 0
        let name = UnsafeRawPointer(room).assumingMemoryBound(to: CChar.self)
        let start = room + path.count + 1
        guard let count = read(name, into: start, capacity: capacity - path.count - 1) else { return nil }
        room = start + count
        return ByteView(start, count)
    }

    private mutating func read(
        _ path: UnsafePointer<CChar>, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> Int? {
        let result = System.read(path, into: target, capacity: capacity)
        if case .bytes(let count) = result { return count }
        problem.escaped(System.text(path))
        problem.text(": ")
        switch result {
        case .tooLong:
            problem.text("longer than ")
            problem.number(capacity - 1)
            problem.text(" bytes")
        case .failed(let error):
            problem.bytes(System.errorText(error))
        case .bytes:
            break
        }
        return nil
    }

    private mutating func wrong(_ path: ByteView, _ number: Int, _ expected: StaticString) {
        problem.escaped(path)
        problem.text(":")
        problem.number(number)
        problem.text(": ")
        problem.text(expected)
    }
}
