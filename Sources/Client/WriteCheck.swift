import Base
import Config

/// Whether a payload may be written to a file. What is wrong with it is part of the interface, by its name in the log.
public enum WriteCheck: UInt8 {
    case accepted
    case tooLong, empty, notPrintable, notANumber, outOfRange, unknownWord

    /// Nil when nothing is wrong.
    public var problem: StaticString? {
        switch self {
        case .accepted: nil
        case .tooLong: "too-long"
        case .empty: "empty"
        case .notPrintable: "not-printable"
        case .notANumber: "not-a-number"
        case .outOfRange: "out-of-range"
        case .unknownWord: "unknown-word"
        }
    }

    public static func check(_ payload: ByteView, _ options: ActionOptions) -> WriteCheck {
        guard payload.count <= options.limits.writeBytes else { return .tooLong }
        switch options.writeFormat {
        case .any:
            return .accepted
        case .printable:
            if payload.isEmpty { return .empty }
            var i = 0
            while i < payload.count {
                guard payload[i] >= 0x20, payload[i] < 0x7F else { return .notPrintable }
                i += 1
            }
            return .accepted
        case .number(let min, let max):
            if payload.isEmpty { return .empty }
            guard let number = ConfigValue.signed(payload) else { return .notANumber }
            return number >= min && number <= max ? .accepted : .outOfRange
        case .words(let words):
            if payload.isEmpty { return .empty }
            return contains(words, payload) ? .accepted : .unknownWord
        }
    }

    /// Whether `word` is one of those between bars.
    private static func contains(_ words: ByteView, _ word: ByteView) -> Bool {
        var rest = words
        while true {
            let end = rest.firstIndex(of: UInt8(ascii: "|")) ?? rest.count
            if rest.slice(0, end).equals(word) { return true }
            guard end < rest.count else { return false }
            rest = rest.dropFirst(end + 1)
        }
    }
}
