import Base
import Broker
import Config

// A new board config, while the broker runs.
extension Server where Net: ~Copyable {
    /// Why a board config cannot be put in force at all, or nil.
    public func obstacle(_ new: Settings) -> StaticString? {
        if new.mode != settings.mode { return "mode can only be changed by a restart" }
        if new.usesPasswords, !mayUsePasswords { return "password_file can only be added by a restart" }
        if new.usesACL, !mayUseACL { return "acl_file can only be added by a restart" }
        if new.isPerListener != settings.isPerListener {
            return "per_listener_settings can only be changed by a restart"
        }
        if new.isPerListener, !hasSameListeners(new) {
            return "with per_listener_settings, listeners can only be changed by a restart"
        }
        return bridgeObstacle(new)
    }

    /// Puts a board config in force that was checked whole and has no obstacle; its access files are in force already
    /// (`commitAccess`). What only a restart can change stays as it is, and is named in the log.
    public mutating func reload(_ new: Settings) {
        var merged = new
        var i: UInt8 = 0
        while let option = Option(rawValue: i) {
            i += 1
            guard option.needsRestart, option.row.kind.hasDefault,
                merged.limits[option] != settings.limits[option]
            else { continue }
            // One limit by two names, told by the one that the file has.
            if option == .maxConnections, new.hasSaid(.globalMaxConnections) { continue }
            merged.limits[option] = settings.limits[option]
            reportNeedsRestart(option)
        }
        if new.logsToStandardError != settings.logsToStandardError || new.logsToSyslog != settings.logsToSyslog {
            reportNeedsRestart(.logDest)
        }
        settings = merged
        reporter.levels = merged.logLevels
        reporter.hasTime = merged.logsTime
        timeouts = Timeouts(merged.limits)
        updateDeadlines()
        memory.broker.use(merged)
        changeListeners()
        reloadBridges()
        reportReloaded()
    }

    /// Where less time is allowed than before, connections are to be looked at sooner.
    private mutating func updateDeadlines() {
        var index = 0
        while index < memory.connections.capacity {
            if let handle = memory.connections.handle(at: index) { updateDeadline(handle) }
            index += 1
        }
    }

    private func hasSameListeners(_ new: Settings) -> Bool {
        guard new.listenerCount == settings.listenerCount else { return false }
        var i = 0
        while i < new.listenerCount {
            if !new.listener(i).isSamePlace(as: settings.listener(i)) { return false }
            i += 1
        }
        return true
    }

    /// Closes what is no longer wanted, keeps what is, and opens what is new. Connections stay, whichever listener they
    /// came by.
    private mutating func changeListeners() {
        var i = 0
        while i < listenerCount {
            if let wanted = wantedIndex(of: memory.listeners[i].settings) {
                // The whole of it: paths point into the text of the config, which is a new one.
                memory.listeners[i].settings = settings.listener(wanted)
                // A socket knows its device by a number, which is another one when the device was made anew.
                if !memory.listeners[i].settings.interface.isEmpty { reopenListener(i) }
            } else if memory.listeners[i].isWanted {
                reportListener(.listenerClosed, i)
                closeListener(i)
            }
            i += 1
        }
        i = 0
        while i < settings.listenerCount {
            if !isServed(settings.listener(i)) { openListener(i) }
            i += 1
        }
    }

    private mutating func reopenListener(_ index: Int) {
        guard memory.listeners[index].descriptor >= 0 else { return }
        io.close(memory.listeners[index].descriptor)
        memory.listeners[index].descriptor = -1
        if open(index) != nil {
            reportListener(.listenFailed, index)
            scheduleListenAgain()
        }
    }

    private func wantedIndex(of place: Settings.Listener) -> Int? {
        var i = 0
        while i < settings.listenerCount {
            if settings.listener(i).isSamePlace(as: place) { return i }
            i += 1
        }
        return nil
    }

    private func isServed(_ wanted: Settings.Listener) -> Bool {
        var i = 0
        while i < listenerCount {
            if memory.listeners[i].isWanted, memory.listeners[i].settings.isSamePlace(as: wanted) { return true }
            i += 1
        }
        return false
    }

    private mutating func openListener(_ wanted: Int) {
        var place = 0
        while place < listenerCount, memory.listeners[place].isWanted || memory.listeners[place].connectionCount > 0 {
            place += 1
        }
        guard place < Memory.maxListeners else {
            reportNeedsRestart(.listener)
            return
        }
        listenerCount = max(listenerCount, place + 1)
        memory.listeners[place] = Listener()
        memory.listeners[place].settings = settings.listener(wanted)
        memory.listeners[place].accessIndex = settings.accessIndex(ofListener: wanted)
        if open(place) != nil {
            reportListener(.listenFailed, place)
            scheduleListenAgain()
        } else if memory.listeners[place].descriptor >= 0 {
            reportListener(.listening, place)
        }
    }
}
