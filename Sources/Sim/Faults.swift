/// How the network and the system misbehave: how often in a thousand calls.
public struct Faults {
    /// A receive gets a few bytes of those that are there, or none.
    public var shortReceive = 0
    public var emptyReceive = 0
    /// A send takes some bytes of those that there is room for, or none.
    public var shortSend = 0
    public var refusedSend = 0
    /// What is sent, in either direction, arrives up to `maxDelayMs` later.
    public var delay = 0
    /// The system cannot hand over a connection.
    public var refusedAccept = 0
    /// An event is told only by a later wait, or the events of a wait in another order.
    public var lateEvent = 0
    public var reordered = 0

    public static var maxDelayMs: Int { 2000 }

    /// A perfect network.
    public init() {}

    /// Each fault is absent, rare or frequent, so that seeds differ in kind and not in number only.
    public init(_ random: inout SimRandom) {
        shortReceive = Faults.rate(&random)
        emptyReceive = Faults.rate(&random)
        shortSend = Faults.rate(&random)
        refusedSend = Faults.rate(&random)
        delay = Faults.rate(&random) / 4
        refusedAccept = Faults.rate(&random)
        lateEvent = Faults.rate(&random)
        reordered = Faults.rate(&random)
    }

    private static func rate(_ random: inout SimRandom) -> Int {
        switch random.below(4) {
        case 0, 1: 0
        case 2: 30
        default: 300
        }
    }

    /// For the counts of what happened.
    public enum Kind: UInt8 {
        case shortReceive, emptyReceive, shortSend, refusedSend, delay, refusedAccept, lateEvent, reordered, reset,
            halfOpen

        public var name: StaticString {
            switch self {
            case .shortReceive: "short-receive"
            case .emptyReceive: "empty-receive"
            case .shortSend: "short-send"
            case .refusedSend: "refused-send"
            case .delay: "delay"
            case .refusedAccept: "refused-accept"
            case .lateEvent: "late-event"
            case .reordered: "reordered"
            case .reset: "reset"
            case .halfOpen: "half-open"
            }
        }
    }
}
