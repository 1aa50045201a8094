import Base
import Linux
import Runtime
import Wire

/// `swiftlet pub`: publishes one message, so many times, or a message for each line.
struct Pub: ~Copyable {
    private var session: ClientSession
    private var lines: PubLines
    private let options: ClientOptions
    private let topic: ByteView
    private let payload: PubPayload
    /// Messages that were given to the link, and those that have arrived, or with QoS 0 were sent.
    private var published = 0
    private var arrived = 0
    /// When the next one of several may go.
    private var nextDue: Tick
    /// The link had no room for the last one. A message that arrives makes some.
    private var isFull = false
    /// Nothing more is to be sent.
    private var isDone = false
    private var status = Exit.success

    /// Messages that may wait in the link beside those on their way.
    static var maxWaiting: Int { 256 }
    /// What the link can hold of one message.
    static var maxLineBytes: Int { 100 << 20 }
    /// Of those that need no waiting, so many are sent before anything else is looked at.
    private static var maxPerTurn: Int { 64 }

    init(
        _ session: consuming ClientSession, _ lines: consuming PubLines, _ options: ClientOptions, _ topic: ByteView,
        _ payload: PubPayload
    ) {
        nextDue = session.now
        self.session = session
        self.lines = lines
        self.options = options
        self.topic = topic
        self.payload = payload
    }

    mutating func run() -> Int32 {
        session.start()
        session.flush()
        while true {
            wait()
            if let status = takeEvents() { return status }
            if session.link.isUp, !isDone {
                if isByLine { publishLines() } else { publishRepeatedly() }
            }
            session.flush()
        }
    }

    private var isByLine: Bool {
        if case .lines = payload { return true }
        return false
    }

    private mutating func wait() {
        var limit: UInt32?
        if session.link.isUp, !isDone {
            if isByLine {
                if lines.hasEnded ? session.link.hasSentAll : lines.canGoOn && canTake { limit = 0 }
            } else if options.qos == .atMostOnce, published > arrived, session.link.hasSentAll {
                limit = 0
            } else if published == arrived {
                limit = nextDue.isBefore(session.now) ? 0 : nextDue.msSince(session.now)
            }
        }
        lines.watch(session.link.isUp && canTake && !isDone, &session.io)
        let count = session.wait(limit)
        var i = 0
        while i < count {
            lines.handle(session.event(i), &session.io)
            i += 1
        }
    }

    /// The exit status when all is over.
    private mutating func takeEvents() -> Int32? {
        while let event = session.next() {
            switch event {
            case .published(let packetID, _):
                countArrived()
                if options.isDebugging { debugArrived(packetID) }
            case .message(let message, let ticket):
                // Of a session whose subscriptions somebody else has made.
                if message.qos != .atMostOnce { session.link.acknowledge(ticket) }
            case .ended(let reason):
                if isDone { return status }
                if let status = session.ended(reason) { return status }
                // What went down with the connection is sent again.
                if options.qos == .atMostOnce, session.link.queuedCount == 0 { published = arrived }
            case .connected, .subscribed, .unsubscribed:
                break
            }
        }
        return nil
    }

    private mutating func countArrived() {
        isFull = false
        arrived += 1
        nextDue = session.now.advanced(byMs: options.repeatDelayMs)
    }

    /// One after the other: the next when the one before has arrived.
    private mutating func publishRepeatedly() {
        var round = 0
        while round < Pub.maxPerTurn, !isDone, session.link.isUp {
            round += 1
            if options.qos == .atMostOnce, published > arrived, session.link.hasSentAll { countArrived() }
            if arrived >= options.repeatCount {
                finish(Exit.success)
                return
            }
            guard published == arrived, !session.now.isBefore(nextDue) else { return }
            let (taken, bytes) = give()
            guard accept(taken, bytes) else { return }
            session.flush()
        }
    }

    private mutating func give() -> (Link.Taken, bytes: Int) {
        switch payload {
        case .text(let text):
            return (session.link.publish(topic, text, options.qos, retain: options.retain), text.count)
        case .file(let descriptor, let bytes):
            return (
                session.link.publish(topic, file: descriptor, bytes: bytes, options.qos, retain: options.retain), bytes)
        case .lines, .failed:
            preconditionFailure("no single payload")
        }
    }

    private mutating func publishLines() {
        var unflushed = 0
        var round = 0
        while canTake, round < Pub.maxPerTurn {
            switch lines.next() {
            case .line(let line):
                let taken = session.link.publish(topic, line, options.qos, retain: options.retain)
                guard accept(taken, line.count) else { return }
                lines.drop()
                unflushed += topic.count + line.count + 8
                if unflushed >= PubLines.flushBytes {
                    session.flush()
                    unflushed = 0
                    round += 1
                }
            case .needMore:
                return
            case .tooLong:
                session.tell("a line is longer than 104857600 bytes")
                finish(ClientExit.tooLong)
                return
            case .end:
                session.flush()
                if session.link.hasSentAll { finish(Exit.success) }
                return
            }
        }
    }

    /// Whether a further line may be given to the link. With QoS 0 none waits while others do.
    private var canTake: Bool { options.qos == .atMostOnce ? session.link.queuedCount == 0 : !isFull }

    /// Whether the link has taken a message.
    private mutating func accept(_ taken: Link.Taken, _ bytes: Int) -> Bool {
        switch taken {
        case .taken:
            published += 1
            if options.isDebugging { debugPublish(bytes) }
            return true
        case .full:
            isFull = true
            return false
        case .tooLong:
            session.tell("the message is longer than a message can be")
            finish(ClientExit.tooLong)
            return false
        }
    }

    private mutating func finish(_ status: Int32) {
        isDone = true
        self.status = status
        session.disconnect()
    }

    private mutating func debugPublish(_ bytes: Int) {
        session.beginDebug("sending PUBLISH (d0, q")
        session.line.number(Int(options.qos.rawValue))
        session.line.text(options.retain ? ", r1, m" : ", r0, m")
        session.line.number(published)
        session.line.text(", '")
        session.line.escaped(topic)
        session.line.text("', ... (")
        session.line.number(bytes)
        session.line.text(" bytes))")
        session.endDebug()
    }

    private mutating func debugArrived(_ packetID: UInt16) {
        session.beginDebug(options.qos == .atLeastOnce ? "received PUBACK (Mid: " : "received PUBCOMP (Mid: ")
        session.line.number(Int(packetID))
        session.line.text(", RC:0)")
        session.endDebug()
    }
}
