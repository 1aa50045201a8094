import Base
import Runtime
import Wire

// What remote brokers do of their own accord.
extension FarSide {
    /// A message for whoever has subscribed to it, as from a client of the remote.
    mutating func publish(_ remote: Int) {
        let me = remotes + remote
        var tries = 8
        while tries > 0 {
            tries -= 1
            let topic = random.below(Vocabulary.topicCount)
            var name = me.pointee.vocabulary[topic]
            if !me.pointee.isMapped {
                name = RemoteName(prefix: random.below(RemoteName.prefixCount), topic: topic)
            } else if name.code == RemoteName.none.code {
                continue
            }
            guard let granted = me.pointee.granted(name) else { continue }
            let qos = QoS(rawValue: min(granted.rawValue, UInt8(random.below(3)))) ?? .atMostOnce
            guard hasRoom(remote, qos) else { return }
            me.pointee.lastNumber += 1
            let message = SimMessage(
                publisher: me.pointee.number, number: me.pointee.lastNumber,
                topic: me.pointee.isMapped ? UInt8(topic) : name.code, qos: qos,
                isRetained: false, isWill: false, length: random.within(SimMessage.headBytes, 200))
            send(remote, message, name, qos)
            return
        }
    }

    /// QoS 0 is for who is there, the rest waits, if there is a session to wait for.
    private func hasRoom(_ remote: Int, _ qos: QoS) -> Bool {
        let me = remotes + remote
        if qos == .atMostOnce { return me.pointee.visit >= 0 && visits[me.pointee.visit].output.room > 4096 }
        return me.pointee.hasSession && me.pointee.outgoing.count < Few<SimRemote.Outgoing>.capacity
    }

    mutating func send(_ remote: Int, _ message: SimMessage, _ name: RemoteName, _ qos: QoS) {
        let me = remotes + remote
        guard hasRoom(remote, qos) else { return }
        let outgoing = SimRemote.Outgoing(
            packetID: qos == .atMostOnce ? 0 : me.pointee.nextPacketID(), message: message, name: name, qos: qos)
        if qos == .atMostOnce {
            write(remote, outgoing)
        } else {
            me.pointee.outgoing.append(outgoing)
            sendMore(remote)
        }
    }

    /// Sends what waits, as far as the window allows. What was sent on an earlier connection goes first, in order
    /// [MQTT-4.4.0-1, MQTT-4.6.0-1].
    mutating func sendMore(_ remote: Int) {
        let me = remotes + remote
        guard me.pointee.visit >= 0, !visits[me.pointee.visit].isEnding else { return }
        let visit = visits + me.pointee.visit
        while me.pointee.sentCount < min(me.pointee.window, me.pointee.outgoing.count), visit.pointee.output.room > 4096
        {
            let place = me.pointee.sentCount
            let outgoing = me.pointee.outgoing[place]
            me.pointee.sentCount += 1
            me.pointee.outgoing[place].isAgain = true
            if outgoing.isReceived {
                acknowledge(me.pointee.visit, 0x62, outgoing.packetID)
            } else {
                write(remote, outgoing)
            }
        }
    }

    private mutating func write(_ remote: Int, _ outgoing: SimRemote.Outgoing) {
        let index = remotes[remote].visit
        var bytes = InlineArray<34, UInt8>(repeating: 0)
        var span = bytes.mutableSpan
        span.withUnsafeMutableBufferPointer {
            var name = Line($0.baseAddress!, capacity: $0.count)
            outgoing.name.write(&name)
            let flags = outgoing.qos.rawValue << 1 | (outgoing.isAgain ? 8 : 0)
            begin(
                index, 0x30 | flags,
                2 + name.count + (outgoing.qos == .atMostOnce ? 0 : 2) + outgoing.message.length)
            visits[index].output.lengthPrefixed(name.view)
        }
        if outgoing.qos != .atMostOnce { visits[index].output.int16(outgoing.packetID) }
        outgoing.message.writePayload(&visits[index].output)
        see(.publishing, remote) {
            $0.message = outgoing.message
            $0.filter = outgoing.name.code
            $0.qos = outgoing.qos
            $0.flag = outgoing.isAgain
        }
    }

