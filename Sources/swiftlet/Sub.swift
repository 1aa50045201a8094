import Base
import Client
import Linux
import Runtime
import Wire

/// `swiftlet sub`: shows messages as they come.
struct Sub: ~Copyable {
    private var session: ClientSession
    private var output: Output
    private let options: ClientOptions
    private let format: MessageFormat
    private let zone: ZoneRule
    /// When the time is up.
    private let deadline: Tick?
    private var shown = 0
    /// SUBSCRIBE and UNSUBSCRIBE of this connection: sent, answered, and answered with no.
    private var asked = 0
    private var answered = 0
    private var denied = 0
    /// The exit status, once it is decided: then nothing is shown any more.
    private var status: Int32?
    private var isOutputWatched = false
    /// The link may have more, for which there was no room when it was last asked.
    private var hasLeftSome = false
    private var isStopped = false

    static var outputToken: UInt32 { 2 }
    /// Retained messages that may wait to be removed: they come faster than they go.
    static var maxRemoved: Int { 500_000 }

    init(_ session: consuming ClientSession, _ output: consuming Output, _ options: ClientOptions, _ zone: ZoneRule) {
        deadline = options.timeoutSeconds > 0 ? session.now.advanced(byMs: options.timeoutSeconds * 1000) : nil
        self.session = session
        self.output = output
        self.options = options
        self.zone = zone
        if let text = options.format {
            format = .custom(text, endsLines: options.endsLines, isPretty: options.isPretty)
        } else if options.isVerbose {
            format = .topicAndPayload(endsLines: options.endsLines)
        } else {
            format = .payload(endsLines: options.endsLines)
        }
    }

    mutating func run() -> Int32 {
        session.start()
        session.flush()
        while true {
            wait()
            if let status = takeEvents() { return finish(status) }
            ask()
            output.flush()
            if output.isClosed { return failOutput() }
            watchOutput()
            session.flush()
        }
    }

    private mutating func wait() {
        var limit: UInt32?
        if let deadline, status == nil { limit = deadline.isBefore(session.now) ? 0 : deadline.msSince(session.now) }
        if hasLeftSome, !isWaitingForOutput { limit = 0 }
        // What could be taken if there were room is no reason to hurry.
        let count = session.wait(limit, ignoresLink: isWaitingForOutput && session.link.isIdle)
        var i = 0
        while i < count {
            let event = session.event(i)
            if event.flags & Event.stop != 0 {
                isStopped = true
                leave(Exit.success)
            } else if event.token == Sub.outputToken, event.flags & Event.failed != 0 {
                // Whoever read is gone.
                output.close()
            }
            i += 1
        }
        if let deadline, status == nil, !session.now.isBefore(deadline) {
            session.tell("timed out")
            leave(ClientExit.timeIsUp)
        }
    }

    private var isWaitingForOutput: Bool { output.isFull && status == nil }

    /// The exit status when all is over.
    private mutating func takeEvents() -> Int32? {
        while true {
            hasLeftSome = isWaitingForOutput
            guard !isWaitingForOutput, let event = session.next() else { return nil }
            switch event {
            case .connected:
                (asked, answered, denied) = (0, 0, 0)
                ask()
            case .message(let message, let ticket):
                if options.isDebugging {
                    output.flush()
                    session.debugMessage("received PUBLISH", message)
                }
                // Before anything that may end the connection; afterwards it is too late, and the message comes again.
                if message.qos != .atMostOnce { session.link.acknowledge(ticket) }
                if status == nil { take(message) }
            case .subscribed(let packetID, let code):
                if options.isDebugging { debugSubscribed(packetID, code) }
                if code == Suback.failure { denied += 1 }
                countAnswer()
            case .unsubscribed:
                countAnswer()
            case .published:
                break
            case .ended(let reason):
                if let status { return status }
                if let status = session.ended(reason) { return status }
            }
        }
    }

    /// Sends what of the subscriptions is not sent yet, as far as there is room.
    private mutating func ask() {
        let filters = options.filters.count
        while session.link.isUp, asked < filters + options.unsubscribed.count {
            if asked < filters {
                guard let id = session.link.subscribe(options.filters[asked], options.qos) else { return }
                if options.isDebugging { debugSubscribe(options.filters[asked], id) }
            } else {
                guard session.link.unsubscribe(options.unsubscribed[asked - filters]) != nil else { return }
            }
            asked += 1
        }
    }

    private mutating func countAnswer() {
        answered += 1
        let filters = options.filters.count
        guard answered == filters + options.unsubscribed.count else { return }
        if denied > 0, denied == filters {
            session.tell("All subscription requests were denied.")
            leave(ClientExit.denied)
        } else if options.exitsWhenSubscribed || filters == 0 {
            leave(Exit.success)
        }
    }

    private mutating func take(_ message: Publish) {
        if options.isRetainedOnly, !message.retain {
            leave(Exit.success)
            return
        }
        if options.filteredOut.matches(message.topic) { return }
        if options.removesRetained, message.retain,
            session.link.publish(message.topic, .empty, .atLeastOnce, retain: true) != .taken
        {
            session.tell("no room to remove ", message.topic)
        }
        if options.skipsRetained, message.retain { return }
        show(message)
        shown += 1
        if shown == options.count { leave(Exit.success) }
    }

    private mutating func show(_ message: Publish) {
        var time = LocalTime.unknown
        if format.needsTime {
            let now = System.wallTime()
            time = zone.time(seconds: now.seconds, nanoseconds: now.nanoseconds)
        }
        let received = ReceivedMessage(
            topic: message.topic, payload: message.payload, qos: message.qos, retain: message.retain,
            packetID: message.packetID, time: time)
        if !format.write(received, to: &output) {
            session.tell("message payload is not valid JSON on topic ", message.topic)
        }
    }

    /// Ends in order, once what was published is acknowledged.
    private mutating func leave(_ status: Int32) {
        guard self.status == nil else { return }
        self.status = status
        session.disconnect()
    }

    private mutating func finish(_ status: Int32) -> Int32 {
        // Somebody who does not read must not keep us from stopping.
        if isStopped { output.flush() } else { output.finish() }
        return status == Exit.success && output.isClosed ? failOutput() : status
    }

    /// That nobody reads is as with any program in a pipe: nobody needs to be told.
    private mutating func failOutput() -> Int32 {
        guard let error = output.error else { return ClientExit.outputClosed }
        session.tell("standard output: ", System.errorText(error))
        return Exit.failure
    }

    private mutating func watchOutput() {
        guard output.mayBlock, output.isBlocked != isOutputWatched else { return }
        isOutputWatched = output.isBlocked
        session.io.rewatch(
            Output.descriptor, interest: isOutputWatched ? Event.writable : 0, token: Sub.outputToken)
    }

    private mutating func debugSubscribe(_ filter: ByteView, _ packetID: UInt16) {
        session.beginDebug("sending SUBSCRIBE (Mid: ")
        session.line.number(Int(packetID))
        session.line.text(", Topic: ")
        session.line.escaped(filter)
        session.line.text(", QoS: ")
        session.line.number(Int(options.qos.rawValue))
        session.line.text(", Options: 0x00)")
        session.endDebug()
    }

    private mutating func debugSubscribed(_ packetID: UInt16, _ code: UInt8) {
        session.debug("received SUBACK")
        session.line.text("Subscribed (mid: ")
        session.line.number(Int(packetID))
        session.line.text("): ")
        session.line.number(Int(code))
        session.endDebug()
    }
}
