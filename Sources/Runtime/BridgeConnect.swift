import Base
import Bridge
import Broker
import Config
import Engine
import Wire

// What happens when the remote of a bridge comes and goes.
extension Server where Net: ~Copyable {
    mutating func remoteCame(_ index: Int, sessionPresent: Bool) {
        let bridge = memory.bridges + index
        bridge.pointee.isUp = true
        bridge.pointee.usedAt = now
        bridge.pointee.counts.attempts &+= 1
        bridge.pointee.privacy = bridge.pointee.link.settings.connect.isBridge ? .taken : .refused
        // What has come since it left; a lazy connection is there for the sake of just that.
        if bridge.pointee.settings.localCleanSession, !bridge.pointee.settings.isLazy {
            memory.broker.cleanSpool(index)
        }
        expectEchoes(index, sessionPresent: sessionPresent)
        memory.broker.remoteCame(index, link: Handle<SessionLink>(raw: bridge.pointee.link.token))
        bridge.pointee.isDirty = true
        bridge.pointee.cameAt = now
        bridge.pointee.owesState = true
        tellState(index, isUp: true)
        // With the session the remote has kept the subscriptions, unless an earlier run has made other ones.
        bridge.pointee.hasSubscribed = sessionPresent && bridge.pointee.hasSubscribed
        bridge.pointee.subscribedLines = bridge.pointee.hasSubscribed ? bridge.pointee.topicCount : 0
        let hasGaps = memory.broker.takeGaps(index)
        if !sessionPresent || !bridge.pointee.isSynced || hasGaps { syncRetained(index) }
        reportRemoteCame(index, sessionPresent: sessionPresent)
    }

    /// A remote that has kept the session may have kept echoes in it, too; and what is under way is sent again, and
    /// comes back again.
    private mutating func expectEchoes(_ index: Int, sessionPresent: Bool) {
        let bridge = memory.bridges + index
        if !sessionPresent { bridge.pointee.echoes.removeAll() }
        guard bridge.pointee.isEchoed else { return }
        let echoes = bridge.pointee.echoes
        var place = 0
        while let topic = memory.broker.topicUnderWay(index, place) {
            memory.mapped.removeAll()
            if bridge.pointee.writeRemoteTopic(topic, to: &memory.mapped) {
                var sum = echoes.begin(memory.mapped.written)
                memory.broker.readUnderWay(index, place) { sum = echoes.extended(sum, $0) }
                bridge.pointee.echoes.sent(sum)
            }
            place += 1
        }
    }

    mutating func remoteLeft(_ index: Int, _ reason: LinkEnd) {
        let bridge = memory.bridges + index
        let wasUp = bridge.pointee.isUp
        reportRemoteLeft(index, reason)
        bridge.pointee.isUp = false
        bridge.pointee.refusedSince = nil
        bridge.pointee.pausedSince = nil
        if wasUp {
            memory.broker.remoteLeft(index, now: now)
            if !bridge.pointee.settings.spoolsQoS0, bridge.pointee.link.forgetQoS0() > 0 {
                memory.broker.noteGaps(index)
            }
            if bridge.pointee.settings.localCleanSession {
                bridge.pointee.link.forgetMessages()
                memory.broker.cleanSpool(index)
            }
            tellState(index, isUp: false)
        } else {
            bridge.pointee.counts.attempts &+= 1
        }
        if isStopping { return }
        if mayDoubtPrivacy(reason, index, wasUp: wasUp) {
            bridge.pointee.privacy = .doubted
            connect(index, isBridge: false)
            bridge.pointee.link.start(&io)
            return
        }
        if bridge.pointee.privacy == .doubted {
            // It was not that.
            bridge.pointee.privacy = .unknown
            connect(index, isBridge: bridge.pointee.settings.triesPrivate)
        }
        if bridge.pointee.startsAtOnce {
            bridge.pointee.startsAtOnce = false
            bridge.pointee.link.start(&io)
        } else if bridge.pointee.settings.isLazy, case .disconnected = reason {
            startIfWanted(index)
        } else if case .primaryIsBack = reason {
            bridge.pointee.link.start(&io)
        } else {
            bridge.pointee.link.retry(&io)
        }
    }

