import Base
import Wire

/// What comes from the network: a byte that chooses the protocol and the longest packet, one that says where the
/// stream is cut, and the stream.
///
/// However it is cut, the reader finds the same packets; and a packet that is understood says what its bytes say.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = Input(data, size)
    let options = input.byte()
    let cut = Int(input.byte()) + 1
    let stream = Stream(
        level: options & 1 == 0 ? .v311 : .v31, maxPacketBytes: options & 2 == 0 ? 1 << 28 : 128)
    var rest = input.rest
    while !rest.isEmpty {
        let whole = withCopy(rest) { stream.next($0) }
        stream.checkPieces(of: rest, whole, cut)
        guard case .frame(let count) = whole else { break }
        withCopy(rest.slice(0, count)) { stream.check($0) }
        rest = rest.dropFirst(count)
    }
    return 0
}

private struct Stream {
    let level: ProtocolLevel
    let maxPacketBytes: Int

    enum Found: Equatable {
        case frame(Int)
        case needMore(Int)
        case bad(CloseReason)
    }

    func next(_ bytes: ByteView) -> Found {
        switch FrameReader.next(bytes, maxPacketBytes: maxPacketBytes, level: level) {
        case .frame(_, let count): .frame(count)
        case .needMore(let total): .needMore(total)
        case .bad(let reason): .bad(reason)
        }
    }

    /// While a packet comes in pieces, the reader never says something that it has to take back.
    func checkPieces(of rest: ByteView, _ whole: Found, _ cut: Int) {
        var end = rest.count
        if case .frame(let count) = whole { end = count }
        // Not many looks at a long packet: they would all see the same.
        let step = max(cut, end / 8)
        var count = 0
        while count < end {
            switch (withCopy(rest.slice(0, count)) { next($0) }, whole) {
            case (.needMore(0), _): break
            case (.needMore(let total), .frame(let whole)): precondition(total == whole, "a length that changes")
            case (.needMore(let total), .needMore(let whole)): precondition(total == whole, "a length that changes")
            case (.bad(let reason), .bad(let whole)): precondition(reason == whole, "a reason that changes")
            default: preconditionFailure("a verdict that changes when more comes")
            }
            count += step
        }
        if case .needMore(let total) = whole { precondition(total == 0 || total > end, "more than there is to come") }
    }

    func check(_ bytes: ByteView) {
        guard case .frame(let frame, bytes.count) = FrameReader.next(
            bytes, maxPacketBytes: maxPacketBytes, level: level) else { preconditionFailure("no longer a packet") }
        let body = frame.body.array
        switch frame.type {
        case .connect:
            guard case .packet(let connect) = Connect.decode(frame.body) else { return }
            precondition(Packet.connect(connect) == body, "CONNECT says what its bytes do not")
            withWriter(connect.byteCount) { writer in
                connect.encode(to: &writer)
                precondition(writer.written.array == Packet.framed(bytes[0], body), "CONNECT is written as another")
            }
            precondition(Model.isText(connect.clientID.array))
            precondition(connect.will.map { Model.isTopic($0.topic.array) } ?? true)
            precondition(connect.userName.map { Model.isText($0.array) } ?? true)
        case .publish:
            guard case .packet(let publish) = Publish.decode(frame) else { return }
            precondition(Packet.publish(publish) == body, "PUBLISH says what its bytes do not")
            precondition(Model.isTopic(publish.topic.array))
            checkLayout(publish, bytes[0], body)
            checkText(publish.payload)
        case .puback, .pubrec, .pubrel, .pubcomp, .unsuback:
            guard case .packet(let id) = Acknowledgement.decode(frame.body) else { return }
            let encoded = withWriter(Acknowledgement.byteCount) { writer in
                Acknowledgement.encode(frame.type, packetID: id, to: &writer)
                return writer.written.array
            }
            // 3.1 may repeat PUBREL with a flag that is never written here.
            let first = level == .v31 ? bytes[0] & 0xF7 : bytes[0]
            precondition(encoded == [first, 2] + body, "an acknowledgement is not encoded as it was decoded")
        case .subscribe:
            guard case .packet(var subscribe) = Subscribe.decode(frame.body) else { return }
            precondition(Packet.subscribe(subscribe) == body, "SUBSCRIBE says what its bytes do not")
            while let request = subscribe.next() { precondition(Model.isFilter(request.filter.array)) }
        case .unsubscribe:
            guard case .packet(var unsubscribe) = Unsubscribe.decode(frame.body) else { return }
            precondition(Packet.unsubscribe(unsubscribe) == body, "UNSUBSCRIBE says what its bytes do not")
            while let filter = unsubscribe.next() { precondition(Model.isFilter(filter.array)) }
        case .connack:
            guard case .packet(let connack) = Connack.decode(frame.body, level: level) else { return }
            precondition(body.count == 2 && connack.code.rawValue == body[1])
            precondition(!connack.sessionPresent || body == [1, 0], "a session that was refused [MQTT-3.2.2-4]")
        case .suback:
            guard case .packet(let suback) = Suback.decode(frame.body) else { return }
            precondition(Packet.int16(suback.packetID) + suback.codes.array == body)
            precondition(suback.codes.array.allSatisfy { $0 < 3 || $0 == Suback.failure }, "[MQTT-3.9.3-2]")
        case .pingreq, .disconnect, .pingresp:
            break
        }
    }

    /// The header that a subscriber would get in front of the same message.
    private func checkLayout(_ publish: Publish, _ first: UInt8, _ body: [UInt8]) {
        let layout = PublishLayout(
            qos: publish.qos, retain: publish.retain, isDuplicate: publish.isDuplicate, packetID: publish.packetID,
            topicFieldBytes: 2 + publish.topic.count, payloadBytes: publish.payload.count)
        withWriter(layout.headerBytes) { writer in
            layout.encodeHeader(to: &writer)
            precondition(writer.written.array + body == Packet.framed(first, body), "another header than the one read")
            precondition(layout.totalBytes == writer.count + body.count)
        }
    }

    /// A payload may be anything, so here the rules for texts and topics see all sorts.
    private func checkText(_ payload: ByteView) {
        withCopy(payload) { text in
            precondition(UTF8Text.isValid(text) == Model.isText(text.array), "not what UTF-8 is")
            precondition((TopicName.check(text) == nil) == Model.isTopic(text.array), "not what a topic is")
            precondition((TopicFilter.check(text) == nil) == Model.isFilter(text.array), "not what a filter is")
            precondition(TopicLevels.count(text) == Model.levels(text.array).count)
        }
    }
}
