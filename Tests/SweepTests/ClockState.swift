import Base
import TestWorld
import Testing

/// Something that waits for a deadline.
struct ClockState: CustomTestStringConvertible, Sendable {
    let name: String
    /// From when the state is entered.
    let dueMs: UInt32
    let config: String
    var isAddressAbsent = false
    /// The server has to wake up for it. Otherwise it is enough that it is right when somebody asks.
    var wakes = true
    /// Begins with the server, and not when somebody does something.
    var beginsAtStart = false
    /// Brings the world into the state. The clock stands still.
    let prepare: @Sendable (World) -> Void
    /// Whether the deadline has come.
    let isOver: @Sendable (World) -> Bool

    var testDescription: String { name }

    /// A world in this state, after so many days in which nothing happened.
    func enter(_ startMs: UInt32, afterDays days: UInt32 = 0) -> World {
        let start = Tick(ms: startMs &- days &* ClockState.dayMs)
        let world = World(config, clock: start, connections: 24, isAddressAbsent: isAddressAbsent)
        for _ in 0..<days {
            world.server.io.advance(byMs: ClockState.dayMs)
            world.settle()
        }
        prepare(world)
        world.settle()
        return world
    }

    private static let dayMs: UInt32 = 86_400_000

    /// A connection that is ended at its deadline.
    private static func closed(
        _ reason: String, _ name: String, after dueMs: UInt32, _ config: String = "",
        _ prepare: @escaping @Sendable (World) -> Void
    ) -> ClockState {
        ClockState(name: name, dueMs: dueMs, config: config, prepare: prepare) { $0.closeReasons.last == reason }
    }

    static let all = connections + clients + broker + system

    private static let connections = [
        closed("connect-timeout", "no CONNECT", after: 5000, "connect_timeout 5") { _ = $0.connect() },
        closed("connect-timeout", "a password not yet compared", after: 5000, "connect_timeout 5\n" + passwords) {
            $0.setFiles(passwords: [0: World.passwords("ann")])
            $0.server.io.holdsVerdict = true
            $0.connect().send(Packet.login("c", "ann", "secret"))
        },
        closed("keep-alive-expired", "keep-alive", after: 15_000) { _ = $0.connect().enter("c", keepAlive: 10) },
        // Longer than the timers' ring.
        closed("keep-alive-expired", "long keep-alive", after: 900_000) {
            _ = $0.connect().enter("c", keepAlive: 600)
        },
        closed("packet-timeout", "half a packet", after: 20_000, "stall_timeout 20") {
            $0.connect().enter("c", keepAlive: 10).send(Packet.publish("t", [1, 2, 3]).dropLast())
        },
        closed("output-stalled", "blocked output", after: 30_000, "stall_timeout 30") {
            let reader = $0.connect().enter("r").subscribe("t")
            $0.server.io.setSendRoom(reader.peer, 3)
            $0.connect().enter("s").send(Packet.publish("t", [1, 2, 3]))
        },
        closed("receive-window-exceeded", "a refused message", after: 1000, "max_incoming_inflight 4") {
            let client = $0.connect().enter("c")
            for id: UInt16 in 1...2 { client.send(Packet.publish("t", [1], qos: 2, packetID: id)) }
        },
    ]

    private static let clients = [
        ClockState(
            name: "paused for a full store", dueMs: 1000,
            config: "max_queued_messages 0\nmax_queued_bytes 0\nmax_messages 32"
        ) {
            let stuck = $0.connect().enter("stuck").subscribe("t")
            $0.server.io.setSendRoom(stuck.peer, 0)
            $0.connect().enter("s").send((0..<200).flatMap { Packet.publish("t", [UInt8($0)]) })
        } isOver: { $0.server.drops.storeFull > 0 },
        ClockState(name: "faster than the rate", dueMs: 1000, config: "max_message_rate 2") {
            let sender = $0.connect().enter("s")
            for topic in ["a", "b", "c"] { sender.send(retained(topic)) }
        } isOver: { $0.server.inUse.messages == 3 },
        ClockState(name: "failed logins", dueMs: 1000, config: passwords, wakes: false) { world in
            world.setFiles(passwords: [0: World.passwords("ann")])
            for _ in 0..<4 { world.connect().exchange(Packet.login("c", "ann", "wrong")) }
        } isOver: { $0.connect().exchange(Packet.login("c", "ann", "secret")) == Packet.accepted },
        ClockState(name: "accepting rests", dueMs: 1000, config: "") {
            $0.server.io.faults.refusedAccept = 1000
            _ = $0.connect()
            $0.settle()
            $0.server.io.faults.refusedAccept = 0
        } isOver: { $0.server.connectionCount == 1 },
        ClockState(name: "more connections than the rate", dueMs: 1000, config: "max_connect_rate 1") {
            for _ in 0..<2 { _ = $0.connect() }
        } isOver: { $0.server.connectionCount == 2 },
    ]

    private static let broker = [
        ClockState(name: "a message for an absent client", dueMs: 60_000, config: "offline_message_expiry 60") {
            $0.connect().enter("c", clean: false).subscribe("t", qos: 1).leave()
            $0.connect().enter("s").send(Packet.publish("t", [1], qos: 1, packetID: 1))
        } isOver: { $0.server.drops.expired == 1 },
        ClockState(name: "an absent client", dueMs: 20_000, config: "persistent_client_expiration 20") {
            $0.connect().enter("c", clean: false).leave()
        } isOver: { $0.server.inUse.sessions == 0 },
    ]

    private static let system = [
        ClockState(name: "drops not yet reported", dueMs: 1000, config: "", beginsAtStart: true) {
            $0.connect().enter("s").send(Packet.publish("$SYS/x", [1]))
        } isOver: { !$0.lines("dropped").isEmpty },
        ClockState(name: "repeated lines", dueMs: 10_000, config: "") { world in
            let peer = Address(v4: 0x0A00_0001, port: 1)
            for _ in 0..<3 { world.tryToConnect(port: 1883, from: peer)?.exchange(Packet.ping) }
        } isOver: { !$0.lines("repeated").isEmpty },
        ClockState(
            name: "an address that is not there", dueMs: 5000, config: "", isAddressAbsent: true, beginsAtStart: true
        ) {
            $0.server.io.isAddressAbsent = false
        } isOver: { !$0.lines("listening").isEmpty },
        ClockState(name: "$SYS", dueMs: 10_000, config: "sys_interval 10", beginsAtStart: true) { _ in
        } isOver: { $0.server.inUse.messages > 0 },
    ]

    private static let passwords = "allow_anonymous false\npassword_file p"

    private static func retained(_ topic: String) -> [UInt8] {
        var packet = Packet.publish(topic, [1])
        packet[0] |= 1
        return packet
    }
}
