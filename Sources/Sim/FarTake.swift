import Base
import Runtime
import Wire

// How remote brokers take what comes.
extension FarSide {
    mutating func take(_ index: Int, _ frame: Frame, _ io: inout SimIO) {
        let visit = visits + index
        let remote = visit.pointee.remote
        guard (frame.type == .connect) == (visit.pointee.phase == .open) else {
            violation(.unexpectedPacket, remote)
            breakOff(index, &io)
            return
        }
        switch frame.type {
        case .connect: takeConnect(index, frame.body, &io)
        case .publish: takePublish(index, frame)
        case .pingreq: begin(index, 0xD0, 0)
        case .disconnect: end(index, .server, &io)
        case .subscribe, .unsubscribe: takeRequest(index, frame)
        case .puback, .pubrec, .pubcomp, .pubrel:
            var reader = ByteReader(frame.body)
            if let id = reader.int16(), reader.isAtEnd {
                takeAcknowledgement(index, frame.type, id)
            } else {
                violation(.badFrame, remote)
            }
        case .connack, .suback, .unsuback, .pingresp:
            violation(.unexpectedPacket, remote)
        }
    }

    private mutating func takeConnect(_ index: Int, _ body: ByteView, _ io: inout SimIO) {
        let visit = visits + index
        let remote = visit.pointee.remote
        let me = remotes + remote
        var reader = ByteReader(body)
        guard let name = reader.lengthPrefixed(), name.equals("MQTT"), let level = reader.byte(), level & 0x7F == 4,
            let flags = reader.byte(), let keepAlive = reader.int16(), let id = reader.lengthPrefixed(), id.count > 0
        else {
            violation(.badFrame, remote)
            breakOff(index, &io)
            return
        }
        let isBridge = level & 0x80 != 0
        let isClean = flags & 2 != 0
        see(.connecting, remote) {
            $0.flag = isClean
            $0.code = isBridge ? 1 : 0
        }
        if isBridge, me.pointee.knowledge == .hangsUp {
            close(index, &io)
            return
        }
        var code: UInt8 = 0
        if isBridge, me.pointee.knowledge == .refuses { code = 1 }
        if me.pointee.mood == .busy { code = 3 }
        if me.pointee.mood == .hostile { code = 5 }
        guard code == 0 else {
            begin(index, 0x20, 2)
            visit.pointee.output.byte(0)
            visit.pointee.output.byte(code)
            visit.pointee.isEnding = true
            see(.refused, remote) { $0.code = code }
            return
        }
        // [MQTT-3.1.4-2]
        if me.pointee.visit >= 0 { breakOff(me.pointee.visit, &io) }
        if isClean { me.pointee.forgetSession() }
        let isPresent = me.pointee.hasSession
        me.pointee.hasSession = true
        me.pointee.isClean = isClean
        me.pointee.isBridge = isBridge && me.pointee.knowledge == .knows
        me.pointee.visit = index
        me.pointee.sentCount = 0
        visit.pointee.phase = .connected
        visit.pointee.keepAliveSeconds = keepAlive
        begin(index, 0x20, 2)
        visit.pointee.output.byte(isPresent ? 1 : 0)
        visit.pointee.output.byte(0)
        see(.connected, remote) {
            $0.flag = isPresent
            $0.code = isBridge ? 1 : 0
        }
    }

    private mutating func takePublish(_ index: Int, _ frame: Frame) {
        let remote = visits[index].remote
        let me = remotes + remote
        guard case .packet(let publish) = Publish.decode(frame) else {
            violation(.badFrame, remote)
            return
        }
        let isKnown = publish.qos == .exactlyOnce && me.pointee.incomingIndex(publish.packetID) != nil
        if publish.topic.starts(with: "$SYS/") {
            see(.noted, remote) { $0.code = publish.payload.isEmpty ? 0 : publish.payload[0] }
        } else {
            takeMessage(remote, publish, isKnown: isKnown)
        }
        switch publish.qos {
        case .atMostOnce: break
        case .atLeastOnce: acknowledge(index, 0x40, publish.packetID)
        case .exactlyOnce:
            if !isKnown {
                if me.pointee.incoming.count == Few<UInt16>.capacity {
                    violation(.tooManyInFlight, remote)
                } else {
                    me.pointee.incoming.append(publish.packetID)
                }
            }
            acknowledge(index, 0x50, publish.packetID)
        }
    }

