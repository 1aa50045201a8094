import Base
import Engine
import Testing
import Wire

struct ClientConnectionTests {
    /// One good packet of each type, and what it means to a connected client.
    static let packets: [(row: String, meaning: String)] = [
        ("10 0d 00 04 'MQTT' 04 02 00 3c 00 01 'a'", "close unexpected-packet"),
        ("20 02 00 00", "close unexpected-packet"),
        ("30 04 00 01 't' 'p'", "publish t qos 0 id 0"),
        ("32 06 00 01 't' 00 07 'p'", "publish t qos 1 id 7"),
        ("40 02 00 07", "acknowledge puback 7"),
        ("50 02 00 07", "acknowledge pubrec 7"),
        ("62 02 00 07", "release 7"),
        ("70 02 00 07", "acknowledge pubcomp 7"),
        ("82 06 00 07 00 01 'f' 01", "close unexpected-packet"),
        ("90 03 00 07 00", "subscribed 7"),
        ("a2 05 00 07 00 01 'f'", "close unexpected-packet"),
        ("b0 02 00 07", "unsubscribed 7"),
        ("c0 00", "close unexpected-packet"),
        ("d0 00", "pong"),
        ("e0 00", "close unexpected-packet"),
    ]

    @Test(arguments: packets)
    func `A packet of the server means what its type says, or ends the connection [MQTT-4.8.0-1]`(
        row: String, meaning: String
    ) {
        var machine = connected()
        let read = withFrame(row) { words(machine.received($0)) }
        #expect(read == meaning)
        #expect(machine.state == (meaning.hasPrefix("close") ? .closed : .connected))
    }

    @Test(arguments: packets.filter { !$0.row.hasPrefix("20") })
    func `Nothing but CONNACK comes first [MQTT-3.2.0-1]`(row: String, meaning: String) {
        var machine = ClientConnection(level: .v311)
        let read = withFrame(row) { words(machine.received($0)) }
        #expect(read == "close unexpected-packet")
        #expect(machine.state == .closed)
    }

    @Test(arguments: [("20 02 00 00", "answer accepted"), ("20 02 00 05", "answer notAuthorised")])
    func `CONNACK opens the connection or ends it [MQTT-3.2.2-5]`(row: String, meaning: String) {
        var machine = ClientConnection(level: .v311)
        #expect(withFrame(row) { words(machine.received($0)) } == meaning)
        #expect(machine.state == (meaning == "answer accepted" ? .connected : .closed))
    }

    @Test(arguments: [
        ("20 02 02 00", "close malformed"), ("30 03 00 01 '+'", "close bad-topic-name"),
        ("90 03 00 07 03", "close malformed"), ("40 02 00 00", "close bad-packet-id"), ("d0 01 00", "close malformed"),
    ])
    func `A packet that breaks a clause ends the connection [MQTT-4.8.0-1]`(row: String, meaning: String) {
        var machine = row.hasPrefix("20") ? ClientConnection(level: .v311) : connected()
        #expect(withFrame(row) { words(machine.received($0)) } == meaning)
        #expect(machine.state == .closed)
    }

    private func connected() -> ClientConnection {
        var machine = ClientConnection(level: .v311)
        _ = withFrame("20 02 00 00") { machine.received($0) }
        return machine
    }

    private func words(_ message: ClientConnection.Message) -> String {
        switch message {
        case .answer(let connack): "answer \(connack.code)"
        case .publish(let publish): "publish \(publish.topic.text) qos \(publish.qos.rawValue) id \(publish.packetID)"
        case .acknowledge(let type, let id): "acknowledge \(type) \(id)"
        case .release(let id): "release \(id)"
        case .subscribed(let suback): "subscribed \(suback.packetID)"
        case .unsubscribed(let id): "unsubscribed \(id)"
        case .pong: "pong"
        case .close(let reason): "close \(reason.name)"
        }
    }
}
