import Base
import Wire

/// A message in the store, held once however many clients it goes to.
public struct Message {
    /// Who holds it: each delivery, and the publisher while it is being routed. At zero it is gone.
    var references: UInt32
    /// The topic's length field, the topic and the payload, as they stand in a PUBLISH.
    let content: Stored
    /// The length field and the topic.
    let topicFieldBytes: UInt32
    /// When it came; offline messages expire by this.
    let admitted: Tick
    /// The QoS it was published with, if it is retained.
    var retainedQoS = QoS.atMostOnce

    var payloadBytes: Int { Int(content.count) - Int(topicFieldBytes) }
}

/// All messages that somebody still waits for, in slabs of one size.
public struct MessageStore: ~Copyable {
    private var messages: Pool<Message>
    private var slabs: Slabs
    /// Bytes of all topics and payloads.
    private(set) var bytes = 0

    /// Bytes of a slab. A sensor's message (topic of 20 to 40 bytes, payload of up to 80) takes one.
    public static var slabBytes: Int { 120 }

    init(_ arena: inout Arena, maxMessages: Int, bytes: Int) {
        messages = Pool(&arena, "messages", key: "max_messages", count: maxMessages)
        slabs = Slabs(
            &arena, "message slabs", key: "message_store_size",
            count: max(1, (bytes + MessageStore.slabBytes - 1) / MessageStore.slabBytes),
            bytes: MessageStore.slabBytes)
    }

    var inUse: Int { messages.inUse }
    var use: PoolUse { messages.use("messages") }
    var slabUse: PoolUse { slabs.use("message-slabs") }
    /// Messages, each of one slab, that can still be admitted.
    var freeMessages: Int { min(messages.free, slabs.freeSlabs) }
    var slabsInUse: Int { slabs.inUse }

    /// Less than an eighth is left, of records or of slabs, when `reserve` is left free and what it is a part of is not
    /// counted.
    func isLow(_ reserve: (records: Int, slabs: Int), messages ofMessages: Int, slabs ofSlabs: Int) -> Bool {
        messages.free - reserve.records < (messages.capacity - ofMessages) / 8
            || slabs.freeSlabs - reserve.slabs < (slabs.capacity - ofSlabs) / 8
    }

    func hasRoom(forBytes bytes: Int, beside reserve: (records: Int, slabs: Int)) -> Bool {
        messages.free > reserve.records
            && slabs.freeSlabs - reserve.slabs >= (bytes + MessageStore.slabBytes - 1) / MessageStore.slabBytes
    }

    /// Copies topic and payload, once. The caller holds the one reference; nil when the store is full.
    mutating func admit(topic: ByteView, payload: ByteView, now: Tick) -> Handle<Message>? {
        var lengthField: (UInt8, UInt8) = (UInt8(topic.count >> 8), UInt8(topic.count & 0xFF))
        var content = Chain()
        guard messages.hasRoom(), slabs.hasRoom(for: 2 + topic.count + payload.count, behind: content) else {
            return nil
        }
        withUnsafeBytes(of: &lengthField) { bytes in
            let view = ByteView(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), 2)
            _ = slabs.append(view, to: &content)
        }
        _ = slabs.append(topic, to: &content)
        _ = slabs.append(payload, to: &content)
        bytes += topic.count + payload.count
        return messages.take(
            Message(
                references: 1, content: slabs.seal(content), topicFieldBytes: UInt32(2 + topic.count), admitted: now))
    }

    /// What the message takes of the store: whole slabs.
    func bytesTaken(by handle: Handle<Message>) -> Int {
        let slabs = (Int(messages[handle].pointee.content.count) + MessageStore.slabBytes - 1) / MessageStore.slabBytes
        return slabs * MessageStore.slabBytes
    }

    func payload(of handle: Handle<Message>, equals value: ByteView) -> Bool {
        let message = messages[handle]
        guard message.pointee.payloadBytes == value.count else { return false }
        var reader = ChainReader(message.pointee.content)
        reader.skip(Int(message.pointee.topicFieldBytes), in: slabs)
        return reader.equals(value, in: slabs)
    }

    func topic(of handle: Handle<Message>, equals topic: ByteView) -> Bool {
        let message = messages[handle]
        guard Int(message.pointee.topicFieldBytes) == 2 + topic.count else { return false }
        var reader = ChainReader(message.pointee.content)
        reader.skip(2, in: slabs)
        var compared = 0
        while compared < topic.count, let run = reader.next(in: slabs, limit: topic.count - compared) {
            guard run.equals(topic.slice(compared, compared + run.count)) else { return false }
            compared += run.count
        }
        return true
    }

    /// Copies the topic of a message to `target`, which has room for it.
    func copyTopic(_ handle: Handle<Message>, to target: UnsafeMutablePointer<UInt8>) -> ByteView {
        let message = messages[handle]
        var reader = ChainReader(message.pointee.content)
        reader.skip(2, in: slabs)
        let count = Int(message.pointee.topicFieldBytes) - 2
        var copied = 0
        while copied < count, let run = reader.next(in: slabs, limit: count - copied) {
            run.copy(to: target + copied)
            copied += run.count
        }
        return ByteView(target, count)
    }

    subscript(_ handle: Handle<Message>) -> UnsafeMutablePointer<Message> { messages[handle] }

    func retain(_ handle: Handle<Message>) { messages[handle].pointee.references += 1 }

    mutating func release(_ handle: Handle<Message>) {
        let message = messages[handle]
        message.pointee.references -= 1
        guard message.pointee.references == 0 else { return }
        bytes -= Int(message.pointee.content.count) - 2
        slabs.free(message.pointee.content)
        messages.give(handle)
    }

    /// Reads topic field and payload.
    func next(_ reader: inout ChainReader, limit: Int) -> ByteView? { reader.next(in: slabs, limit: limit) }
    func skip(_ count: Int, of reader: inout ChainReader) { reader.skip(count, in: slabs) }
}