    /// Whether the attempt may have failed because the remote does not take the bridge bit: then it is tried again at
    /// once without.
    private func mayDoubtPrivacy(_ reason: LinkEnd, _ index: Int, wasUp: Bool) -> Bool {
        let bridge = memory.bridges + index
        guard !wasUp, bridge.pointee.link.settings.connect.isBridge, bridge.pointee.privacy == .unknown else {
            return false
        }
        switch reason {
        case .refused(.unacceptableProtocol), .closed, .lost, .violation: return true
        default: return false
        }
    }

    /// What the next CONNECT says.
    func connect(_ index: Int, isBridge: Bool) {
        let bridge = memory.bridges + index
        bridge.pointee.link.settings.connect = Connect(
            bridge.pointee.settings, bridge.pointee.names, isBridge: isBridge)
    }

    /// Hands over what is retained here and goes out.
    mutating func syncRetained(_ index: Int) {
        let bridge = memory.bridges + index
        bridge.pointee.isSynced = true
        var i = 0
        while i < bridge.pointee.topicCount {
            let line = bridge.pointee.topics[i]
            i += 1
            guard line.sendsOut else { continue }
            memory.mapped.removeAll()
            TopicMap.writeLocalFilter(line, to: &memory.mapped)
            memory.broker.syncRetained(index, memory.mapped.written, QoS(rawValue: line.qos) ?? .atMostOnce)
        }
    }

    /// Asks for what comes in, as far as the link has room; and, where that is wanted, takes back what an earlier run
    /// may have asked for.
    mutating func subscribeRemotely(_ index: Int) {
        let bridge = memory.bridges + index
        guard bridge.pointee.link.isUp, !bridge.pointee.hasSubscribed else { return }
        if let due = subscribeDue(index), now.isBefore(due) { return }
        while bridge.pointee.subscribedLines < bridge.pointee.topicCount {
            let number = bridge.pointee.subscribedLines
            let line = bridge.pointee.topics[number]
            memory.mapped.removeAll()
            TopicMap.writeRemoteFilter(line, to: &memory.mapped)
            bridge.pointee.requests[number] = 0
            if line.takesIn {
                guard let id = bridge.pointee.link.subscribe(
                    memory.mapped.written, QoS(rawValue: line.qos) ?? .atMostOnce)
                else { return }
                bridge.pointee.requests[number] = id
            } else if bridge.pointee.settings.unsubscribes {
                guard bridge.pointee.link.unsubscribe(memory.mapped.written) != nil else { return }
            }
            bridge.pointee.subscribedLines += 1
        }
        if bridge.pointee.openRequests == 0 { bridge.pointee.hasSubscribed = true }
    }

    /// What is retained here goes to the remote before the remote is asked for what is retained there: otherwise, of a
    /// topic that goes both ways, each would end with the other's old value. Nil when there is nothing to wait for.
    func subscribeDue(_ index: Int) -> Tick? {
        let bridge = memory.bridges + index
        guard bridge.pointee.link.isUp, bridge.pointee.subscribedLines < bridge.pointee.topicCount,
            bridge.pointee.swaps, memory.broker.spoolUse(index).messages > 0
        else { return nil }
        return bridge.pointee.cameAt.advanced(byMs: mostSubscribeWaitMs)
    }

    /// A backlog may take longer; commands from the remote must not wait so long.
    private var mostSubscribeWaitMs: UInt32 { 5000 }

    mutating func noteSubscribed(_ index: Int, _ packetID: UInt16, _ code: UInt8) {
        let bridge = memory.bridges + index
        var i = 0
        while i < bridge.pointee.topicCount, bridge.pointee.requests[i] != packetID { i += 1 }
        guard i < bridge.pointee.topicCount else { return }
        bridge.pointee.requests[i] = 0
        if code == Suback.failure { reportSubscribeFailed(index, i) }
    }

    /// The program ends: says goodbye to the remotes, without waiting for them.
    mutating func leaveBridges() {
        var index = 0
        while index < memory.bridgeCount {
            let bridge = memory.bridges + index
            reportUnsent(index)
            if bridge.pointee.link.isUp {
                _ = tellRemote(index, isUp: false)
                bridge.pointee.isDirty = true
                bridge.pointee.link.disconnect(&io)
            }
            index += 1
        }
    }
}

extension BridgeLink {
    /// SUBSCRIBEs that are not answered yet.
    var openRequests: Int {
        var count = 0
        var i = 0
        while i < topicCount {
            if requests[i] != 0 { count += 1 }
            i += 1
        }
        return count
    }
}
