import Base

/// The numbers of one line of client mode; or, above the first line, of all that follow.
public struct ActionLimits {
    public var execTimeoutSeconds = 10
    /// Runs of one line at a time.
    public var execParallel = 1
    /// Messages that wait for a run.
    public var execQueue = 16
    /// Starts a second; zero for as fast as they come.
    public var execRate = 0
    /// What is kept of a program's output.
    public var execOutputBytes = 4096
    public var retryDelaySeconds = 5
    /// Runs beside the first; zero for no end.
    public var retryLimit = 3
    /// The longest value that is written.
    public var writeBytes = 64

    public init() {}

    subscript(_ option: Option) -> Int {
        get {
            switch option {
            case .execTimeout: execTimeoutSeconds
            case .execParallel: execParallel
            case .execQueue: execQueue
            case .execRate: execRate
            case .execOutputSize: execOutputBytes
            case .retryDelay: retryDelaySeconds
            case .retryLimit: retryLimit
            case .writeSize: writeBytes
            default: 0
            }
        }
        set {
            switch option {
            case .execTimeout: execTimeoutSeconds = newValue
            case .execParallel: execParallel = newValue
            case .execQueue: execQueue = newValue
            case .execRate: execRate = newValue
            case .execOutputSize: execOutputBytes = newValue
            case .retryDelay: retryDelaySeconds = newValue
            case .retryLimit: retryLimit = newValue
            case .writeSize: writeBytes = newValue
            default: preconditionFailure("not a number of a line")
            }
        }
    }
}

/// What becomes of a message whose action failed.
public enum FailurePolicy: UInt8 {
    /// It is done with: acknowledged, counted and logged.
    case drop
    /// The action is tried again after `retry_delay`, up to `retry_limit` times; then it is a dead letter if there is a
    /// `dead_letter_topic`, and dropped if not.
    case retry
    /// It is published to `dead_letter_topic`, with its own payload, QoS 1, not retained, and is done with.
    case deadLetter
}

/// What a value must look like before it is written to a file. In any case it is one line, no longer than `write_size`.
public enum WriteFormat {
    /// Printable ASCII, not empty.
    case printable
    /// Whatever comes, line ends and zero bytes, too.
    case any
    /// A decimal number of this range.
    case number(min: Int, max: Int)
    /// One of these words, separated by `|`.
    case words(ByteView)
}

/// All that the keys below one line of client mode say, or those above the first line and, if none of them does, the
/// defaults. Views point into the board config.
public struct ActionOptions {
    public var limits = ActionLimits()
    /// Where the output of a program is published; nil for nowhere.
    public var replyTopic: ByteView?
    public var replyQoS: UInt8 = 0
    public var replyRetain = false
    public var onFailure = FailurePolicy.drop
    public var deadLetterTopic: ByteView?
    public var writeFormat = WriteFormat.printable
    /// Whether a publication that is the same as the last one is left out.
    public var onChangeOnly = false

    public init() {}

    /// Takes the value of a key that may stand below a line; false when it has the wrong form.
    mutating func read(_ option: Option, _ value: ByteView) -> Bool {
        switch option {
        case .replyTopic: replyTopic = value
        case .deadLetterTopic: deadLetterTopic = value
        case .replyQoS:
            guard let qos = ConfigValue.qos(value) else { return false }
            replyQoS = qos
        case .replyRetain:
            guard let flag = ConfigValue.flag(value) else { return false }
            replyRetain = flag
        case .onChangeOnly:
            guard let flag = ConfigValue.flag(value) else { return false }
            onChangeOnly = flag
        case .onFailure:
            guard let policy = ConfigValue.failurePolicy(value) else { return false }
            onFailure = policy
        case .writeFormat:
            guard let format = ConfigValue.writeFormat(value) else { return false }
            writeFormat = format
        default:
            guard let number = ConfigValue.quantity(value, option.row.kind) else { return false }
            limits[option] = number
        }
        return true
    }
}
