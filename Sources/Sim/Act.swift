import Base
import Runtime
import Wire

// What clients do of their own accord.
extension Simulation {
    /// One client does one thing.
    mutating func act() {
        let client = random.below(scenario.clientCount)
        switch clients[client].phase {
        case .absent:
            if random.chance(perMille: 500) { connect(client, isClean: random.chance(perMille: 350)) }
        case .connecting:
            if random.chance(perMille: 50) { breakOff(client) }
        case .connected:
            if !clients[client].hasInsulted { actConnected(client) }
        }
    }

    private mutating func actConnected(_ client: Int) {
        switch random.below(100) {
        case 0..<45: publishSome(client)
        case 45..<65: request(client, isSubscribe: random.chance(perMille: 700))
        case 65..<70: ping(client)
        case 70..<76:
            clients[client].readsAgainAt = now.advanced(byMs: UInt32(random.below(15_000)))
        case 76..<80: leave(client)
        case 80..<85: breakOff(client)
        case 85..<87: insult(client)
        default: break
        }
    }

    /// Most of the time one message; sometimes many at once.
    private mutating func publishSome(_ client: Int) {
        var count = random.chance(perMille: 100) ? random.within(2, 30) : 1
        while count > 0 {
            count -= 1
            let topic = random.below(Vocabulary.topicCount)
            // A topic's retained messages come from one client, so that it is known which is the last.
            let isRetained = isOwner(client, topic) && random.chance(perMille: 400)
            let isClearing = isRetained && random.chance(perMille: 150)
            let length = isClearing ? 0 : random.chance(perMille: 50) ? 1500 : random.within(SimMessage.headBytes, 200)
            publish(
                client, topic: UInt8(topic), qos: QoS(rawValue: UInt8(random.below(3))) ?? .atMostOnce,
                isRetained: isRetained, length: length)
        }
    }

    func isOwner(_ client: Int, _ topic: Int) -> Bool { topic % scenario.clientCount == client }

    mutating func connect(_ client: Int, isClean wantsClean: Bool) {
        let isClean = wantsClean || clients[client].mustBeClean
        let address = Address(v4: 0x0A00_0000 + UInt32(client), port: UInt16(1024 + random.below(60_000)))
        server.io.peerLoseForgotten(from: address)
        guard let peer = server.io.peerConnect(from: address) else { return }
        let me = clients + client
        if isClean { me.pointee.forgetSession() }
        me.pointee.mustBeClean = isClean
        me.pointee.requests.removeAll()
        me.pointee.input.removeAll()
        me.pointee.output.removeAll()
        me.pointee.peer = peer
        me.pointee.phase = .connecting
        me.pointee.isClean = isClean
        me.pointee.isPinging = false
        me.pointee.hasInsulted = false
        me.pointee.oldIncoming = me.pointee.incoming.count
        me.pointee.readsAgainAt = nil
        me.pointee.keepAliveSeconds = random.chance(perMille: 500) ? 0 : UInt16(random.within(2, 30))
        var will: SimMessage?
        if part == .acting, random.chance(perMille: 400) {
            me.pointee.lastNumber += 1
            will = SimMessage(
                publisher: UInt8(client), number: me.pointee.lastNumber,
                topic: UInt8(random.below(Vocabulary.topicCount)),
                qos: QoS(rawValue: UInt8(random.below(3))) ?? .atMostOnce, isRetained: false, isWill: true,
                length: random.within(SimMessage.headBytes, 60))
        }
        writeConnect(client, will)
        see(.connecting, client) {
            $0.flag = isClean
            $0.message = will
        }
    }

    private mutating func writeConnect(_ client: Int, _ will: SimMessage?) {
        let me = clients + client
        let topic = ByteView(will == nil ? "" : Vocabulary.topic(Int(will!.topic)))
        let willBytes = will == nil ? 0 : 4 + topic.count + will!.length
        beginPacket(client, 0x10, 10 + 4 + willBytes)
        me.pointee.output.lengthPrefixed(ByteView("MQTT"))
        me.pointee.output.byte(4)
        me.pointee.output.byte((me.pointee.isClean ? 2 : 0) | (will == nil ? 0 : 4 | will!.qos.rawValue << 3))
        me.pointee.output.int16(me.pointee.keepAliveSeconds)
        me.pointee.writeID(&me.pointee.output)
        guard let will else { return }
        me.pointee.output.lengthPrefixed(topic)
        me.pointee.output.int16(UInt16(will.length))
        will.writePayload(&me.pointee.output)
    }

    mutating func publish(_ client: Int, topic: UInt8, qos: QoS, isRetained: Bool, length: Int) {
        let me = clients + client
        guard me.pointee.output.room > length + 1000,
            qos == .atMostOnce || me.pointee.outgoing.count < SimClient.maxOutgoing
        else { return }
        me.pointee.lastNumber += 1
        let message = SimMessage(
            publisher: UInt8(client), number: me.pointee.lastNumber, topic: topic, qos: qos, isRetained: isRetained,
            isWill: false, length: length)
        var id: UInt16 = 0
        if qos != .atMostOnce {
            id = me.pointee.nextPacketID()
            me.pointee.outgoing.append(SimClient.Outgoing(packetID: id, message: message))
        }
        writePublish(client, message, id, isAgain: false)
    }

