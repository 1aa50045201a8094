import Base
import Broker
import Engine
import Wire

extension Server where Net: ~Copyable {
    /// Waits for something to happen and deals with it. False once the program is asked to end.
    public mutating func turn() -> Bool {
        let count = io.wait(memory.events, capacity: Memory.maxEvents, timeoutMs: timeoutMs())
        now = io.now()
        expire()
        var i = 0
        while i < count {
            dispatch(memory.events[i])
            i += 1
        }
        flushAll()
        if resumePaused() { flushAll() }
        reclaim()
        reportDrops()
        return !isStopping
    }

    /// Milliseconds until something is due; negative for never.
    private func timeoutMs() -> Int {
        if memory.dirty.count > 0 { return 0 }
        var wait: UInt32?
        func consider(_ ms: UInt32?) {
            if let ms { wait = min(ms, wait ?? ms) }
        }
        consider(memory.timers.msUntilNext(now: now))
        consider(memory.broker.msUntilExpiry(now: now))
        if let rest = acceptRestsUntil { consider(rest.msSince(now)) }
        if memory.paused.count > 0 { consider(pauseEnd.msSince(now)) }
        if hasUnreportedDrops { consider(reportDue.msSince(now)) }
        guard let wait else { return -1 }
        // One more, since the clock has moved on within its last millisecond.
        return Int(min(wait, UInt32(Int32.max) - 1)) + 1
    }

    private mutating func expire() {
        memory.broker.expire(now: now)
        while let index = memory.timers.expire(now: now) {
            guard let handle = memory.connections.handle(at: index) else {
                preconditionFailure("a timer without a connection")
            }
            guard let (due, reason) = memory.connections[handle].pointee.deadline(timeouts) else { continue }
            if now.isBefore(due) {
                memory.timers.schedule(index, due: due)
            } else {
                close(handle, reason)
            }
        }
        if let rest = acceptRestsUntil, !now.isBefore(rest) {
            acceptRestsUntil = nil
            watchListeners(Event.readable)
        }
    }

    private mutating func dispatch(_ event: Event) {
        if event.flags & Event.stop != 0 {
            isStopping = true
            return
        }
        if Int(event.token) < listenerCount {
            accept(listeners[Int(event.token)])
            return
        }
        let handle = Handle<Connection>(raw: event.token)
        guard let connection = memory.connections.find(handle), !connection.pointee.isClosing else {
            counters.lateEvents &+= 1
            return
        }
        if event.flags & Event.writable != 0, connection.pointee.isBlocked {
            connection.pointee.isBlocked = false
            if connection.pointee.session.isSome { memory.broker.setBlocked(connection.pointee.session, false) }
            markDirty(handle)
        }
        if event.flags & Event.failed != 0 {
            // What is wrong is learned by reading, even where reading was to wait.
            receive(handle)
        } else if event.flags & Event.readable != 0, connection.pointee.wantedInterest & Event.readable != 0 {
            if shouldPause(connection) { pause(handle) } else { receive(handle) }
        }
    }

    /// Makes the system's watch what the connection's state asks for. Costs a system call only when that changed.
    mutating func updateInterest(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        let wanted = connection.pointee.wantedInterest
        guard wanted != connection.pointee.interest else { return }
        connection.pointee.interest = wanted
        io.rewatch(connection.pointee.descriptor, interest: wanted, token: handle.raw)
    }

    /// Sees to it that the connection is looked at when its next deadline comes.
    mutating func updateDeadline(_ handle: Handle<Connection>) {
        guard let (due, _) = memory.connections[handle].pointee.deadline(timeouts) else { return }
        memory.timers.scheduleNoLater(handle.index, due: due)
    }

    mutating func markDirty(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        guard !connection.pointee.isDirty else { return }
        connection.pointee.isDirty = true
        memory.dirty.append(handle)
    }
}

// Back-pressure: while the message store is nearly full, those who fill it are not read.
extension Server where Net: ~Copyable {
    /// Longest pause. After that each one is read once, and what finds no room is dropped or refused: a store full of
    /// messages for clients that do not read must not silence all others.
    private var maxPauseMs: UInt32 { 1000 }
    private var pauseEnd: Tick { pausedSince.advanced(byMs: maxPauseMs) }

    /// Whether the connection shall wait. Those that only receive and acknowledge are what drains the store.
    func shouldPause(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        connection.pointee.hasPublished && memory.broker.isLow && memory.paused.hasRoom
    }

    mutating func pause(_ handle: Handle<Connection>) {
        if memory.paused.count == 0 { pausedSince = now }
        memory.connections[handle].pointee.isPaused = true
        memory.paused.append(handle)
        updateInterest(handle)
    }

    /// Answers whether anybody was resumed.
    private mutating func resumePaused() -> Bool {
        guard memory.paused.count > 0, !memory.broker.isLow || !now.isBefore(pauseEnd) else { return false }
        var i = 0
        while i < memory.paused.count {
            let handle = memory.paused[i]
            i += 1
            guard let connection = memory.connections.find(handle), connection.pointee.isPaused else { continue }
            connection.pointee.isPaused = false
            // The silence was ours.
            connection.pointee.lastPacket = now
            connection.pointee.inputSince = now
            updateInterest(handle)
            updateDeadline(handle)
            if memory.broker.isLow { receive(handle, evenIfStoreIsFull: true) }
        }
        memory.paused.removeAll()
        return true
    }
}
