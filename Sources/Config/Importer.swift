import Base

/// Makes a board config of a mosquitto.conf: what has a counterpart here in the form and the order that it has here,
/// what has none as a comment, with the reason.
public struct Importer {
    private let text: ByteView
    var sheet: ImportSheet
    var reason: Line
    private(set) var isPerListener = false
    private(set) var listenerCount = 0
    /// The lines of mosquitto's old way to say where to listen.
    private(set) var port: ImportLine?
    private(set) var address: ImportLine?
    /// Whether mosquitto listens there, beside what `listener` lines say.
    private(set) var opensFirst = false
    /// The keys of lines that say who may come in, or what they may do: for all, and for mosquitto's first listener.
    private(set) var guardOfAll: ByteView?
    private var guardOfFirst: ByteView?
    /// What all listeners together may have, by their own limits, or by the default of who has none.
    private var connections = 0
    private var limitedCount = 0
    private(set) var maxClients = Option.maxClients
    /// The longest packet, where it is longer than by default.
    var packetBytes = 0
    /// Lines that mean something to mosquitto, and all.
    private var knownCount = 0
    private var count = 0
    /// The file is a board config already.
    public private(set) var isOwn = false
    /// The line with which mosquitto would not start: per_listener_settings with two values, or set too late.
    public private(set) var lateLine: Int?

    /// The memory it needs.
    public static var bytes: Int { ImportSheet.bytes + Line.logBytes }

    /// `memory` has room for `bytes`.
    public init(_ text: ByteView, memory: UnsafeMutableRawPointer) {
        self.text = text
        sheet = ImportSheet(memory)
        let line = (memory + ImportSheet.bytes).assumingMemoryBound(to: UInt8.self)
        reason = Line(line, capacity: Line.logBytes)
        survey()
    }

    /// There are lines, and mosquitto knows none of them.
    public var isSenseless: Bool { count > 0 && knownCount == 0 }
    /// The board config would be longer than one may be.
    public var isTooLong: Bool { sheet.isFull }
    /// The board config so far.
    public var result: ByteView { sheet.text }

    /// Hands over what is left out: the line of the file, the key, the reason.
    public func report(_ body: (Int, ByteView, ByteView) -> Void) {
        sheet.report { number, key, reason in
            // Of listeners that come of another line.
            let old = number == port?.number ? port : number == address?.number ? address : nil
            body(number, old?.key ?? key, reason)
        }
    }

    /// Nobody but this machine is served, as no line says where to listen.
    var isLocal: Bool { listenerCount == 0 && !opensFirst }
    /// What this machine alone is served without, and must not be.
    var guardOfLocal: ByteView? { isLocal ? guardOfFirst ?? (isPerListener ? guardOfAll : nil) : nil }
    var lines: ImportLines { ImportLines(text, isPerListener: isPerListener) }

    @inline(never) private mutating func survey() {
        var all = lines
        var saidPerListener: Bool?
        var hasAccess = false
        while let line = all.next() {
            count += 1
            let isOfUCI = line.key[0] == ImportUCI.mark || line.key.equals("use_uci")
            if line.option != nil || line.foreign != nil || isOfUCI { knownCount += 1 }
            if line.key.equals("mode") || line.key.equals("base") { isOwn = true }
            if line.key.equals("port") { port = line }
            if line.key.equals("bind_address") { address = line }
            if let option = line.option, option.isOfAccess || option == .allowZeroLengthClientID { hasAccess = true }
            if line.foreign == .plugins { hasAccess = true }
            if line.option == .perListenerSettings, let flag = Importer.flag(line.value) {
                if saidPerListener == !flag || flag && hasAccess { lateLine = lateLine ?? line.number }
                saidPerListener = flag
                isPerListener = isPerListener || flag
            }
            if let number = Importer.limit(.maxConnections, line) {
                connections = min(connections + number, Option.maxClients)
                limitedCount += 1
            }
            maxClients = Importer.limit(.globalMaxClients, line) ?? maxClients
        }
        listenerCount = all.listenerCount
        surveyGuards()
        opensFirst = port != nil || address != nil || listenerCount > 0 && (guardOfFirst != nil || hasKeysOfFirst())
        if limitedCount < max(1, listenerCount + (opensFirst ? 1 : 0)) { connections += Limits(.broker).maxConnections }
    }

    /// The number of such a line, if it limits anything and is not too large.
    static func limit(_ option: Option, _ line: ImportLine) -> Int? {
        guard line.option == option, let number = ConfigValue.signed(line.value.firstWord.word), number > 0,
            number <= Option.maxClients
        else { return nil }
        return number
    }

    @inline(never) private mutating func surveyGuards() {
        var all = lines
        while let line = all.next() {
            if guardOfAll == nil, guardsAll(line) { guardOfAll = line.key }
            if guardOfFirst == nil, line.place == .listener(0), isGuard(line) { guardOfFirst = line.key }
        }
    }