    /// One remote does one thing.
    public mutating func act(_ io: inout SimIO) {
        guard remoteCount > 0 else { return }
        now = io.clock
        let remote = random.below(remoteCount)
        let visit = remotes[remote].visit
        switch random.below(100) {
        case 0..<60:
            var count = random.chance(perMille: 150) ? random.within(2, 20) : 1
            while count > 0 {
                count -= 1
                publish(remote)
            }
        case 60..<66 where visit >= 0:
            visits[visit].readsAgainAt = now.advanced(byMs: UInt32(random.below(10_000)))
        case 66..<70 where visit >= 0: breakOff(visit, &io)
        case 72..<75 where visit >= 0: close(visit, &io)
        case 75..<78:
            restart(remote, forgets: random.chance(perMille: 300), &io)
        case 78..<80: beginOutage(remote, &io)
        case 80..<84:
            let isBad = random.chance(perMille: 250)
            remotes[remote].names = isBad ? SimRemote.Names(rawValue: UInt8(random.within(1, 3))) ?? .known : .known
        case 84..<88:
            // One address is always as good as the remote.
            let isBad = random.chance(perMille: 400)
            remotes[remote].blackHoles = isBad ? UInt8(random.below(8)) & UInt8(random.below(8)) : 0
            remotes[remote].refusals = isBad ? UInt8(random.below(8)) & UInt8(random.below(8)) : 0
        default: break
        }
    }

    /// All connections break, and what is not kept in sessions is lost.
    mutating func restart(_ remote: Int, forgets: Bool, _ io: inout SimIO) {
        var i = 0
        while i < FarSide.visitCount {
            if visits[i].remote == remote, visits[i].phase == .open || visits[i].phase == .connected {
                breakOff(i, &io)
            }
            i += 1
        }
        if forgets { remotes[remote].forgetSession() }
        see(.restarted, remote) { $0.flag = forgets }
    }

    private mutating func beginOutage(_ remote: Int, _ io: inout SimIO) {
        let mood = SimRemote.Mood(rawValue: UInt8(random.within(1, 6))) ?? .refusing
        let span: Int
        switch random.below(20) {
        case 0: span = 3_600_000
        case 1, 2, 3, 4: span = random.within(30_000, 400_000)
        default: span = random.within(100, 30_000)
        }
        change(remote, mood, until: now.advanced(byMs: UInt32(span)))
        // Of the others the connection that there is breaks.
        if mood == .refusing || random.chance(perMille: 300), remotes[remote].visit >= 0 {
            breakOff(remotes[remote].visit, &io)
        }
    }

    mutating func change(_ remote: Int, _ mood: SimRemote.Mood, until: Tick?) {
        remotes[remote].mood = mood
        remotes[remote].moodEnds = until
        see(.changed, remote) { $0.code = mood.rawValue }
    }

    /// From now on all is well.
    public mutating func calm(_ io: inout SimIO) {
        now = io.clock
        maxDelayMs = 0
        var i = 0
        while i < remoteCount {
            if remotes[i].mood != .open { change(i, .open, until: nil) }
            remotes[i].names = .known
            remotes[i].blackHoles = 0
            remotes[i].refusals = 0
            if remotes[i].visit >= 0 { visits[remotes[i].visit].readsAgainAt = nil }
            i += 1
        }
    }

    /// What the connections of a bridge make of the topics here.
    mutating func use(_ bridge: BridgeScenario) {
        var i = 0
        while i < bridge.count {
            remotes[i].isMapped = true
            var topic = 0
            while topic < Vocabulary.topicCount {
                if let place = bridge.remoteName(i, topic), place.line.takesIn {
                    remotes[i].vocabulary[topic] = place.name
                }
                topic += 1
            }
            i += 1
        }
    }

    /// How remotes are, for a whole run.
    public mutating func begin(maxDelayMs: Int) {
        self.maxDelayMs = maxDelayMs
        var i = 0
        while i < remoteCount {
            remotes[i].knowledge = SimRemote.Knowledge(rawValue: UInt8(random.below(3))) ?? .knows
            if random.chance(perMille: 200) { remotes[i].maxQoS = .atLeastOnce }
            remotes[i].window = random.within(1, 20)
            i += 1
        }
    }
}
