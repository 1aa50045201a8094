import Base
import Client
import Config
import Wire

extension Agent where Net: ~Copyable {
    private var dayMs: UInt32 { 86_400_000 }
    /// Events of the link in one turn, so that programs and signals have theirs.
    private var eventsPerTurn: Int { 256 }

    /// Waits for something to happen and deals with it. False once the program is asked to end.
    public mutating func turn() -> Bool {
        let count = io.wait(memory.events, capacity: AgentMemory.maxEvents, timeoutMs: timeoutMs())
        now = io.now()
        memory.link.advance(now, &io)
        var i = 0
        while i < count {
            dispatch(memory.events[i])
            i += 1
        }
        takeEvents()
        endOverdue()
        startActions()
        subscribe()
        noteLost()
        publishDue()
        memory.link.flush(&io)
        age()
        reportDrops()
        reporter.reportRepeated(&io, now: now)
        return !isStopping
    }

    /// Milliseconds until something is due, or a day.
    private func timeoutMs() -> Int {
        if isBehind, memory.queue.mayTake { return 0 }
        var wait = dayMs
        func consider(_ ms: UInt32?) {
            if let ms { wait = min(ms, wait) }
        }
        consider(memory.link.msUntilDue(now))
        consider(memory.queue.msUntilStart(now: now))
        if wasConnected { consider(memory.schedule.msUntilNext(now: now)) }
        consider(msUntilOverdue())
        if let due = reporter.repeatedDue { consider(due.msSince(now)) }
        if hasUnreportedDrops { consider(reportDue.msSince(now)) }
        // One more, since the clock has moved on within its last millisecond.
        return wait == 0 ? 0 : Int(wait) + 1
    }

    mutating func dispatch(_ event: Event) {
        if event.flags & Event.stop != 0 {
            isStopping = true
        } else if event.flags & Event.reload != 0 {
            reportCannotReload()
        } else if event.flags & Event.report != 0 {
            reportPools()
        } else if event.flags & Event.ended != 0 {
            reapPrograms()
        } else if event.token == AgentMemory.linkToken {
            memory.link.handle(event, &io)
        } else {
            serveProgram(Handle<ProgramRun>(raw: event.token), event.flags)
        }
    }

    /// What has happened on the link, as long as there is room for another message. A new connection does not wait for
    /// room, neither for the end of a broken one nor to be accepted.
    private mutating func takeEvents() {
        var taken = 0
        isBehind = true
        while taken < eventsPerTurn {
            if !memory.queue.mayTake {
                memory.link.abandon(&io)
                if memory.link.isUp { return }
            }
            guard let event = memory.link.next(&io) else {
                isBehind = false
                return
            }
            taken += 1
            take(event)
        }
    }

    private mutating func take(_ event: LinkEvent) {
        switch event {
        case .connected(let sessionPresent):
            wasConnected = true
            isConnected = true
            // With the session the broker has kept the subscriptions, unless an earlier run has made other ones.
            hasSubscribed = sessionPresent && hasSubscribed
            subscribedLines = hasSubscribed ? memory.queue.lineCount : 0
            memory.schedule.connected(sessionPresent: sessionPresent, now: now)
            reportConnected(sessionPresent: sessionPresent)
        case .message(let publish, let ticket):
            take(publish, ticket)
        case .published(let packetID, _):
            reportPublished(packetID)
        case .subscribed(let packetID, let code):
            reportSubscribed(packetID, code)
            noteSubscribed()
        case .unsubscribed:
            break
        case .ended(let reason):
            reportEnded(reason)
            guard !isStopping else { return }
            if case .primaryIsBack = reason { memory.link.start(&io) } else { memory.link.retry(&io) }
        }
    }

    /// Asks for the messages of all filters, as far as the link has room.
    private mutating func subscribe() {
        guard memory.link.isUp else { return }
        while subscribedLines < memory.queue.lineCount {
            let index = subscribedLines
            memory.subscriptions[index] = 0
            if let qos = wantedQoS(index) {
                memory.scratch.removeAll()
                let filter = place(memory.queue.line(index).topic)
                guard let packetID = memory.link.subscribe(filter, qos) else { return }
                memory.subscriptions[index] = packetID
            }
            subscribedLines += 1
        }
    }

    /// What the connection has not lived to see answered is asked for again with the next one.
    private mutating func noteSubscribed() {
        guard subscribedLines == memory.queue.lineCount else { return }
        var index = 0
        while index < memory.queue.lineCount {
            if memory.subscriptions[index] != 0 { return }
            index += 1
        }
        hasSubscribed = true
    }

    /// The highest QoS of all lines with this line's filter; nil when an earlier one has it, or it does not subscribe.
    private func wantedQoS(_ index: Int) -> QoS? {
        let line = memory.queue.line(index)
        guard !line.kind.isPublication else { return nil }
        var qos = line.qos
        var i = 0
        while i < memory.queue.lineCount {
            let other = memory.queue.line(i)
            if i != index, !other.kind.isPublication, other.topic.equals(line.topic) {
                if i < index { return nil }
                qos = max(qos, other.qos)
            }
            i += 1
        }
        return QoS(rawValue: qos)
    }

    /// Ticks that lie weeks apart cannot be compared.
    private mutating func age() {
        guard now.msSince(agedAt) >= dayMs else { return }
        agedAt = now
        memory.queue.age(now: now)
        memory.schedule.age(now: now)
        reporter.age(now: now, limit: dayMs)
    }
}
