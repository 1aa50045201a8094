import TestWorld

/// A client that keeps to the standard: it acknowledges what it gets, sends again what was not acknowledged, and comes
/// back when it is cut off [MQTT-4.3.2-1, MQTT-4.3.3-1, MQTT-4.4.0-1].
final class Device {
    struct Identity {
        var id: String
        var isClean = false
        /// What it leaves to be said on `will/` and its id, at QoS 1.
        var will: String?
        var keepsWill = false
        var user: String?
        var keepAlive: UInt8 = 0
    }

    struct Message: Hashable, CustomStringConvertible {
        let topic: String
        let payload: String
        let qos: UInt8
        let isRetained: Bool

        var description: String { "\(topic) \(payload.prefix(12)) \(qos)\(isRetained ? " retained" : "")" }
    }

    enum Goodbye {
        case disconnect, endOfStream, reset, badPacket
        /// It stays connected and says nothing any more.
        case silence
    }

    /// What was sent and waits for the answer that begins with this byte.
    private struct Exchange {
        let packetID: UInt16
        var packet: [UInt8]
        var answer: UInt8
        var wasSent = false
    }

    let world: World
    let identity: Identity
    /// Nil while it is not connected.
    private(set) var client: Client?
    /// What it got, in order. A repetition of QoS 2 is known by its id, and is none.
    private(set) var received: [Message] = []
    /// Session Present, of each time that it was let in.
    private(set) var sessionsPresent: [Bool] = []
    private(set) var otherConnackCodes: [UInt8] = []
    private(set) var refusedFilters = 0
    /// How often the server ended the connection.
    private(set) var cutOffs = 0
    private(set) var bytesSent = 0
    private(set) var bytesReceived = 0

    var cut: Cut?
    /// It sends in pieces of this length.
    var pieceBytes = Int.max

    private var isOn = false
    private var isIn = false
    private var inbox: [UInt8] = []
    private var exchanges: [Exchange] = []
    private var heldIDs: Set<UInt16> = []
    private var filters: [(filter: String, qos: UInt8)] = []
    private var lastID: UInt16 = 0

    init(_ world: World, _ identity: Identity) {
        self.world = world
        self.identity = identity
    }

    /// Everything it began was finished.
    var isIdle: Bool { exchanges.isEmpty && heldIDs.isEmpty }

    /// Connects; beside the connection that there is, if there is one.
    func turnOn() {
        isOn = true
        isIn = false
        inbox = []
        let client = world.connect()
        self.client = client
        if let room = cut?.sendRoom { world.server.io.setSendRoom(client.peer, room) }
        send(connectPacket)
    }

    func turnOff(_ goodbye: Goodbye = .disconnect) {
        isOn = false
        switch goodbye {
        case .disconnect: send(Packet.disconnect)
        case .endOfStream: client?.leave(isOrderly: true)
        case .reset: client?.leave(isOrderly: false)
        case .badPacket: send([0xF0, 0])
        case .silence: break
        }
    }

    func publish(_ topic: String, _ payload: String, qos: UInt8, retain: Bool = false) {
        let id = qos == 0 ? 0 : nextID()
        var packet = Packet.publish(topic, Array(payload.utf8), qos: qos, packetID: id)
        if retain { packet[0] |= 1 }
        if qos == 0 { send(packet) } else { begin(id, packet, answer: qos == 1 ? 0x40 : 0x50) }
    }

    func subscribe(_ filter: String, qos: UInt8) {
        filters.removeAll { $0.filter == filter }
        filters.append((filter, qos))
        let id = nextID()
        begin(id, Packet.framed(0x82, bytes(id) + Packet.text(filter) + [qos]), answer: 0x90)
    }

    func unsubscribe(_ filter: String) {
        filters.removeAll { $0.filter == filter }
        let id = nextID()
        begin(id, Packet.framed(0xA2, bytes(id) + Packet.text(filter)), answer: 0xB0)
    }

    func ping() { send(Packet.ping) }

    /// Reads, answers, and comes back if it was cut off. False when there was nothing to do.
    func work() -> Bool {
        guard let client else {
            if isOn { turnOn() }
            return isOn
        }
        let fresh = client.received(limit: cut?.receiveLimit ?? Int.max)
        bytesReceived += fresh.count
        inbox += fresh
        let isLast = !fresh.isEmpty && fresh.count == cut?.receiveLimit
        if isLast { breakOff() } else { cut?.note(received: fresh.count) }
        for packet in takeWholePackets() { take(packet) }
        if let client = self.client, client.isClosed {
            self.client = nil
            isIn = false
            if isOn { cutOffs += 1 }
        }
        return !fresh.isEmpty || isOn && self.client == nil
    }

    private func send(_ bytes: [UInt8]) {
        guard let client else { return }
        let count = min(bytes.count, cut?.sendLimit ?? Int.max)
        var rest = bytes.prefix(count)
        while !rest.isEmpty {
            client.send(Array(rest.prefix(pieceBytes)))
            rest = rest.dropFirst(pieceBytes)
            if !rest.isEmpty { world.settle() }
        }
        bytesSent += count
        if count == cut?.sendLimit { breakOff() } else { cut?.note(sent: count) }
    }

