import Base
import Wire

/// The topics and filters of a run, in words. With `filters`, topic t lies below filter f, of one of three shapes:
/// `P/f/xt/z` below `P/f/+/z`, `P/f/xt` below `P/f/#`, `P/xt/f/z` below `P/+/f/z`; each is matched by that one alone.
struct TopicText {
    private let workload: Workload

    /// More than any of them has behind the prefix.
    static var maxSuffixBytes: Int { 40 }

    init(_ workload: Workload) { self.workload = workload }

    func writeTopic(_ topic: Int, to target: inout ByteWriter) {
        target.bytes(workload.prefix)
        guard workload.filters > 0 else {
            TopicText.level(topic, to: &target)
            return
        }
        let filter = workload.filterNumber(ofTopic: topic)
        if filter % 3 != 2 { TopicText.level(filter, to: &target) }
        target.bytes(ByteView("/x"))
        TopicText.digits(topic, to: &target)
        if filter % 3 == 2 { TopicText.level(filter, to: &target) }
        if filter % 3 != 1 { target.bytes(ByteView("/z")) }
    }

    func writeFilter(_ filter: Int, to target: inout ByteWriter) {
        guard workload.filters > 0 else {
            writeTopic(filter, to: &target)
            return
        }
        target.bytes(workload.prefix)
        switch filter % 3 {
        case 0:
            TopicText.level(filter, to: &target)
            target.bytes(ByteView("/+/z"))
        case 1:
            TopicText.level(filter, to: &target)
            target.bytes(ByteView("/#"))
        default:
            target.bytes(ByteView("/+"))
            TopicText.level(filter, to: &target)
            target.bytes(ByteView("/z"))
        }
    }

    /// `P/n`, where the messages are that are retained to be delivered.
    func writeRetained(_ n: Int, to target: inout ByteWriter) {
        target.bytes(workload.prefix)
        TopicText.level(n, to: &target)
    }

    /// `P/#`
    func writeAll(to target: inout ByteWriter) {
        target.bytes(workload.prefix)
        target.bytes(ByteView("/#"))
    }

    /// `P-retained/n`: nobody subscribes to it.
    func writeUnrelatedRetained(_ n: Int, to target: inout ByteWriter) {
        target.bytes(workload.prefix)
        target.bytes(ByteView("-retained"))
        TopicText.level(n, to: &target)
    }

    /// `P-unrelated/n/+` and `P-other/n/+`: nobody publishes there.
    func writeUnrelatedFilter(_ n: Int, to target: inout ByteWriter) { writeOther("-unrelated", n, to: &target) }
    func writeSessionFilter(_ n: Int, to target: inout ByteWriter) { writeOther("-other", n, to: &target) }

    private func writeOther(_ name: StaticString, _ n: Int, to target: inout ByteWriter) {
        target.bytes(workload.prefix)
        target.bytes(ByteView(name))
        TopicText.level(n, to: &target)
        target.bytes(ByteView("/+"))
    }

    private static func level(_ number: Int, to target: inout ByteWriter) {
        target.byte(UInt8(ascii: "/"))
        digits(number, to: &target)
    }

    static func digits(_ number: Int, to target: inout ByteWriter) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            target.byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}

/// The first bytes of a PUBLISH to each topic, up to where the packet id or the payload begins: they are the same for
/// all messages.
struct TopicTable {
    private let records: UnsafeMutablePointer<UInt8>
    private let stride: Int

    // A record: the length of those bytes, how many of them stand in front of the topic, and the bytes.
    private static var noteBytes: Int { 2 }
    private static var maxHeadBytes: Int { PublishLayout.maxHeaderBytes + 2 }

    /// `prefix` of the workload is at most `maxPrefixBytes` long.
    init(_ arena: inout Arena, _ workload: Workload) {
        let textBytes = workload.prefix.count + TopicText.maxSuffixBytes
        stride = TopicTable.noteBytes + TopicTable.maxHeadBytes + textBytes
        let count = workload.kind == .stream ? workload.topics : 0
        let bytes = arena.carve("topics", key: "topics", count: count, stride: stride, alignment: 1)
        records = bytes.assumingMemoryBound(to: UInt8.self)
        guard !arena.isMeasuring else { return }
        let text = TopicText(workload)
        var topic = 0
        while topic < count {
            // The text goes where it stands below the longest header, and the header in front of it.
            let record = records + topic * stride
            var writer = ByteWriter(record + TopicTable.noteBytes + TopicTable.maxHeadBytes, capacity: textBytes)
            text.writeTopic(topic, to: &writer)
            let topicBytes = writer.count
            let layout = PublishLayout(
                qos: workload.qos, retain: false, isDuplicate: false, packetID: 1, topicFieldBytes: topicBytes + 2,
                payloadBytes: workload.payload)
            let head = record + TopicTable.noteBytes
            let headBytes = layout.headerBytes + 2
            (head + headBytes).copyBytes(from: head + TopicTable.maxHeadBytes, count: topicBytes)
            writer = ByteWriter(head, capacity: headBytes)
            layout.encodeHeader(to: &writer)
            writer.int16(UInt16(topicBytes))
            record[0] = UInt8(headBytes + topicBytes)
            record[1] = UInt8(headBytes)
            topic += 1
        }
    }

    static var maxPrefixBytes: Int { 200 }

    /// All of them, the topic included.
    func head(_ topic: Int) -> ByteView {
        let record = records + topic * stride
        return ByteView(record + TopicTable.noteBytes, Int(record[0]))
    }

    func text(_ topic: Int) -> ByteView { head(topic).dropFirst(Int((records + topic * stride)[1])) }
}
