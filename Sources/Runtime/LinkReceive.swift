import Base
import Engine
import Wire

extension Link {
    /// Something has happened to the link's descriptor, or to the name that is looked up.
    @inline(never) public mutating func handle<Net: ClientIO & ~Copyable>(_ event: Event, _ io: inout Net) {
        if event.flags & Event.resolved != 0 {
            resolved(&io)
            return
        }
        if race.running > 0 {
            let outcome = race.look(now, &io)
            if state == .connecting {
                proceed(outcome, &io)
                return
            }
            heedProbe(outcome, &io)
        }
        guard descriptor >= 0 else { return }
        if event.flags & Event.writable != 0 { isBlocked = false }
        let isBroken = event.flags & Event.failed != 0 && !race.hasClosed
        if isBroken || event.flags & interest & Event.readable != 0 { receive(isBroken: isBroken, &io) }
    }

    mutating func receive<Net: ClientIO & ~Copyable>(isBroken: Bool, _ io: inout Net) {
        if hasDisconnected { taken = filled }
        if taken > 0 {
            window.copyBytes(from: window + taken, count: filled - taken)
            filled -= taken
            taken = 0
        }
        let room = min(limits.receiveBytes, windowBytes - filled)
        guard room > 0 else {
            // What is whole waits for the owner, and the network with it; but what is broken does not stop saying so.
            if isBroken { hangUp(.lost, &io) }
            return
        }
        switch io.receive(descriptor, window + filled, room) {
        case .done(let count):
            filled += count
            lastHeard = now
        case .again:
            guard self.isBroken else { return }
            hangUp(.lost, &io)
        case .closed(let isOrderly): hangUp(isOrderly ? .closed : .lost, &io)
        case .exhausted, .absent, .failed: hangUp(.lost, &io)
        }
        isDrained = false
    }

    /// Nothing more will come. What has come is still to be taken.
    private mutating func hangUp<Net: ClientIO & ~Copyable>(_ reason: LinkEnd, _ io: inout Net) {
        if peerEnd == nil { peerEnd = reason }
        io.close(descriptor)
        descriptor = -1
    }

    /// What has happened next, or nil when nothing is left: then all that is whole was taken.
    @inline(never) public mutating func next<Net: ClientIO & ~Copyable>(_ io: inout Net) -> LinkEvent? {
        if let event = told() { return event }
        while state == .awaitingConnack || state == .up || state == .leaving {
            if hasDisconnected {
                // The rest is of no interest but for its end.
                isDrained = true
                guard peerEnd != nil else { return nil }
                left(&io)
                break
            }
            // Whatever is read next may have to be answered.
            guard control.room >= Acknowledgement.byteCount else {
                // Nobody is left to be answered.
                if descriptor < 0 { control.removeAll() }
                send(&io)
                if control.room < Acknowledgement.byteCount { return nil }
                continue
            }
            let bytes = ByteView(window + taken, filled - taken)
            if skip != nil {
                if let event = passOver(bytes, &io) { return event }
                if skip == nil { continue }
                return pause(isDrained: true, &io)
            }
            switch FrameReader.next(bytes, maxPacketBytes: limits.maxPacketBytes) {
            case .frame(let frame, let byteCount):
                // A message that cannot be noted stays where it is until there is room.
                if frame.type == .publish, !receipts.hasRoom { return pause(isDrained: false, &io) }
                taken += byteCount
                if let event = take(frame, &io) { return event }
            case .needMore:
                return pause(isDrained: true, &io)
            case .bad(.packetTooLarge) where maySkip(bytes):
                guard receipts.hasRoom else { return pause(isDrained: false, &io) }
                switch Skip.begin(bytes) {
                case .skip(let begun, let byteCount):
                    taken += byteCount
                    skip = begun
                case .needMore:
                    return pause(isDrained: true, &io)
                case .bad:
                    return failed(.violation(.malformed), &io)
                }
            case .bad(let reason):
                return failed(.violation(reason), &io)
            }
        }
        return told()
    }

    /// Nothing more can be taken now. If the connection is broken nothing more ever will be: what is left comes again,
    /// if the broker has kept it.
    private mutating func pause<Net: ClientIO & ~Copyable>(isDrained: Bool, _ io: inout Net) -> LinkEvent? {
        if isDrained { self.isDrained = true }
        guard isDrained || descriptor < 0, let peerEnd else { return nil }
        return failed(peerEnd, &io)
    }

    private func maySkip(_ bytes: ByteView) -> Bool {
        settings.skipsTooLong && state != .awaitingConnack && bytes[0] >> 4 == PacketType.publish.rawValue
    }