    /// Writes all that the file says; what of it contradicts itself, `withdraw` takes back. The file may be one of
    /// OpenWrt's that its script does not use.
    @inline(never) public mutating func convert(isUsed: Bool = true) {
        sheet.note("# Made by swiftlet --import. What has no counterpart is a comment, with the reason below it.")
        if !isUsed {
            sheet.note("# OpenWrt's script does not use that file, as it has no use_uci 1, but mosquitto.conf.")
        }
        write(.board)
        if !opensFirst { write(.listener(0)) }
        if !isLocal, !isPerListener, !hasLine(.allowAnonymous) {
            sheet.note("# mosquitto 2 lets nobody in without a password, unless told to; mosquitto 1 lets everybody.")
            sheet.line(ByteView(Option.allowAnonymous.row.name), ByteView("false"), origin: 0)
        }
        if let guardOfAll, !isPerListener {
            shut(without: guardOfAll, keepsPasswords: hasLine(.aclFile))
        }
        writeLimits()
        if opensFirst { write(.listener(0)) }
        writeSections(of: .listener)
        write(.connection(0))
        writeSections(of: .connection)
        closeDoor()
    }

    /// Makes a comment of what an error is about. False when there is nothing left.
    @inline(never) public mutating func withdraw(_ error: ConfigError) -> Bool {
        describe(error)
        var found = error.line > 0 ? error.line : sheet.lastLine(of: error.key)
        if found == nil, case .exceeds(let other) = error.problem {
            found = sheet.lastLine(of: ByteView(other.row.name))
            reason.removeAll()
            reason.text("has no room for ")
            reason.bytes(error.key)
        }
        guard let number = found ?? sheet.lastLine(of: nil), !isTooLong else { return false }
        // Without it, others would be served, too, or might do more. The key stands in the sheet.
        let option = Option.named(sheet.words(number).key)
        sheet.leaveOut(number, reason.view)
        if let option, option == .bindInterface || option == .socketDomain || option == .aclFile {
            let name = ByteView(option.row.name)
            if option != .aclFile || isPerListener, let head = sheet.head(upTo: number) {
                leaveOut(section: head, without: name)
            } else if option == .aclFile {
                shut(without: name, keepsPasswords: false)
            }
        }
        closeDoor()
        return true
    }

    /// Writes what the plan needs.
    @inline(never) public mutating func write(budget: Int) {
        sheet.end()
        sheet.note("# More than by default, for that is what the limits above take.")
        sheet.line(ByteView(Option.memoryBudget.row.name), budget, origin: 0)
    }

    /// What is wrong, without the place; a second line by its number in the file that is imported.
    @inline(never) private mutating func describe(_ error: ConfigError) {
        reason.removeAll()
        if case .clash(let text, let other) = error.problem {
            reason.text(text)
            reason.text(" line ")
            reason.number(sheet.origin(other))
            return
        }
        error.write(file: .empty, to: &reason)
        // Behind the line's number and the key.
        let words = reason.view.firstWord.rest.dropFirst(error.key.count + 2)
        words.copy(to: UnsafeMutablePointer(mutating: reason.view.start))
        let count = words.count
        reason.removeAll()
        reason.bytes(ByteView(reason.view.start, count))
    }

    @inline(never) func hasLine(_ option: Option) -> Bool {
        sheet.lastLine(of: ByteView(option.row.name)) != nil
    }

    private mutating func writeLimits() {
        sheet.end()
        sheet.note("# Limits that the file does not set. mosquitto then has 1000 queued messages for one, since 2.1")
        sheet.note("# packets of 2000000 bytes, and no other limit. Here these are in force:")
        if !hasLine(.maxConnections), !hasLine(.globalMaxConnections) {
            let count = min(connections, maxClients)
            sheet.line(ByteView(Option.globalMaxConnections.row.name), count, origin: 0)
        }
        writeLimit(.maxKeepAlive)
        writeLimit(.maxPacketSize)
        writeLimit(.maxQueuedMessages)
        writeLimit(.maxQueuedBytes)
        writeLimit(.offlineMessageExpiry)
        writeLimit(.persistentClientExpiration)
        writeLimit(.maxSubscriptionsPerClient)
    }

    @inline(never) private mutating func writeLimit(_ option: Option) {
        guard !hasLine(option) else { return }
        sheet.line(ByteView(option.row.name), Limits(.broker)[option], origin: 0)
    }

    @inline(never) mutating func write(_ line: ImportLine, from first: Int) {
        if let foreign = line.foreign {
            if foreign == .listenerAddress || Importer.saysNothing(foreign, line.value) { return }
            return sheet.line(line.key, line.value, origin: line.number, leftOut: foreign.reason)
        }
        guard let option = line.option else {
            if line.key[0] == ImportUCI.mark {
                return sheet.line(
                    line.key.dropFirst(1), line.value, origin: line.number,
                    leftOut: ByteView("OpenWrt's script does not hand it on to mosquitto"))
            }
            return leaveOut(
                line, line.key.equals("use_uci")
                    ? "mosquitto does not use this file; import /etc/mosquitto/mosquitto.conf"
                    : "mosquitto has no such option")
        }
        if option.isOfAccess, line.place == .listener(0), listenerCount > 0, !opensFirst {
            return leaveOut(line, "mosquitto has it for no listener, as it stands in front of the first")
        }
        if !option.row.kind.mayRepeat, let earlier = sheet.lastLine(of: line.key, from: first) {
            reason.removeAll()
            reason.text("what holds is said in line ")
            reason.number(line.number)
            sheet.leaveOut(earlier, reason.view)
        }
        write(option, line)
    }

    @inline(never) mutating func leaveOut(_ line: ImportLine, _ reason: StaticString) {
        sheet.line(line.key, line.value, origin: line.number, leftOut: ByteView(reason))
    }
}
