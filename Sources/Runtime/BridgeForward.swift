import Base
import Bridge
import Broker
import Config
import Engine
import Wire

// What waits for the remotes of bridges goes to them when all else in a turn is done.
extension Server where Net: ~Copyable {
    /// Rounds of taking messages from a spool and sending them, in one flush.
    private var forwardRounds: Int { 16 }

    /// Hands to the links what waits for them, and sends.
    mutating func forwardAll() {
        var index = 0
        while index < memory.bridgeCount {
            forward(index)
            index += 1
        }
    }

    private mutating func forward(_ index: Int) {
        let bridge = memory.bridges + index
        var round = 0
        while bridge.pointee.isDirty, bridge.pointee.link.isUp, round < forwardRounds {
            round += 1
            let waiting = memory.broker.spoolUse(index).messages
            bridge.pointee.isDirty = !fill(index)
            let held = bridge.pointee.link.queuedCount
            bridge.pointee.link.flush(&io)
            // What is blocked goes on when the system says so.
            if bridge.pointee.link.isBlocked { return }
            // What holds the room is all sent: an acknowledgement gives it back, and is heard of.
            if memory.broker.spoolUse(index).messages == waiting, bridge.pointee.link.queuedCount == held,
                !bridge.pointee.link.hasMoreToSend
            {
                bridge.pointee.isDirty = false
            }
        }
        // What had to wait until the spool was empty.
        subscribeRemotely(index)
        bridge.pointee.link.flush(&io)
    }

    /// Gives messages to the link until it takes no more. True when none are left that could be sent now.
    private mutating func fill(_ index: Int) -> Bool {
        let bridge = memory.bridges + index
        if bridge.pointee.owesState {
            bridge.pointee.owesState = !tellRemote(index, isUp: true)
            if bridge.pointee.owesState { return false }
        }
        let window = bridge.pointee.link.settings.maxInflight
        while let forward = memory.broker.nextForward(index, window: window, now: now) {
            memory.mapped.removeAll()
            let isMapped = bridge.pointee.writeRemoteTopic(forward.topic, to: &memory.mapped)
            let topic = memory.mapped.written
            let layout = PublishLayout(
                qos: forward.qos, retain: forward.retain, isDuplicate: false, packetID: forward.number,
                topicFieldBytes: topic.count + 2, payloadBytes: forward.payloadBytes)
            guard isMapped, layout.totalBytes <= bridge.pointee.settings.maxPacketBytes else {
                memory.broker.dropTooLong(index)
                continue
            }
            let sum = bridge.pointee.isEchoed ? bridge.pointee.echoes.begin(topic) : nil
            let taken = bridge.pointee.link.publish(
                topic, payloadBytes: forward.payloadBytes, forward.qos,
                retain: forward.retain && bridge.pointee.settings.keepsRetain, tag: forward.number
            ) { memory.broker.readForward(index, $0) }
            switch taken {
            case .full: return false
            case .tooLong: memory.broker.dropTooLong(index)
            case .taken:
                if var sum {
                    let echoes = bridge.pointee.echoes
                    memory.broker.readForward(index) { sum = echoes.extended(sum, $0) }
                    bridge.pointee.echoes.sent(sum)
                }
                memory.broker.forwarded(index)
                bridge.pointee.usedAt = now
            }
        }
        return true
    }
}
