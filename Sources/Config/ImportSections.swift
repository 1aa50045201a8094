import Base

/// Listeners and connections, and that none is more open than it was.
extension Importer {
    /// As many listeners or connections as there can be.
    private static var maxSections: Int { 8 }

    /// Whether a line in front of the first `listener` opens mosquitto's first listener.
    @inline(never) func hasKeysOfFirst() -> Bool {
        var all = lines
        while let line = all.next() {
            guard line.place == .listener(0) else { continue }
            if Importer.limit(.maxConnections, line) != nil { return true }
            if line.option == .bindInterface || line.option == .socketDomain { return true }
            // With per_listener_settings. mosquitto 1 does it for allow_anonymous, too.
            if line.option == .passwordFile { return true }
        }
        return false
    }

    /// Writes what stands in front of all sections.
    @inline(never) mutating func write(_ place: ImportPlace) {
        let isFirst = place == .listener(0) && opensFirst
        if isFirst { sheet.end() }
        let first = sheet.lineCount + 1
        if isFirst { writeFirst() }
        var obstacle = isFirst && isPerListener ? guardOfAll : nil
        var all = lines
        while let line = all.next() {
            guard line.place == place else { continue }
            if obstacle == nil, isGuard(line) { obstacle = line.key }
            write(line, from: first)
        }
        if let obstacle, isFirst { leaveOut(section: first, without: obstacle) }
    }

    /// Writes all listeners or all connections, in one go: there may be thousands.
    @inline(never) mutating func writeSections(of head: Option) {
        var count = head == .listener && hasLine(.listener) ? 1 : 0
        var first = 0
        var obstacle: ByteView?
        var all = lines
        while let line = all.next() {
            guard line.place.isBelow(head) else { continue }
            if line.option == head {
                if let obstacle, first > 0 {
                    leaveOut(section: first, without: obstacle)
                    count -= 1
                }
                sheet.end()
                first = count < Importer.maxSections ? sheet.lineCount + 1 : 0
                count += first > 0 ? 1 : 0
                obstacle = head == .listener && isPerListener ? guardOfAll : nil
            }
            if first > 0 {
                if obstacle == nil, isGuard(line) { obstacle = line.key }
                write(line, from: first)
            } else if line.option == head {
                leaveOut(line, "more than 8 lines of this key")
            } else {
                sheet.text("# ")
                sheet.line(line.key, line.value, origin: line.number)
            }
        }
        if let obstacle, first > 0 { leaveOut(section: first, without: obstacle) }
    }

    /// The `listener` line for mosquitto's first listener.
    @inline(never) private mutating func writeFirst() {
        writeListener(
            port?.value.firstWord.word ?? ByteView("1883"), address?.value ?? .empty,
            origin: port?.number ?? address?.number ?? 0)
    }

    /// Whether others could read or do more without this line.
    @inline(never) func isGuard(_ line: ImportLine) -> Bool {
        if line.option == .protocolName { return !line.value.firstWord.word.equals("mqtt") }
        guard let foreign = line.foreign else { return false }
        return foreign.isGuard(line.key) && !guardsAll(line) && !Importer.saysNothing(foreign, line.value)
    }

    /// The same, of all listeners.
    @inline(never) func guardsAll(_ line: ImportLine) -> Bool {
        guard let foreign = line.foreign else { return false }
        return foreign.guardsAll(line.key, isPerListener: isPerListener)
    }

    @inline(never) mutating func leaveOut(section head: Int, without key: ByteView) {
        giveReason("left out with all below it, as it must not be without ", key)
        sheet.leaveOut(head, reason.view)
    }

    /// Lets nobody in, or nobody without a password.
    @inline(never) mutating func shut(without key: ByteView, keepsPasswords: Bool) {
        giveReason("must not be without ", key)
        shut(keepsPasswords: keepsPasswords)
    }

    @inline(never) private mutating func shut(keepsPasswords: Bool) {
        // No listener is left that has access of its own.
        if isPerListener, let number = sheet.lastLine(of: ByteView(Option.perListenerSettings.row.name)) {
            sheet.leaveOut(number, reason.view)
        }
        if !keepsPasswords, let number = sheet.lastLine(of: ByteView(Option.passwordFile.row.name)) {
            sheet.leaveOut(number, reason.view)
        }
        let key = ByteView(Option.allowAnonymous.row.name)
        guard let number = sheet.lastLine(of: key) else { return sheet.insert("allow_anonymous false", below: 1) }
        guard Importer.flag(sheet.words(number).value) != false else { return }
        sheet.leaveOut(number, reason.view)
        sheet.insert("allow_anonymous false", below: number + 1)
    }

    @inline(never) private mutating func giveReason(_ text: StaticString, _ key: ByteView) {
        reason.removeAll()
        reason.text(text)
        reason.escaped(key)
    }

    /// Where no listener is left, this machine is served, but nobody whom mosquitto would refuse.
    @inline(never) mutating func closeDoor() {
        if let guardOfLocal {
            giveReason("must not be without ", guardOfLocal)
        } else {
            guard !isLocal, !hasLine(.listener) else { return }
            giveReason("no listener is left", .empty)
        }
        shut(keepsPasswords: false)
    }
}
