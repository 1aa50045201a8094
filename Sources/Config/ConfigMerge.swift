import Base

/// One board config made of two: of a file, and of its base, from which is taken what the file does not say.
///
/// In this order: what stands above the sections of the file; the base, where the lines of a connection that both have
/// follow its `connection` line; the other sections of the file. Comments are left out.
struct ConfigMerge {
    private let own: ByteView
    private let base: ByteView
    private let isPerListener: Bool
    /// What the file says of the whole board; that there are lines of `listener`, `subscribe` or `publish` is a part
    /// of it.
    private var said = Options()

    private let target: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private var count = 0
    /// Lines that are written, and where the last one stands.
    private var number = 0
    private var last = LinePlace(file: 0, line: 0)
    private(set) var origins: LineOrigins
    private let level: Int
    private(set) var isTooLong = false
    /// Whether the file says of `per_listener_settings` another thing than the base, and the base says who may come in:
    /// below a listener that would hold for others than it was meant for.
    private(set) var changesAccess = false
    private let changesPerListener: Bool

    init(
        _ own: ByteView, base: ByteView, to target: UnsafeMutablePointer<UInt8>, capacity: Int,
        _ origins: LineOrigins, level: Int
    ) {
        self.own = own
        self.base = base
        self.target = target
        self.capacity = capacity
        self.origins = origins
        self.level = level
        let key = Option.perListenerSettings
        let ofBase = ConfigMerge.flag(key, in: base) ?? false
        isPerListener = ConfigMerge.flag(key, in: own) ?? ofBase
        changesPerListener = isPerListener != ofBase
        noteSaid()
        writeHead()
        writeBase()
        writeRest()
    }

    var text: ByteView { ByteView(target, count) }

    private static func flag(_ option: Option, in text: ByteView) -> Bool? {
        guard let line = ConfigFile.line(of: option, in: text) else { return nil }
        return ConfigValue.flag(line.value)
    }

    // MARK: What is said

    /// Whether a key says something of its section only.
    @inline(never) private func isOf(_ section: SectionLines.Section, _ option: Option) -> Bool {
        switch section {
        case .none: false
        case .listener: option.isOfListener || isPerListener && option.isOfAccess
        case .connection: option.isOfConnection
        case .line: option.isOfLine
        }
    }

    /// Two keys for one thing: whoever says the one does not want the other.
    private static func thing(_ option: Option) -> Option {
        switch option {
        case .globalMaxConnections: .maxConnections
        case .remotePasswordFile: .remotePassword
        default: option
        }
    }

    private mutating func noteSaid() {
        var lines = SectionLines(own)
        while lines.next() != nil {
            // Connections have names, and what a base says of its own base is no matter of this file's.
            guard let option = lines.option, option != .connection, option != .base, !isOf(lines.section, option)
            else { continue }
            said.insert(ConfigMerge.thing(option))
        }
    }

    // MARK: The parts

    @inline(never) private mutating func writeHead() {
        var lines = SectionLines(own)
        while let line = lines.nextInSection() { write(line, LinePlace(file: 0, line: lines.number)) }
    }

    private mutating func writeBase() {
        var lines = SectionLines(base)
        var isSectionLeftOut = false
        var saidOfConnection = Options()
        while let line = lines.next() {
            let place = LinePlace(file: 1, line: lines.number)
            guard let option = lines.option else {
                write(line, place)
                continue
            }
            if option == .connection {
                isSectionLeftOut = false
                write(line, place)
                saidOfConnection = Options()
                let name = line.firstWord.rest
                if isFirst(name, lines.number, in: base) { writeSection(name, noting: &saidOfConnection) }
                continue
            }
            if lines.beginsSection { isSectionLeftOut = said.contains(option) }
            let isOfSection = isOf(lines.section, option)
            // Who may come in by a listener stands below it, even where that holds for all of them.
            let isAccess = lines.section == .listener && option.isOfAccess
            let isLeftOut: Bool
            if lines.beginsSection || isSectionLeftOut && (isOfSection || isAccess) {
                isLeftOut = isSectionLeftOut
            } else if isOfSection {
                isLeftOut = lines.section == .connection && saidOfConnection.contains(ConfigMerge.thing(option))
            } else {
                isLeftOut = said.contains(ConfigMerge.thing(option))
            }
            if isLeftOut { continue }
            if changesPerListener, option.isOfAccess { changesAccess = true }
            write(line, place)
        }
    }

    /// What the file says below a connection, if it has that one; `said` takes up which keys.
    private mutating func writeSection(_ name: ByteView, noting said: inout Options) {
        var lines = SectionLines(own)
        guard lines.find(connection: name) != nil else { return }
        while let line = lines.nextInSection() {
            write(line, LinePlace(file: 0, line: lines.number))
            if let option = lines.option, option.isOfConnection { said.insert(ConfigMerge.thing(option)) }
        }
    }

    private mutating func writeRest() {
        var lines = SectionLines(own)
        var isWritten = true
        while let line = lines.next() {
            if lines.beginsSection {
                var others = SectionLines(base)
                let name = line.firstWord.rest
                isWritten = lines.option == .connection && isFirst(name, lines.number, in: own)
                    && others.find(connection: name) != nil
            }
            if !isWritten { write(line, LinePlace(file: 0, line: lines.number)) }
        }
    }

    /// Whether no connection above line `number` has the same name.
    private func isFirst(_ name: ByteView, _ number: Int, in text: ByteView) -> Bool {
        var lines = SectionLines(text)
        return lines.find(connection: name) == number
    }

    // MARK: The text

    @inline(never) private mutating func write(_ line: ByteView, _ place: LinePlace) {
        if last.line == 0 || place.file != last.file || place.line <= last.line {
            origins.begin(at: number + 1, place, level: level)
        } else {
            // For each line that is left out there is an empty one.
            var skipped = last.line + 1
            while skipped < place.line {
                end()
                skipped += 1
            }
        }
        last = place
        guard capacity - count > line.count else {
            isTooLong = true
            return
        }
        line.copy(to: target + count)
        count += line.count
        end()
    }

    private mutating func end() {
        guard count < capacity else {
            isTooLong = true
            return
        }
        target[count] = UInt8(ascii: "\n")
        count += 1
        number += 1
    }
}
