import Base
import Engine
import Testing
import Wire

struct ServerConnectionTests {
    /// One good packet of each type, and what a connected client's asks for.
    static let packets: [(row: String, request: String)] = [
        ("10 0d 00 04 'MQTT' 04 02 00 3c 00 01 'a'", "close second-connect"),
        ("20 02 00 00", "close unexpected-packet"),
        ("30 04 00 01 't' 'p'", "publish t qos 0 id 0"),
        ("32 06 00 01 't' 00 07 'p'", "publish t qos 1 id 7"),
        ("34 06 00 01 't' 00 07 'p'", "publish t qos 2 id 7"),
        ("40 02 00 07", "acknowledge puback 7"),
        ("50 02 00 07", "acknowledge pubrec 7"),
        ("62 02 00 07", "release 7"),
        ("70 02 00 07", "acknowledge pubcomp 7"),
        ("82 06 00 07 00 01 'f' 01", "subscribe 7"),
        ("90 03 00 07 00", "close unexpected-packet"),
        ("a2 05 00 07 00 01 'f'", "unsubscribe 7"),
        ("b0 02 00 07", "close unexpected-packet"),
        ("c0 00", "ping"),
        ("d0 00", "close unexpected-packet"),
        ("e0 00", "close disconnect"),
    ]

    @Test(arguments: packets)
    func `A connected client's packet asks for what its type means [MQTT-3.1.0-2]`(row: String, request: String) {
        var machine = connected()
        let asked = withFrame(row) { words(machine.received($0)) }
        #expect(asked == request)
        #expect(machine.state == (request.hasPrefix("close") ? .closed : .connected))
    }

    @Test(arguments: packets.dropFirst())
    func `Nothing but CONNECT comes first [MQTT-3.1.0-1]`(row: String, request: String) {
        var machine = ServerConnection()
        let asked = withFrame(row) { words(machine.received($0)) }
        #expect(asked == "close not-connect")
        #expect(machine.state == .closed)
    }

    @Test func `CONNECT is passed on, and the connection waits for the broker's word`() {
        var machine = ServerConnection()
        let asked = withFrame("10 0d 00 04 'MQTT' 04 02 00 3c 00 01 'a'") { words(machine.received($0)) }
        #expect(asked == "connect")
        #expect(machine.state == .awaitingConnect)
    }

    @Test func `A CONNECT that breaks a clause closes the connection`() {
        var machine = ServerConnection()
        let asked = withFrame("10 0d 00 04 'MQTT' 05 02 00 3c 00 01 'a'") { words(machine.received($0)) }
        #expect(asked == "close bad-protocol-level")
        #expect(machine.state == .closed)
    }

    /// What is wrong inside a packet closes the connection that it came on [MQTT-4.8.0-1].
    @Test(arguments: [
        ("30 03 00 01 '#'", "bad-topic-name"), ("36 06 00 01 't' 00 07 'p'", "bad-qos"),
        ("32 05 00 01 't' 00 00", "bad-packet-id"), ("40 02 00 00", "bad-packet-id"), ("50 03 00 07 00", "malformed"),
        ("62 01 07", "malformed"), ("70 00", "malformed"), ("82 02 00 07", "no-filters"),
        ("82 06 00 07 00 01 'f' 03", "bad-qos"), ("a2 02 00 07", "no-filters"), ("a2 05 00 07 00 01 ff", "bad-utf8"),
        ("c0 01 00", "malformed"), ("e0 01 00", "malformed"),
    ])
    func `A bad packet closes the connection [MQTT-4.8.0-1]`(row: String, reason: String) {
        var machine = connected()
        let asked = withFrame(row) { words(machine.received($0)) }
        #expect(asked == "close " + reason)
        #expect(machine.state == .closed)
    }

    @Test(arguments: [
        ("10 0d 00 04 'MQTT' 04 02 00 3c 00 01 'a'", 4), ("10 0f 00 06 'MQIsdp' 03 02 00 3c 00 01 'a'", 3),
    ])
    func `The protocol level is that of CONNECT`(row: String, level: UInt8) {
        var machine = ServerConnection()
        _ = withFrame(row) { words(machine.received($0)) }
        #expect(machine.level.rawValue == level)
    }

    @Test func `The keep-alive runs from the moment the broker accepts`() {
        var machine = ServerConnection()
        #expect(machine.keepAlive.deadline(after: .zero) == nil)
        machine.accepted(keepAliveSeconds: 10)
        #expect(machine.keepAlive.deadline(after: .zero) == Tick(ms: 15_000))
    }

    @Test func `A packet for a closed connection traps`() async {
        await #expect(processExitsWith: .failure) {
            var machine = ServerConnection()
            machine.closed()
            withFrame("c0 00") { _ = machine.received($0) }
        }
    }

    @Test func `Accepting twice traps`() async {
        await #expect(processExitsWith: .failure) {
            var machine = ServerConnection()
            machine.accepted(keepAliveSeconds: 0)
            machine.accepted(keepAliveSeconds: 0)
        }
    }

    private func connected() -> ServerConnection {
        var machine = ServerConnection()
        machine.accepted(keepAliveSeconds: 60)
        return machine
    }

    private func words(_ request: ServerConnection.Request) -> String {
        switch request {
        case .connect: "connect"
        case .publish(let publish): "publish \(text(publish.topic)) qos \(publish.qos.rawValue) id \(publish.packetID)"
        case .acknowledge(let type, let id): "acknowledge \(type) \(id)"
        case .release(let id): "release \(id)"
        case .subscribe(let subscribe): "subscribe \(subscribe.packetID)"
        case .unsubscribe(let unsubscribe): "unsubscribe \(unsubscribe.packetID)"
        case .ping: "ping"
        case .close(let reason): "close \(reason.name)"
        }
    }

    private func text(_ view: ByteView) -> String {
        String(decoding: UnsafeBufferPointer(start: view.start, count: view.count), as: UTF8.self)
    }
}
