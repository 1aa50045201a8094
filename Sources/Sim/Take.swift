import Base
import Config
import Runtime
import Wire

// How clients take what comes.
extension Simulation {
    /// Hands as much of what the client has to say to the network as that takes.
    mutating func flush(_ client: Int) {
        let me = clients + client
        guard me.pointee.phase != .absent, me.pointee.output.count > 0 else { return }
        let output = me.pointee.output.written
        let taken = server.io.peerSend(me.pointee.peer, some: output)
        me.pointee.output.keep(from: taken)
    }

    mutating func receive(_ client: Int) {
        let me = clients + client
        guard me.pointee.phase != .absent else { return }
        if let until = me.pointee.readsAgainAt, now.isBefore(until) { return }
        me.pointee.readsAgainAt = nil
        while me.pointee.phase != .absent {
            let held = me.pointee.input.count
            let got = server.io.peerReceive(
                me.pointee.peer, me.pointee.input.start + held, limit: me.pointee.input.room)
            guard got > 0 else { break }
            digest.add(ByteView(me.pointee.input.start + held, got))
            me.pointee.input.extend(by: got)
            takePackets(client)
        }
        if me.pointee.phase != .absent, server.io.peerIsClosed(me.pointee.peer) { end(client, .server) }
    }

    private mutating func takePackets(_ client: Int) {
        let me = clients + client
        var used = 0
        while me.pointee.phase != .absent {
            switch FrameReader.next(me.pointee.input.written.dropFirst(used), maxPacketBytes: SimClient.bufferBytes) {
            case .needMore:
                me.pointee.input.keep(from: used)
                return
            case .bad:
                violation(.badFrame, client)
                me.pointee.input.removeAll()
                return
            case .frame(let frame, let byteCount):
                used += byteCount
                take(client, frame)
            }
        }
    }

    private mutating func take(_ client: Int, _ frame: Frame) {
        let me = clients + client
        guard (frame.type == .connack) == (me.pointee.phase == .connecting) else {
            violation(.unexpectedPacket, client)
            return
        }
        switch frame.type {
        case .connack: takeConnack(client, frame.body)
        case .publish: takePublish(client, frame)
        case .pingresp:
            if !me.pointee.isPinging { violation(.unexpectedPacket, client) }
            me.pointee.isPinging = false
            see(.ponged, client)
        case .puback, .pubrec, .pubcomp, .pubrel, .suback, .unsuback:
            var reader = ByteReader(frame.body)
            guard let id = reader.int16() else {
                violation(.badFrame, client)
                return
            }
            takeAcknowledgement(client, frame.type, id, reader.byte())
        case .connect, .subscribe, .unsubscribe, .pingreq, .disconnect:
            violation(.unexpectedPacket, client)
        }
    }

    private mutating func takeConnack(_ client: Int, _ body: ByteView) {
        let me = clients + client
        guard body.count == 2, body[0] <= 1 else {
            violation(.badFrame, client)
            return
        }
        guard body[1] == 0 else {
            see(.refused, client) { $0.code = body[1] }
            return
        }
        me.pointee.phase = .connected
        me.pointee.mustBeClean = false
        me.pointee.hasVanished = false
        let hasSession = body[0] == 1
        if hasSession, me.pointee.isClean { violation(.sessionAfterClean, client) }
        see(.connected, client) { $0.flag = hasSession }
        if !hasSession { me.pointee.forgetSession() }
        // What is not done goes out again, in order [MQTT-4.4.0-1, MQTT-4.6.0-1].
        var i = 0
        while i < me.pointee.outgoing.count {
            let outgoing = me.pointee.outgoing[i]
            i += 1
            if outgoing.isReceived {
                acknowledge(client, 0x62, outgoing.packetID)
            } else {
                writePublish(client, outgoing.message, outgoing.packetID, isAgain: true)
            }
        }
    }

    private mutating func takePublish(_ client: Int, _ frame: Frame) {
        let me = clients + client
        guard case .packet(let publish) = Publish.decode(frame) else {
            violation(.badFrame, client)
            return
        }
        guard let topic = Simulation.topicIndex(publish.topic) else {
            violation(.wrongTopic, client)
            return
        }
        let isKnown = publish.qos == .exactlyOnce && me.pointee.incomingIndex(publish.packetID) != nil
        guard let message = publish.payload.isEmpty
            ? SimMessage.clearing(topic, qos: publish.qos) : SimMessage(payload: publish.payload)
        else {
            violation(.corruptPayload, client)
            return
        }
        if message.topic != topic { violation(.wrongTopic, client) }
        see(.delivered, client) {
            $0.message = message
            $0.qos = publish.qos
            $0.flag = publish.isDuplicate
            $0.isRetained = publish.retain
            $0.code = isKnown ? 1 : 0
        }
        switch publish.qos {
        case .atMostOnce: break
        case .atLeastOnce: acknowledge(client, 0x40, publish.packetID)
        case .exactlyOnce:
            if !isKnown { noteIncoming(client, publish.packetID) }
            acknowledge(client, 0x50, publish.packetID)
        }
    }

