import Base
import Broker
import Engine
import Wire

extension Server where Net: ~Copyable {
    /// Does what one packet asks for.
    mutating func perform(_ handle: Handle<Connection>, _ frame: Frame) {
        let connection = memory.connections[handle]
        let session = connection.pointee.session
        switch connection.pointee.machine.received(frame) {
        case .connect(let connect):
            performConnect(handle, connect)
        case .publish(let publish):
            performPublish(handle, publish)
        case .acknowledge(let type, let packetID):
            switch memory.broker.acknowledge(session, type, packetID: packetID) {
            case .done: break
            case .release: reply(handle) { Acknowledgement.encode(.pubrel, packetID: packetID, to: &$0) }
            case .violation: close(handle, .unexpectedPacket)
            }
        case .release(let packetID):
            memory.broker.release(session, packetID: packetID)
            reply(handle) { Acknowledgement.encode(.pubcomp, packetID: packetID, to: &$0) }
        case .subscribe(let subscribe):
            performSubscribe(handle, subscribe)
        case .unsubscribe(var unsubscribe):
            while let filter = unsubscribe.next() { memory.broker.unsubscribe(session, filter) }
            // [MQTT-3.10.4-5] Also when nothing was removed.
            reply(handle) { Acknowledgement.encode(.unsuback, packetID: unsubscribe.packetID, to: &$0) }
        case .ping:
            reply(handle) { Pingresp.encode(to: &$0) }
        case .close(let reason):
            // A CONNECT that cannot be understood is answered where a code exists for what is wrong with it.
            if session.isNone, frame.type == .connect {
                refuse(handle, reason)
                return
            }
            // What came for the client before it said goodbye, perhaps in the same read, is still its own.
            if reason == .disconnect, memory.broker.hasOutput(session) { flushAll() }
            close(handle, reason)
        }
    }

    private mutating func performConnect(_ handle: Handle<Connection>, _ connect: Connect) {
        switch login(handle, connect) {
        case .enter: break
        case .wait: return
        case .refuse(let reason):
            refuse(handle, reason)
            return
        }
        let connection = memory.connections[handle]
        let link = Handle<SessionLink>(raw: handle.raw)
        // Only a client without an id needs the system's random numbers.
        let random = connect.clientID.isEmpty ? (io.entropy(), io.entropy()) : (0, 0)
        switch memory.broker.connect(
            connect, accessIndex: accessIndex(handle), link: link, random: random, now: now) {
        case .refused(let reason):
            refuse(handle, reason)
        case .accepted(let session, let sessionPresent, let displaced):
            if displaced.isSome { displace(Handle<Connection>(raw: displaced.raw), by: session) }
            connection.pointee.session = session
            connection.pointee.machine.accepted(keepAliveSeconds: connect.keepAlive)
            // [MQTT-3.2.0-1] First of all, CONNACK. 3.1 has no Session Present.
            reply(handle) {
                Connack.encode(.accepted, sessionPresent: sessionPresent && connect.level == .v311, to: &$0)
            }
            memory.timers.cancel(handle.index)
            updateDeadline(handle)
            reportConnected(handle, connect)
        }
    }

    /// [MQTT-3.2.2-4, MQTT-3.2.2-5]
    mutating func refuse(_ handle: Handle<Connection>, _ reason: CloseReason) {
        if let code = reason.connackCode { reply(handle) { Connack.encode(code, sessionPresent: false, to: &$0) } }
        close(handle, reason)
    }

    /// [MQTT-3.1.4-2] The old session is gone, or has a new connection already; either way `session` has the client's
    /// id, and the old connection has no say in it any more.
    private mutating func displace(_ handle: Handle<Connection>, by session: Handle<Session>) {
        memory.connections[handle].pointee.session = session
        reportClosed(handle, .takenOver)
        memory.connections[handle].pointee.session = .none
        end(handle)
    }

    private mutating func performPublish(_ handle: Handle<Connection>, _ publish: Publish) {
        let connection = memory.connections[handle]
        connection.pointee.hasPublished = true
        if connection.pointee.refusal != nil, !memory.broker.hasReceived(connection.pointee.session, publish) {
            if publish.qos == .atMostOnce { memory.broker.noteDropped() }
            return
        }
        switch memory.broker.publish(connection.pointee.session, publish, now: now) {
        case .receiveWindowExceeded:
            refuseMessages(handle, .receiveWindowExceeded)
        case .storeFull:
            refuseMessages(handle, .serverFull)
        case .done:
            switch publish.qos {
            case .atMostOnce: break
            case .atLeastOnce: reply(handle) { Acknowledgement.encode(.puback, packetID: publish.packetID, to: &$0) }
            case .exactlyOnce: reply(handle) { Acknowledgement.encode(.pubrec, packetID: publish.packetID, to: &$0) }
            }
        }
    }

    /// A message of QoS 1 or 2 is not acknowledged and the connection ends, so that the client comes back and sends it
    /// again [MQTT-4.8.0-2]: but not before it had the time to say what it has received. Otherwise a client that first
    /// repeats its own messages whenever it comes back would never make room for them.
    private mutating func refuseMessages(_ handle: Handle<Connection>, _ reason: CloseReason) {
        let connection = memory.connections[handle]
        connection.pointee.refusal = reason
        connection.pointee.refusedSince = now
        updateDeadline(handle)
    }

    private mutating func performSubscribe(_ handle: Handle<Connection>, _ subscribe: Subscribe) {
        var requests = subscribe
        let session = memory.connections[handle].pointee.session
        let is31 = memory.connections[handle].pointee.machine.level == .v31
        reply(handle) { Suback.encodeHeader(packetID: subscribe.packetID, count: subscribe.count, to: &$0) }
        while let request = requests.next() {
            let granted = memory.broker.subscribe(session, request)
            // 3.1 has no code for a refusal, and demands a positive answer [MQTT V3.1 §3.8].
            let code = granted?.rawValue ?? (is31 ? request.qos.rawValue : Suback.failure)
            reply(handle) { $0.byte(code) }
        }
    }

    /// Writes to this connection's part of the turn's replies. A connection is read once a turn, so its part is one
    /// piece.
    private mutating func reply(_ handle: Handle<Connection>, _ encode: (inout ByteWriter) -> Void) {
        let connection = memory.connections[handle]
        if connection.pointee.repliesCount == 0 { connection.pointee.repliesStart = UInt32(memory.replies.count) }
        encode(&memory.replies)
        connection.pointee.repliesCount = UInt32(memory.replies.count) - connection.pointee.repliesStart
        markDirty(handle)
    }
}
