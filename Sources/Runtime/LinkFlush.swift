import Base
import Wire

extension Link {
    /// Sends what there is to be sent, as far as the system takes it. Called at the end of a turn.
    @inline(never) public mutating func flush<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        if descriptor >= 0 { send(&io) } else { hasMoreToSend = false }
        updateInterest(&io)
    }

    /// Rounds of writing in one turn, so that what comes in is heard, too.
    private var maxRounds: Int { 16 }

    @inline(never) mutating func send<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        var round = 0
        hasMoreToSend = false
        while !isBlocked, descriptor >= 0 {
            fill(&io)
            if output.count == sent { break }
            guard round < maxRounds else {
                hasMoreToSend = true
                break
            }
            round += 1
            var run = Run(start: UnsafePointer(output.start + sent), count: output.count - sent)
            switch io.send(descriptor, &run, 1) {
            case .done(let count):
                sent += count
                lastSent = now
                // What is left is waited for while it goes on.
                if state == .leaving, !hasDisconnected { stateDue = now.advanced(byMs: leaveMs) }
                if sent < output.count { isBlocked = true }
            case .again, .exhausted:
                isBlocked = true
            case .closed, .absent, .failed:
                // What was sent to us before is still taken: it may say why.
                isBlocked = true
                isBroken = true
                receive(isBroken: true, &io)
                hasMoreToSend = true
            }
            if sent == output.count {
                output.removeAll()
                sent = 0
            }
        }
    }

    /// Puts into the output what may go out, as far as there is room.
    private mutating func fill<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        guard state == .up || state == .leaving, !hasDisconnected else { return }
        sendReceipts()
        _ = makeRoom(output.capacity)
        while true {
            if outbox.writing.isNone {
                moveControl()
                if isPingWanted, control.count == 0, output.room >= 2 {
                    Pingreq.encode(to: &output)
                    isPingWanted = false
                }
                guard control.count == 0, !isYielding || outbox.toRepeat.isSome,
                    outbox.beginWriting(maxInflight: settings.maxInflight)
                else { break }
            }
            let message = outbox.records[outbox.writing].pointee
            switch outbox.writer.write(message, from: outbox.store, to: &output, &io) {
            case .full: return
            case .done:
                if message.qos == .atMostOnce { counters.messagesSent &+= 1 }
                outbox.finishWriting()
            case .failed:
                // What was promised in the header cannot be kept.
                fileFailed(&io)
                return
            }
        }
        // What was not sent yet is for the broker that is to be the next.
        let isDone = isYielding ? outbox.inFlight.isEmpty : outbox.isEmpty
        if state == .leaving, isDone, control.count == 0, makeRoom(2) {
            if !leavesToWill { Disconnect.encode(to: &output) }
            hasDisconnected = true
        }
    }

    private var leavesToWill: Bool { isYielding && settings.yieldsToWill }

    /// The connection has been ended in order, as far as that was possible.
    mutating func left<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        end(isYielding ? .primaryIsBack : .disconnected, &io)
    }

    private mutating func fileFailed<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        outbox.dropWriting()
        end(.fileFailed, &io)
    }

    /// Makes the system's watch what the link's state asks for.
    private mutating func updateInterest<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        guard descriptor >= 0 else { return }
        // Everything is sent, and nothing unread is lost by closing: the broker is not waited for.
        if hasDisconnected, output.count == sent, !hasSubscribed || leavesToWill || peerEnd != nil {
            left(&io)
            return
        }
        let wanted = (isDrained ? Event.readable : 0) | (isBlocked && peerEnd == nil ? Event.writable : 0)
        guard wanted != interest else { return }
        interest = wanted
        io.rewatch(descriptor, interest: wanted, token: token)
    }
}
