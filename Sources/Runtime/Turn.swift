import Base
import Broker
import Config
import Engine
import Wire

extension Server where Net: ~Copyable {
    /// Waits for something to happen and deals with it. False once the program is asked to end.
    public mutating func turn() -> Bool {
        let count = io.wait(memory.events, capacity: Memory.maxEvents, timeoutMs: timeoutMs())
        now = io.now()
        memory.broker.expire(now: now)
        advanceBridges()
        var i = 0
        while i < count {
            dispatch(memory.events[i])
            i += 1
        }
        // Who was heard of is not silent: what we were too late to read was not sent too late.
        if hasHeardAll(count) { expire() }
        takeFromBridges()
        listenAgain()
        ageTicks()
        publishSystemTopics()
        flushAll()
        if resumePaused() { flushAll() }
        reclaim()
        tellOfBridges()
        reportDrops()
        reporter.reportRepeated(&io, now: now)
        return !isStopping
    }

    /// Milliseconds until something is due, or a day.
    private func timeoutMs() -> Int {
        if !memory.dirty.isEmpty || memory.broker.hasDirty || areBridgesBehind { return 0 }
        var wait = dayMs
        func consider(_ ms: UInt32?) {
            if let ms { wait = min(ms, wait) }
        }
        consider(memory.timers.msUntilNext(now: now))
        consider(memory.broker.msUntilExpiry(now: now))
        if let rest = acceptRestsUntil { consider(rest.msSince(now)) }
        if let again = listenAgainAt { consider(again.msSince(now)) }
        consider(msUntilBridges())
        if let due = systemTopicsDue { consider(due.msSince(now)) }
        if memory.paused.count > 0 { consider(pauseEnd.msSince(now)) }
        if let due = reporter.repeatedDue { consider(due.msSince(now)) }
        if hasUnreportedDrops { consider(reportDue.msSince(now)) }
        // One more, since the clock has moved on within its last millisecond.
        return Int(wait) + 1
    }

    /// Whether everybody who had something to say was read: one wait does not tell of many, but in turn of all.
    private mutating func hasHeardAll(_ count: Int) -> Bool {
        fullWaits = count < Memory.maxEvents ? 0 : fullWaits + 1
        if fullWaits * Memory.maxEvents > memory.connections.capacity { fullWaits = 0 }
        return fullWaits == 0
    }

    private mutating func expire() {
        while let index = memory.timers.expire(now: now) {
            guard let handle = memory.connections.handle(at: index) else {
                preconditionFailure("a timer without a connection")
            }
            guard let (due, reason) = memory.connections[handle].pointee.deadline(timeouts) else { continue }
            if now.isBefore(due) {
                memory.timers.schedule(index, due: due)
            } else if reason == .outputStalled, hasDrained(handle) {
                updateDeadline(handle)
            } else if let reason {
                close(handle, reason)
            } else {
                endThrottle(handle)
            }
        }
        if let rest = acceptRestsUntil, !now.isBefore(rest) {
            acceptRestsUntil = nil
            watchListeners(Event.readable)
        }
    }

    /// The system says that it takes bytes again only when a good part of its buffer is free, which on a slow link is
    /// long after the peer has begun to read: so what it still holds is compared with what it held before.
    private mutating func hasDrained(_ handle: Handle<Connection>) -> Bool {
        let connection = memory.connections[handle]
        let unsent = UInt32(io.unsent(connection.pointee.descriptor))
        defer { connection.pointee.unsentBytes = unsent }
        guard unsent < connection.pointee.unsentBytes else { return false }
        connection.pointee.blockedSince = now
        return true
    }

    private mutating func dispatch(_ event: Event) {
        if event.flags & (Event.stop | Event.reload | Event.report) != 0 {
            if event.flags & Event.stop != 0 { isStopping = true }
            if event.flags & Event.reload != 0 { isReloadAsked = true }
            if event.flags & Event.report != 0 { reportPools() }
            return
        }
        if event.flags & (Event.granted | Event.denied) != 0 {
            finishLogin(Handle<Connection>(raw: event.token), isGranted: event.flags & Event.granted != 0)
            return
        }
        if Int(event.token) < listenerCount {
            if acceptRestsUntil == nil { accept(Int(event.token)) }
            return
        }
        if let index = bridgeIndex(event.token) {
            memory.bridges[index].link.handle(event, &io)
            return
        }
        let handle = Handle<Connection>(raw: event.token)
        // An earlier event of this wait may have closed it.
        guard let connection = memory.connections.find(handle), !connection.pointee.isClosing else { return }
        if event.flags & Event.writable != 0, connection.pointee.isBlocked {
            connection.pointee.isBlocked = false
            if connection.pointee.session.isSome { memory.broker.setBlocked(connection.pointee.session, false) }
            markDirty(handle)
        }
        if event.flags & Event.failed != 0 {
            receiveLast(handle)
        } else if event.flags & Event.readable != 0, connection.pointee.wantedInterest & Event.readable != 0 {
            if shouldPause(connection) { pause(handle) } else { receive(handle) }
        }
    }

    /// The connection is broken, which the system does not stop saying: what is left is read and done now, even where
    /// reading was to wait.
    private mutating func receiveLast(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        if connection.pointee.isWaitingForLogin {
            close(handle, .networkError)
            return
        }
        connection.pointee.isBroken = true
        if connection.pointee.isThrottled {
            connection.pointee.isThrottled = false
            if !connection.pointee.input.isEmpty { takeUp(handle) }
        }
        if !connection.pointee.isClosing { receive(handle) }
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
        let connection = memory.connections[handle]
        // One that was closed in between has no timer any more, and its slot is free soon.
        guard !connection.pointee.isClosing, let (due, _) = connection.pointee.deadline(timeouts) else { return }
        memory.timers.scheduleNoLater(handle.index, due: due)
    }

    mutating func markDirty(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        guard !connection.pointee.isDirty else { return }
        connection.pointee.isDirty = true
        memory.dirty.append(handle, in: memory.connections)
    }
}

// `max_message_rate`: who sends faster is read no faster.
extension Server where Net: ~Copyable {
    /// Counts a message and answers whether the client has sent its share for this second.
    mutating func countMessage(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        let limit = settings.limits.maxMessageRate
        guard limit > 0, !connection.pointee.isBroken else { return false }
        if now.msSince(connection.pointee.rateSecond) >= 1000 {
            connection.pointee.rateSecond = now
            connection.pointee.messagesThisSecond = 0
        }
        connection.pointee.messagesThisSecond += 1
        return Int(connection.pointee.messagesThisSecond) >= limit
    }

    private mutating func endThrottle(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        connection.pointee.isThrottled = false
        connection.pointee.messagesThisSecond = 0
        connection.pointee.rateSecond = now
        // The silence was ours.
        connection.pointee.lastPacket = now
        connection.pointee.inputSince = now
        if connection.pointee.input.isEmpty { updateInterest(handle) } else { takeUp(handle) }
        updateDeadline(handle)
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
        connection.pointee.hasPublished && connection.pointee.refusal == nil && memory.broker.isLow
            && memory.paused.hasRoom
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