    private mutating func noteIncoming(_ client: Int, _ packetID: UInt16) {
        let count = clients[client].incoming.count
        if count - clients[client].oldIncoming >= limits.maxInflightMessages || count == Few<UInt16>.capacity {
            violation(.tooManyInFlight, client)
        } else {
            clients[client].incoming.append(packetID)
        }
    }

    private mutating func takeAcknowledgement(_ client: Int, _ type: PacketType, _ id: UInt16, _ code: UInt8?) {
        let me = clients + client
        if type == .pubrel {
            // Unknown when PUBCOMP was lost.
            if let index = me.pointee.incomingIndex(id) {
                me.pointee.incoming.remove(at: index)
                if index < me.pointee.oldIncoming { me.pointee.oldIncoming -= 1 }
            }
            acknowledge(client, 0x70, id)
        } else if type == .suback || type == .unsuback {
            guard let index = me.pointee.requestIndex(id, isSubscribe: type == .suback),
                (code == nil) == (type == .unsuback)
            else {
                violation(.unknownPacketID, client)
                return
            }
            let request = me.pointee.requests[index]
            me.pointee.requests.remove(at: index)
            guard let code else {
                see(.unsubscribed, client) { $0.filter = request.filter }
                return
            }
            let granted = QoS(rawValue: code)
            if granted == nil, code != 0x80 { violation(.badFrame, client) }
            see(granted == nil ? .notSubscribed : .subscribed, client) {
                $0.filter = request.filter
                $0.qos = granted ?? .atMostOnce
            }
        } else {
            takeReceipt(client, type, id)
        }
    }

    /// PUBACK, PUBREC or PUBCOMP.
    private mutating func takeReceipt(_ client: Int, _ type: PacketType, _ id: UInt16) {
        let me = clients + client
        guard let index = me.pointee.outgoingIndex(id) else {
            violation(.unknownPacketID, client)
            return
        }
        let outgoing = me.pointee.outgoing[index]
        let isQoS2 = outgoing.message.qos == .exactlyOnce
        guard isQoS2 == (type != .puback), type != .pubcomp || outgoing.isReceived else {
            violation(.unexpectedPacket, client)
            return
        }
        if type == .pubrec {
            me.pointee.outgoing[index].isReceived = true
            acknowledge(client, 0x62, id)
        } else {
            me.pointee.outgoing.remove(at: index)
        }
        see(.acknowledged, client) {
            $0.message = outgoing.message
            $0.flag = type == .pubcomp
        }
    }

    private func acknowledge(_ client: Int, _ first: UInt8, _ id: UInt16) {
        beginPacket(client, first, 2)
        clients[client].output.int16(id)
    }

    /// The connection is over for the client.
    mutating func end(_ client: Int, _ ending: Observation.Ending) {
        let me = clients + client
        if !isRestSound(me.pointee.input.written) { violation(.corruptPayload, client) }
        server.io.peerForget(me.pointee.peer)
        me.pointee.phase = .absent
        me.pointee.requests.removeAll()
        if me.pointee.isClean { me.pointee.forgetSession() }
        see(.ended, client) {
            $0.flag = ending == .server
            $0.code = ending.rawValue
        }
    }

    /// Whether the packet that the end cut off was a good one so far.
    private func isRestSound(_ rest: ByteView) -> Bool {
        guard rest.count > 1, rest[0] >> 4 == PacketType.publish.rawValue,
            case .value(_, let lengthBytes) = VarInt.decode(rest.dropFirst(1))
        else { return true }
        var reader = ByteReader(rest.dropFirst(1 + lengthBytes))
        guard reader.lengthPrefixed() != nil, rest[0] & 6 == 0 || reader.int16() != nil,
            reader.rest.count >= SimMessage.headBytes
        else { return true }
        return SimMessage(payload: reader.rest, isWhole: false) != nil
    }

    private static func topicIndex(_ name: ByteView) -> UInt8? {
        var i = 0
        while i < Vocabulary.topicCount {
            if name.equals(Vocabulary.topic(i)) { return UInt8(i) }
            i += 1
        }
        return nil
    }
}
