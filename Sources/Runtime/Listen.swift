import Base
import Broker
import Config

/// A place where connections are accepted.
struct Listener {
    var settings = Settings.Listener()
    /// Below zero while its address is not there.
    var descriptor: Int32 = -1
    /// With the port that was given out.
    var address = Address.any
    var connectionCount = 0
    var accessIndex = 0
    /// False once a reload has closed it.
    var isWanted = true
}

// Listeners: opened at start, tried again while their address is not there, changed when the board config is.
extension Server where Net: ~Copyable {
    private var listenAgainMs: UInt32 { 5000 }

    /// Opens all listeners. Answers the first that the system refuses, and what it said. An address that is not there
    /// is no refusal.
    public mutating func open() -> (listener: Settings.Listener, error: Int32)? {
        while listenerCount < settings.listenerCount {
            memory.listeners[listenerCount].settings = settings.listener(listenerCount)
            memory.listeners[listenerCount].accessIndex = settings.accessIndex(ofListener: listenerCount)
            listenerCount += 1
            if let error = open(listenerCount - 1) { return (memory.listeners[listenerCount - 1].settings, error) }
        }
        return nil
    }

    /// Answers the system's error number if it refuses.
    mutating func open(_ index: Int) -> Int32? {
        let wanted = memory.listeners[index].settings
        memory.listeners[index].address = wanted.address
        let result = wanted.isLocal
            ? io.listenLocal(wanted.path) : io.listen(&memory.listeners[index].address, interface: wanted.interface)
        switch result {
        case .done(let descriptor):
            memory.listeners[index].descriptor = Int32(descriptor)
            let interest = acceptRestsUntil == nil ? Event.readable : 0
            if case .done = io.watch(Int32(descriptor), interest: interest, token: UInt32(index)) { return nil }
            return 0
        case .absent:
            scheduleListenAgain()
            reportListener(.listenFailed, index)
            return nil
        case .failed(let error):
            return error
        case .again, .closed, .exhausted:
            return 0
        }
    }

    mutating func scheduleListenAgain() {
        if listenAgainAt == nil { listenAgainAt = now.advanced(byMs: listenAgainMs) }
    }

    mutating func listenAgain() {
        guard let at = listenAgainAt, !now.isBefore(at) else { return }
        listenAgainAt = nil
        var i = 0
        while i < listenerCount {
            if memory.listeners[i].descriptor < 0, memory.listeners[i].isWanted {
                if open(i) != nil {
                    // Somebody else has the port by now; that may pass, too.
                    reportListener(.listenFailed, i)
                    scheduleListenAgain()
                } else if memory.listeners[i].descriptor >= 0 {
                    reportListener(.listening, i)
                }
            }
            i += 1
        }
    }

    mutating func watchListeners(_ interest: UInt32) {
        var i = 0
        while i < listenerCount {
            if memory.listeners[i].descriptor >= 0 {
                io.rewatch(memory.listeners[i].descriptor, interest: interest, token: UInt32(i))
            }
            i += 1
        }
    }

    mutating func closeListener(_ index: Int) {
        if memory.listeners[index].descriptor >= 0 { io.close(memory.listeners[index].descriptor) }
        if memory.listeners[index].settings.isLocal { io.removeLocal(memory.listeners[index].settings.path) }
        memory.listeners[index].descriptor = -1
        memory.listeners[index].isWanted = false
    }
}