    private mutating func takeMessage(_ remote: Int, _ publish: Publish, isKnown: Bool) {
        guard let name = RemoteName(publish.topic) else {
            violation(.wrongTopic, remote)
            return
        }
        guard let message = publish.payload.isEmpty
            ? SimMessage.clearing(UInt8(name.topic), qos: publish.qos) : SimMessage(payload: publish.payload)
        else {
            violation(.corruptPayload, remote)
            return
        }
        see(.delivered, remote) {
            $0.message = message
            $0.filter = name.code
            $0.qos = publish.qos
            $0.flag = publish.isDuplicate
            $0.isRetained = publish.retain
            $0.code = isKnown ? 1 : 0
        }
        // Who does not know what a bridge is sends it back what it has subscribed to.
        guard !isKnown, !remotes[remote].isBridge, let granted = remotes[remote].granted(name) else { return }
        send(remote, message, name, QoS(rawValue: min(granted.rawValue, publish.qos.rawValue)) ?? .atMostOnce)
    }

    private mutating func takeRequest(_ index: Int, _ frame: Frame) {
        let visit = visits + index
        let remote = visit.pointee.remote
        let isSubscribe = frame.type == .subscribe
        var reader = ByteReader(frame.body)
        guard let id = reader.int16(), !reader.isAtEnd else {
            violation(.badFrame, remote)
            return
        }
        var codes = InlineArray<16, UInt8>(repeating: 0)
        var count = 0
        while !reader.isAtEnd {
            guard let filter = reader.lengthPrefixed(), count < codes.count else {
                violation(.badFrame, remote)
                return
            }
            var granted = QoS.atMostOnce
            if isSubscribe {
                guard let byte = reader.byte(), let qos = QoS(rawValue: byte) else {
                    violation(.badFrame, remote)
                    return
                }
                granted = QoS(rawValue: min(byte, remotes[remote].maxQoS.rawValue)) ?? qos
                codes[count] = remotes[remote].add(filter, granted) ? granted.rawValue : 0x80
            } else {
                remotes[remote].remove(filter)
            }
            let filterCount = remotes[remote].filterCount
            see(isSubscribe ? .asked : .askedNoMore, remote) {
                $0.qos = granted
                $0.code = UInt8(filterCount)
            }
            count += 1
        }
        begin(index, isSubscribe ? 0x90 : 0xB0, isSubscribe ? 2 + count : 2)
        visit.pointee.output.int16(id)
        var i = 0
        while isSubscribe, i < count {
            visit.pointee.output.byte(codes[i])
            i += 1
        }
    }

    private mutating func takeAcknowledgement(_ index: Int, _ type: PacketType, _ id: UInt16) {
        let remote = visits[index].remote
        let me = remotes + remote
        if type == .pubrel {
            if let place = me.pointee.incomingIndex(id) { me.pointee.incoming.remove(at: place) }
            acknowledge(index, 0x70, id)
            return
        }
        guard let place = me.pointee.outgoingIndex(id), place < me.pointee.sentCount else {
            violation(.unknownPacketID, remote)
            return
        }
        let outgoing = me.pointee.outgoing[place]
        let isQoS2 = outgoing.qos == .exactlyOnce
        guard isQoS2 == (type != .puback), type != .pubcomp || outgoing.isReceived else {
            violation(.unexpectedPacket, remote)
            return
        }
        if type == .pubrec {
            me.pointee.outgoing[place].isReceived = true
            acknowledge(index, 0x62, id)
        } else {
            me.pointee.outgoing.remove(at: place)
            me.pointee.sentCount -= 1
        }
        see(.acknowledged, remote) {
            $0.message = outgoing.message
            $0.filter = outgoing.name.code
            $0.flag = type == .pubcomp
        }
    }

    func acknowledge(_ index: Int, _ first: UInt8, _ id: UInt16) {
        begin(index, first, 2)
        visits[index].output.int16(id)
    }

    func begin(_ index: Int, _ first: UInt8, _ length: Int) {
        let visit = visits + index
        visit.pointee.output.byte(first)
        var rest = length
        repeat {
            visit.pointee.output.byte(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
    }
}
