import Base
import Wire

/// A message whose actions are not over.
public struct KeptMessage {
    /// The topic, and behind it the payload.
    let bytes: Stored
    let topicBytes: Int
    public let qos: QoS
    public let retain: Bool
    /// Zero for a message of QoS 0.
    public let packetID: UInt16
    /// To be given back when it may be acknowledged.
    let ticket: UInt32
    /// Actions that are not over.
    var openJobs = 0

    init(_ publish: Publish, ticket: UInt32, bytes: Stored) {
        self.bytes = bytes
        topicBytes = publish.topic.count
        qos = publish.qos
        retain = publish.retain
        packetID = publish.packetID
        self.ticket = ticket
    }

    public var payloadBytes: Int { Int(bytes.count) - topicBytes }
}

/// One action of one message.
public struct Job: Linked {
    /// Among those of the same line that wait, or that rest.
    public var next: Handle<Job> = .none
    public let message: Handle<KeptMessage>
    /// The number of the line, from zero.
    public let line: Int
    /// How often it was tried.
    public internal(set) var attempts: Int
    /// When it is tried again, while it rests.
    var due = Tick.zero

    init(message: Handle<KeptMessage>, line: Int, attempts: Int) {
        self.message = message
        self.line = line
        self.attempts = attempts
    }
}
