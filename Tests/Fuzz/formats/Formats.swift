import Base
import Wire

@testable import Client

/// A line with a format, a line with the rule of a time zone, and a payload.
///
/// A format is wrong or can be written; what is JSON is so again when it was written, and then does not change any
/// more; and clocks are at most 26 hours ahead or behind.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = Input(data, size)
    let format = input.line()
    let zone = input.line()
    var time = LocalTime.unknown
    withCopy(zone) { text in
        let rule = ZoneRule(parsing: text) ?? ZoneRule(zoneFile: text) ?? .utc
        var seconds: UInt32 = 0
        while seconds < 4_200_000_000 {
            time = rule.time(seconds: seconds, nanoseconds: 999_999_999)
            precondition(time.offsetSeconds.magnitude <= 26 * 3600, "a clock that is days ahead")
            seconds += 63_113_851
        }
        withCopy(format) { format in
            withCopy(input.rest) { payload in
                checkFormat(format, payload, time)
                checkJSON(payload)
            }
        }
    }
    return 0
}

private func checkFormat(_ format: ByteView, _ payload: ByteView, _ time: LocalTime) {
    guard MessageFormat.check(format) == nil else { return }
    var message = ReceivedMessage(
        topic: ByteView("a/topic"), payload: payload, qos: .exactlyOnce, retain: true, packetID: 65_535, time: time)
    var kept = Kept()
    let isComplete = MessageFormat.custom(format, isPretty: payload.count % 2 == 1).write(message, to: &kept)
    precondition(kept.bytes.last == UInt8(ascii: "\n"), "a message without its end")
    precondition(isComplete || !JSONText.isValid(payload), "JSON is told from what is none by chance")
    message.payload = .empty
    precondition(MessageFormat.custom(format).write(message, to: &kept), "an empty payload is no JSON")
}

private func checkJSON(_ payload: ByteView) {
    guard JSONText.isValid(payload) else { return }
    var once = Kept()
    JSONText.write(payload, false, to: &once)
    var pretty = Kept()
    JSONText.write(payload, true, to: &pretty)
    for text in [once.bytes, pretty.bytes] {
        text.withUnsafeBufferPointer { buffer in
            withCopy(ByteView(buffer.baseAddress!, buffer.count)) { view in
                precondition(JSONText.isValid(view), "what was written as JSON is none")
                var again = Kept()
                JSONText.write(view, false, to: &again)
                precondition(again.bytes == once.bytes, "JSON changes when it is written again")
            }
        }
    }
}

/// Keeps what is written.
private struct Kept: TextSink {
    var bytes: [UInt8] = []

    mutating func write(_ view: ByteView) { bytes += UnsafeBufferPointer(start: view.start, count: view.count) }
}
