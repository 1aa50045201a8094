import Base
import Glibc
import Linux
import Runtime
import Wire

/// An MQTT 3.1.1 client for Swift programs, made of the parts that Swiftlet itself uses. It connects again by itself
/// for as long as it runs, subscribes again, and sends again what the broker has not acknowledged.
///
///     let client = try MQTTClient(.init(host: "192.168.1.1"))
///     client.onMessage = { print($0.topic, $0.text) }
///     try client.subscribe("sensors/#", .atLeastOnce)
///     client.run()
///
/// `run` is the client's loop: on a thread of the caller's, or by `start` on one of its own. Callbacks are called from
/// that thread, one at a time, and are set before it runs. All methods may be called from any thread, and from
/// callbacks.
public final class MQTTClient: @unchecked Sendable {
    /// The broker has accepted the connection, and remembers an earlier session or not.
    public var onConnect: (@Sendable (_ sessionPresent: Bool) -> Void)?
    /// The answer to `subscribe`: the granted QoS, or nil for a filter that was refused.
    public var onSubscribe: (@Sendable (_ filter: String, _ granted: QoS?) -> Void)?
    /// A message of QoS 1 or 2 has arrived at the broker.
    public var onPublish: (@Sendable (_ packetID: UInt16) -> Void)?
    /// A message has come. It is acknowledged when the callback returns.
    public var onMessage: (@Sendable (Message) -> Void)?
    /// The connection has ended, or an attempt has failed; the next one follows, unless the client was stopped.
    public var onDisconnect: (@Sendable (Disconnection) -> Void)?
    /// One line for each of these events.
    public var onLog: (@Sendable (String) -> Void)?

    public let configuration: Configuration

    /// What other threads want, for the loop to do.
    enum Command {
        case publish(Message)
        case subscribe(String)
        case unsubscribe(String)
    }

    private let lock = Lock()
    private var commands: [Command] = []
    /// Of the messages among them.
    private var commandBytes = 0
    private var filters: [String: QoS] = [:]
    private var isStopping = false
    private var isRunning = false
    /// A byte in the pipe wakes the loop.
    private let wakeUp: (read: Int32, write: Int32)

    /// Throws a `Problem` for a configuration that says what cannot be.
    public init(_ configuration: Configuration) throws {
        try configuration.check()
        self.configuration = configuration
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Problem(description: "no pipe from the system") }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        wakeUp = (ends[0], ends[1])
    }

    deinit {
        close(wakeUp.read)
        close(wakeUp.write)
    }

    /// Sends a message as soon as there is a connection. False when `maxQueuedMessages` or `maxQueuedBytes` wait
    /// already. Throws a `Problem` for a topic that is none [MQTT-3.3.2-2], and a message longer than `maxQueuedBytes`.
    @discardableResult
    public func publish(_ message: Message) throws -> Bool {
        guard message.topic.hasProperty({ TopicName.check($0) == nil }) else {
            throw Problem(description: "no topic name: \(message.topic)")
        }
        guard message.queuedBytes <= configuration.maxQueuedBytes else {
            throw Problem(description: "a message longer than maxQueuedBytes")
        }
        return lock.with {
            guard commands.count < configuration.maxQueuedMessages,
                commandBytes + message.queuedBytes <= configuration.maxQueuedBytes
            else { return false }
            commands.append(.publish(message))
            commandBytes += message.queuedBytes
            wake()
            return true
        }
    }

    /// The same with text for a payload.
    @discardableResult
    public func publish(
        _ topic: String, _ text: String, _ qos: QoS = .atMostOnce, retain: Bool = false
    ) throws -> Bool {
        try publish(Message(topic: topic, payload: Array(text.utf8), qos: qos, isRetained: retain))
    }

    /// Subscribes now and with each new connection. Throws a `Problem` for a filter that is none [MQTT-4.7.1-2].
    public func subscribe(_ filter: String, _ qos: QoS = .atMostOnce) throws {
        guard filter.hasProperty({ TopicFilter.check($0) == nil }) else {
            throw Problem(description: "no topic filter: \(filter)")
        }
        lock.with {
            filters[filter] = qos
            commands.append(.subscribe(filter))
            wake()
        }
    }

    /// Also from what an earlier program has subscribed to in a session that the broker keeps.
    public func unsubscribe(_ filter: String) {
        guard filter.hasProperty({ TopicFilter.check($0) == nil }) else { return }
        lock.with {
            guard filters.removeValue(forKey: filter) != nil || !configuration.cleanSession else { return }
            commands.append(.unsubscribe(filter))
            wake()
        }
    }

    /// Ends `run`: what waits is sent if there is a connection that takes it, then DISCONNECT. Does not wait for it.
    public func stop() {
        lock.with {
            isStopping = true
            wake()
        }
    }

    /// `run` on a thread of the client's own.
    public func start() {
        let thread = Thread { self.run() }
        thread.begin()
    }

    /// Connects, again and again, until `stop` is called. To be called once.
    public func run() {
        lock.with {
            precondition(!isRunning, "the client runs already")
            isRunning = true
        }
        let loop = Loop(self, wakeUp: wakeUp.read)
        loop.run()
    }

    // What the loop asks for.

    func takeCommands() -> (commands: [Command], isStopping: Bool) {
        lock.with {
            defer {
                commands = []
                commandBytes = 0
            }
            return (commands, isStopping)
        }
    }

    /// What there was no room for comes again, first.
    func putBack(_ rest: ArraySlice<Command>) {
        lock.with {
            commands = rest + commands
            for case .publish(let message) in rest { commandBytes += message.queuedBytes }
        }
    }

    var subscriptions: [String: QoS] { lock.with { filters } }

    private func wake() {
        var byte: UInt8 = 0
        // A full pipe wakes, too.
        _ = write(wakeUp.write, &byte, 1)
    }
}

extension MQTTClient.Message {
    /// What counts against `maxQueuedBytes`.
    fileprivate var queuedBytes: Int { topic.utf8.count + payload.count + 2 }
}

extension String {
    func hasProperty(_ property: (ByteView) -> Bool) -> Bool {
        var text = self
        return text.withUTF8 { property($0.isEmpty ? .empty : ByteView($0.baseAddress!, $0.count)) }
    }
}