    private func breakOff() {
        guard let client, let cut else { return }
        cut.perform(client)
        self.client = nil
        self.cut = nil
        isIn = false
    }

    private var connectPacket: [UInt8] {
        let will = identity.will.map { Packet.text("will/" + identity.id) + Packet.text($0) }
        var flags: UInt8 = identity.isClean ? 2 : 0
        if will != nil { flags |= 0x0C | (identity.keepsWill ? 0x20 : 0) }
        if identity.user != nil { flags |= 0xC0 }
        let login = identity.user.map { Packet.text($0) + Packet.text("secret") }
        let head = Packet.text("MQTT") + [4, flags, 0, identity.keepAlive] + Packet.text(identity.id)
        return Packet.framed(0x10, head + (will ?? []) + (login ?? []))
    }

    private func nextID() -> UInt16 {
        lastID += 1
        return lastID
    }

    private func bytes(_ id: UInt16) -> [UInt8] { [UInt8(id >> 8), UInt8(id & 0xFF)] }

    private func begin(_ id: UInt16, _ packet: [UInt8], answer: UInt8) {
        exchanges.append(Exchange(packetID: id, packet: packet, answer: answer))
        if isIn { sendExchange(exchanges.count - 1) }
    }

    private func sendExchange(_ index: Int) {
        var packet = exchanges[index].packet
        // [MQTT-3.3.1-1]
        if exchanges[index].wasSent, packet[0] & 0xF0 == 0x30 { packet[0] |= 8 }
        exchanges[index].wasSent = true
        send(packet)
    }

    private func takeWholePackets() -> [[UInt8]] {
        var whole = packets(inbox)
        if let last = whole.last, !isWhole(last) { whole.removeLast() }
        inbox = Array(inbox.dropFirst(whole.reduce(0) { $0 + $1.count }))
        return whole
    }

    private func isWhole(_ packet: [UInt8]) -> Bool {
        var (count, shift) = (0, 0)
        for (index, byte) in packet.dropFirst().enumerated() {
            count |= Int(byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { return packet.count == 2 + index + count }
        }
        return false
    }

    private func take(_ packet: [UInt8]) {
        let id = packet.count >= 4 ? UInt16(packet[2]) << 8 | UInt16(packet[3]) : 0
        switch packet[0] & 0xF0 {
        case 0x20: takeConnack(packet)
        case 0x30: takeMessage(packet)
        case 0x60:
            heldIDs.remove(id)
            send(Packet.acknowledge(0x70, id))
        case 0xD0: break
        default: takeAnswer(packet, id)
        }
    }

    private func takeConnack(_ packet: [UInt8]) {
        guard packet[3] == 0 else {
            otherConnackCodes.append(packet[3])
            return
        }
        sessionsPresent.append(packet[2] == 1)
        if packet[2] == 0 {
            heldIDs = []
            let asked = exchanges.filter { $0.answer == 0x90 }.map(\.packet)
            for (filter, qos) in filters where !asked.contains(where: { $0.dropFirst(6).starts(with: filter.utf8) }) {
                subscribe(filter, qos: qos)
            }
        }
        isIn = true
        for index in exchanges.indices { sendExchange(index) }
    }

    private func takeMessage(_ packet: [UInt8]) {
        let body = Array(packet.dropFirst(1 + packet.dropFirst().prefix { $0 >= 0x80 }.count + 1))
        let qos = packet[0] >> 1 & 3
        let end = 2 + Int(body[0]) << 8 + Int(body[1])
        let id = qos == 0 ? 0 : UInt16(body[end]) << 8 | UInt16(body[end + 1])
        let message = Message(
            topic: String(decoding: body[2..<end], as: UTF8.self),
            payload: String(decoding: body[(end + (qos == 0 ? 0 : 2))...], as: UTF8.self), qos: qos,
            isRetained: packet[0] & 1 == 1)
        if qos < 2 || heldIDs.insert(id).inserted { received.append(message) }
        if qos > 0 { send(Packet.acknowledge(qos == 1 ? 0x40 : 0x50, id)) }
    }

    private func takeAnswer(_ packet: [UInt8], _ id: UInt16) {
        guard let index = exchanges.firstIndex(where: { $0.packetID == id && $0.answer == packet[0] }) else { return }
        if packet[0] == 0x50 {
            exchanges[index].packet = Packet.acknowledge(0x62, id)
            exchanges[index].answer = 0x70
            sendExchange(index)
            return
        }
        let exchange = exchanges.remove(at: index)
        guard packet[0] == 0x90, packet[4] == 0x80 else { return }
        // It asks again, as somebody would who has been told that there was no room.
        refusedFilters += 1
        begin(id, exchange.packet, answer: 0x90)
    }
}