    mutating func writePublish(_ client: Int, _ message: SimMessage, _ packetID: UInt16, isAgain: Bool) {
        let me = clients + client
        let topic = ByteView(Vocabulary.topic(Int(message.topic)))
        let flags = message.qos.rawValue << 1 | (message.isRetained ? 1 : 0) | (isAgain ? 8 : 0)
        beginPacket(client, 0x30 | flags, 2 + topic.count + (packetID == 0 ? 0 : 2) + message.length)
        me.pointee.output.lengthPrefixed(topic)
        if packetID != 0 { me.pointee.output.int16(packetID) }
        message.writePayload(&me.pointee.output)
        see(.publishing, client) {
            $0.message = message
            $0.flag = isAgain
        }
    }

    private mutating func request(_ client: Int, isSubscribe: Bool) {
        let filter = random.below(Vocabulary.filterCount)
        subscribe(client, UInt8(filter), QoS(rawValue: UInt8(random.below(3))) ?? .atMostOnce, isSubscribe: isSubscribe)
    }

    /// SUBSCRIBE or UNSUBSCRIBE with one filter.
    mutating func subscribe(_ client: Int, _ filter: UInt8, _ qos: QoS, isSubscribe: Bool = true) {
        let me = clients + client
        guard me.pointee.requests.count < SimClient.maxRequests, me.pointee.output.room > 200 else { return }
        let id = me.pointee.nextPacketID()
        me.pointee.requests.append(
            SimClient.Request(packetID: id, filter: filter, qos: qos, isSubscribe: isSubscribe))
        let text = ByteView(Vocabulary.filter(Int(filter)))
        beginPacket(client, isSubscribe ? 0x82 : 0xA2, 4 + text.count + (isSubscribe ? 1 : 0))
        me.pointee.output.int16(id)
        me.pointee.output.lengthPrefixed(text)
        if isSubscribe { me.pointee.output.byte(qos.rawValue) }
        see(isSubscribe ? .subscribing : .unsubscribing, client) {
            $0.filter = filter
            $0.qos = qos
        }
    }

    mutating func ping(_ client: Int) {
        guard clients[client].phase == .connected, !clients[client].isPinging, clients[client].output.room > 100 else {
            return
        }
        clients[client].isPinging = true
        beginPacket(client, 0xC0, 0)
        see(.pinging, client)
    }

    /// DISCONNECT, and the end of the connection behind it.
    mutating func leave(_ client: Int) {
        // Who does not read may find that the server does not either, until it does.
        guard clients[client].output.room > 100, clients[client].readsAgainAt == nil else { return }
        beginPacket(client, 0xE0, 0)
        see(.leaving, client)
        flush(client)
        // What the network has not taken is lost with the connection.
        let ending = clients[client].output.count == 0 ? Observation.Ending.orderly : .reset
        if ending == .orderly {
            server.io.peerClose(clients[client].peer, isOrderly: true)
        } else {
            server.io.peerReset(clients[client].peer, arriving: server.io.peerUnsent(clients[client].peer))
        }
        end(client, ending)
    }

    /// The connection ends without DISCONNECT: it breaks at some byte, or the client vanishes, or closes.
    private mutating func breakOff(_ client: Int) {
        let peer = clients[client].peer
        flush(client)
        switch random.below(3) {
        case 0 where server.io.peerUnread(peer) > 0:
            // Closing with something unread breaks the connection.
            server.io.peerReset(peer, arriving: server.io.peerUnsent(peer))
            end(client, .reset)
        case 0:
            server.io.peerClose(peer, isOrderly: true)
            end(client, .orderly)
        case 1:
            server.io.peerReset(peer, arriving: random.below(server.io.peerUnsent(peer) + 1))
            end(client, .reset)
        default:
            clients[client].hasVanished = true
            end(client, .halfOpen)
        }
    }

    /// Sends what no client may send.
    private mutating func insult(_ client: Int) {
        let me = clients + client
        // With something to answer just before, and perhaps much to send.
        ping(client)
        publishSome(client)
        guard me.pointee.output.room > 100 else { return }
        switch random.below(6) {
        case 0: writeConnect(client, nil)
        case 1: beginPacket(client, 0x00, 0)
        case 2: beginPacket(client, 0xF0, 0)
        case 3:
            beginPacket(client, 0x36, 2)
            me.pointee.output.int16(0)
        case 4: beginPacket(client, 0x20, 0)
        default: beginPacket(client, 0x80, 0)
        }
        me.pointee.hasInsulted = true
        see(.insulting, client)
    }

    func beginPacket(_ client: Int, _ first: UInt8, _ length: Int) {
        let me = clients + client
        me.pointee.output.byte(first)
        var rest = length
        repeat {
            me.pointee.output.byte(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        me.pointee.lastSent = now
    }

    /// Sends PINGREQ in time.
    mutating func keepAlive(_ client: Int) {
        let me = clients + client
        guard me.pointee.phase == .connected, me.pointee.keepAliveSeconds > 0, !me.pointee.hasInsulted,
            now.msSince(me.pointee.lastSent) >= UInt32(me.pointee.keepAliveSeconds) * 500
        else { return }
        ping(client)
    }
}
