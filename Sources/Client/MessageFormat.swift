import Base
import Wire

/// How a message is shown: byte for byte as mosquitto_sub 2.0 shows it.
public struct MessageFormat {
    private enum Kind: UInt8 {
        case payload, topicAndPayload, custom
    }

    private let kind: Kind
    private let format: ByteView
    /// A line feed behind each message.
    private let endsLines: Bool
    /// JSON on several lines.
    private let isPretty: Bool
    /// Whether `ReceivedMessage.time` counts.
    public let needsTime: Bool

    private init(_ kind: Kind, _ format: ByteView, endsLines: Bool, isPretty: Bool) {
        self.kind = kind
        self.format = format
        self.endsLines = endsLines
        self.isPretty = isPretty
        needsTime = MessageFormat.needsTime(format)
    }

    public static func payload(endsLines: Bool) -> MessageFormat {
        MessageFormat(.payload, .empty, endsLines: endsLines, isPretty: false)
    }

    public static func topicAndPayload(endsLines: Bool) -> MessageFormat {
        MessageFormat(.topicAndPayload, .empty, endsLines: endsLines, isPretty: false)
    }

    /// `format` is one that `check` has nothing against, and lives as long as this.
    public static func custom(_ format: ByteView, endsLines: Bool = true, isPretty: Bool = false) -> MessageFormat {
        MessageFormat(.custom, format, endsLines: endsLines, isPretty: isPretty)
    }

    /// What is wrong with a format; nil when nothing is.
    public static func check(_ format: ByteView) -> FormatProblem? {
        var reader = FormatReader(format)
        while true {
            switch reader.next() {
            case .wrong(let problem): return problem
            case .end: return nil
            case .text, .byte, .conversion, .time: continue
            }
        }
    }

    /// False when the format embeds a payload as JSON and it is none: then nothing stands in its place.
    public func write(_ message: ReceivedMessage, to sink: inout some TextSink & ~Copyable) -> Bool {
        var isComplete = true
        switch kind {
        case .payload:
            if message.payload.isEmpty { return true }
            sink.write(message.payload)
        case .topicAndPayload:
            // Without line feeds mosquitto_sub shows nothing at all of what is empty.
            if message.payload.isEmpty, !endsLines { return true }
            sink.write(message.topic)
            sink.text(" ")
            if message.payload.isEmpty { sink.text("(null)") } else { sink.write(message.payload) }
        case .custom:
            isComplete = writeCustom(message, to: &sink)
        }
        if endsLines { sink.text("\n") }
        return isComplete
    }

    private func writeCustom(_ message: ReceivedMessage, to sink: inout some TextSink & ~Copyable) -> Bool {
        var isComplete = true
        var reader = FormatReader(format)
        while true {
            switch reader.next() {
            case .text(let text): sink.write(text)
            case .byte(let byte): sink.byte(byte)
            case .time(let letter): sink.time(letter, message.time)
            case .conversion(let conversion):
                if !write(conversion, message, to: &sink) { isComplete = false }
            case .wrong: preconditionFailure("a format that was not checked")
            case .end: return isComplete
            }
        }
    }

    private func write(
        _ conversion: Conversion, _ message: ReceivedMessage, to sink: inout some TextSink & ~Copyable
    ) -> Bool {
        switch conversion.letter {
        case UInt8(ascii: "t"): sink.column(message.topic, conversion)
        case UInt8(ascii: "p"): sink.payload(message.payload, conversion)
        case UInt8(ascii: "x"), UInt8(ascii: "X"): sink.hexPayload(message.payload, conversion)
        case UInt8(ascii: "l"): sink.column(UInt32(message.payload.count), conversion)
        case UInt8(ascii: "m"): sink.column(UInt32(message.packetID), conversion)
        case UInt8(ascii: "q"): sink.number(UInt32(message.qos.rawValue))
        case UInt8(ascii: "r"): sink.text(message.retain ? "1" : "0")
        case UInt8(ascii: "I"): sink.isoTime(message.time, conversion)
        case UInt8(ascii: "U"):
            sink.number(message.time.seconds)
            sink.text(".")
            sink.number(message.time.nanoseconds, digits: 9)
        case UInt8(ascii: "j"): sink.json(message, isPretty: isPretty)
        case UInt8(ascii: "J"):
            guard message.payload.isEmpty || JSONText.isValid(message.payload) else { return false }
            sink.jsonWithEmbedded(message, isPretty: isPretty)
        default: sink.text("%")
        }
        return true
    }

    private static func needsTime(_ format: ByteView) -> Bool {
        var reader = FormatReader(format)
        while true {
            switch reader.next() {
            case .time: return true
            case .conversion(let conversion):
                let letter = conversion.letter | 0x20
                if letter == UInt8(ascii: "i") || letter == UInt8(ascii: "u") || letter == UInt8(ascii: "j") {
                    return true
                }
            case .text, .byte: continue
            case .wrong, .end: return false
            }
        }
    }
}
