import Base
import Wire

/// A message as one JSON object.
extension TextSink where Self: ~Copyable {
    /// With the payload as a string.
    mutating func json(_ message: ReceivedMessage, isPretty: Bool) {
        beginJSON(message, isPretty)
        if message.payload.isEmpty { text("null") } else { jsonString(message.payload) }
        text(isPretty ? "\n}" : "}")
    }

    /// With the payload as it is: JSON itself, or empty.
    mutating func jsonWithEmbedded(_ message: ReceivedMessage, isPretty: Bool) {
        beginJSON(message, isPretty)
        if message.payload.isEmpty { text("null") } else { JSONText.write(message.payload, isPretty, to: &self) }
        text(isPretty ? "\n}" : "}")
    }

    private mutating func beginJSON(_ message: ReceivedMessage, _ isPretty: Bool) {
        text(isPretty ? "{\n\t" : "{")
        jsonKey("tst", isPretty)
        text("\"")
        date(message.time.calendar)
        text(".")
        number(message.time.nanoseconds / 1000, digits: 6)
        text("Z")
        offset(message.time.offsetSeconds)
        text("\"")
        nextJSONKey("topic", isPretty)
        jsonString(message.topic)
        nextJSONKey("qos", isPretty)
        number(UInt32(message.qos.rawValue))
        nextJSONKey("retain", isPretty)
        text(message.retain ? "1" : "0")
        nextJSONKey("payloadlen", isPretty)
        number(UInt32(message.payload.count))
        if message.qos != .atMostOnce {
            nextJSONKey("mid", isPretty)
            number(UInt32(message.packetID))
        }
        nextJSONKey("payload", isPretty)
    }

    private mutating func jsonKey(_ key: StaticString, _ isPretty: Bool) {
        text("\"")
        text(key)
        text(isPretty ? "\":\t" : "\":")
    }

    private mutating func nextJSONKey(_ key: StaticString, _ isPretty: Bool) {
        text(isPretty ? ",\n\t" : ",")
        jsonKey(key, isPretty)
    }

    /// In quotes, and escaped where JSON demands it; bytes that are no UTF-8 stay. As in C it ends at a zero byte.
    mutating func jsonString(_ view: ByteView) {
        text("\"")
        jsonCharacters(view.slice(0, view.firstIndex(of: 0) ?? view.count))
        text("\"")
    }

    mutating func jsonCharacters(_ view: ByteView) {
        var start = 0
        var i = 0
        while i < view.count {
            if let escape = JSONText.escape(view.start[i]) {
                write(view.slice(start, i))
                jsonEscape(view.start[i], escape)
                start = i + 1
            }
            i += 1
        }
        write(view.slice(start, view.count))
    }

    /// `escape` is what stands behind the backslash.
    mutating func jsonEscape(_ value: UInt8, _ escape: UInt8) {
        text("\\")
        byte(escape)
        if escape == UInt8(ascii: "u") {
            text("00")
            hex(value)
        }
    }
}