    /// Passes over what has come of a message that is too long. `skip` is nil when that was all of it.
    private mutating func passOver<Net: ClientIO & ~Copyable>(_ bytes: ByteView, _ io: inout Net) -> LinkEvent? {
        guard var passing = skip else { preconditionFailure("nothing to pass over") }
        guard let count = passing.pass(bytes) else {
            return failed(.violation(.badPacketID), &io)
        }
        taken += count
        skip = passing.isOver ? nil : passing
        guard passing.isOver, let event = take(passing.publish, &io) else { return nil }
        guard case .message(let publish, let ticket) = event else { return event }
        counters.skipped &+= 1
        if publish.qos != .atMostOnce { acknowledge(ticket) }
        return nil
    }

    /// Gives up what a broken connection has left to be taken, so that there can be another: QoS 1 and 2 come again, if
    /// the broker has kept the session. Nothing happens while the connection lives.
    @inline(never) public mutating func abandon<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        if let peerEnd { giveUp(peerEnd, &io) }
    }

    private mutating func take<Net: ClientIO & ~Copyable>(_ frame: Frame, _ io: inout Net) -> LinkEvent? {
        switch machine.received(frame) {
        case .answer(let answer):
            return answered(answer, &io)
        case .publish(let publish):
            return take(publish, &io)
        case .acknowledge(let type, let packetID):
            return acknowledged(type, packetID, &io)
        case .release(let packetID):
            inbound.released(packetID, in: &inboundIDs)
            Acknowledgement.encode(.pubcomp, packetID: packetID, to: &control)
            return nil
        case .subscribed(let suback):
            outbox.requestAnswered(suback.packetID)
            return .subscribed(packetID: suback.packetID, code: suback.codes[0])
        case .unsubscribed(let packetID):
            outbox.requestAnswered(packetID)
            return .unsubscribed(packetID: packetID)
        case .pong:
            isPingOwed = false
            return nil
        case .close(let reason):
            return failed(.violation(reason), &io)
        }
    }

    private mutating func take<Net: ClientIO & ~Copyable>(_ publish: Publish, _ io: inout Net) -> LinkEvent? {
        if publish.qos == .exactlyOnce {
            if inbound.holds(publish.packetID, in: inboundIDs) {
                // [MQTT-4.3.3-2] The owner has it, or is done with it already.
                if !receipts.renew(publish) { receipts.done(receipts.add(publish.packetID, publish.qos)) }
                sendReceipts()
                return nil
            }
            if isRefusing { return nil }
            guard inboundIDs.hasRoom() || inbound.forgetStale(in: &inboundIDs) else {
                // Waiting would not help: the PUBRELs that make room are behind this.
                return failed(.violation(.receiveWindowExceeded), &io)
            }
            inbound.received(publish.packetID, in: &inboundIDs)
        } else if publish.qos == .atLeastOnce, receipts.renew(publish) {
            sendReceipts()
            return nil
        }
        if isRefusing { return nil }
        counters.messagesReceived &+= 1
        if publish.qos == .atMostOnce { return .message(publish, ticket: 0) }
        return .message(publish, ticket: receipts.add(publish.packetID, publish.qos))
    }

    private mutating func acknowledged<Net: ClientIO & ~Copyable>(
        _ type: PacketType, _ packetID: UInt16, _ io: inout Net
    ) -> LinkEvent? {
        var tag: UInt16 = 0
        switch outbox.acknowledged(type, packetID, tag: &tag) {
        case .complete:
            counters.messagesSent &+= 1
            return .published(packetID: packetID, tag: tag)
        case .release:
            Acknowledgement.encode(.pubrel, packetID: packetID, to: &control)
            return nil
        case .violation:
            return failed(.violation(.unexpectedPacket), &io)
        case nil:
            // The exchange is over on our side; the broker need not know yet.
            if type == .pubrec { Acknowledgement.encode(.pubrel, packetID: packetID, to: &control) }
            return nil
        }
    }

    /// The owner is done with a message. PUBACK or PUBREC goes out when all messages before it are done, too.
    public mutating func acknowledge(_ ticket: UInt32) {
        receipts.done(ticket)
        sendReceipts()
    }

    mutating func sendReceipts() {
        // Without a connection they stay owed: a repetition is then answered at once, and is no new message.
        guard state == .up, descriptor >= 0 else { return }
        while control.room >= 2 * Acknowledgement.byteCount, let receipt = receipts.next() {
            Acknowledgement.encode(
                receipt.qos == .atLeastOnce ? .puback : .pubrec, packetID: receipt.packetID, to: &control)
        }
    }
}
