#if REFUSALS
import Base
import Broker
import TestWorld
import Testing

/// What clients do in a fixed play, long enough that every pool is taken from at each place where that happens. One
/// take may be refused.
final class Play {
    let scene: Scene
    let idle: [String: Int]
    /// What is taken when all have left.
    let atRest: [String: Int]
    let drops: DropCounters
    /// The takes of each row's pool from when the server was there until the last have left.
    let takes: [Range<Int>]
    /// Takes that cannot fail, as the same packet gave back as much just before.
    private(set) var promised: [Int: Range<Int>] = [:]

    private static let config = """
        password_file p
        acl_file a
        max_connections 14
        max_message_rate 3
        """
    private static let long = String(repeating: "0123456789", count: 70)

    init(refusing take: (row: Int, number: Int)? = nil) {
        let world = World(Play.config, connections: 64)
        world.setFiles(passwords: [0: World.passwords("ann")], acls: [0: "topic #\nuser ann\ntopic #\n"])
        if let take { world.refuse(take: take.number, row: take.row) }
        let first = world.takesByRow
        scene = Scene(world)
        idle = scene.poolUse
        let reader = scene.device(.init(id: "a-reader-with-a-long-client-id", user: "ann"))
        let sender = scene.device(.init(id: "sender", isClean: true, will: "lost"))
        let sleeper = scene.device(.init(id: "sleeper"))
        let unnamed = scene.device(.init(id: "", isClean: true))
        Play.comeIn(scene, reader, sender, sleeper, unnamed)
        Play.talk(scene, sender, reader, unnamed)
        Play.keep(scene, sender, sleeper)
        Play.stayAway(scene, sender, sleeper)
        Play.readSlowly(scene, sender, reader)
        let before = world.takesByRow
        // The sender is taken over by itself, with a clean session.
        sender.turnOn()
        scene.settlePatiently()
        for (row, after) in world.takesByRow.enumerated() where after > before[row] {
            let pool = world.poolName(row: row)
            if pool == "sessions" || pool == "client names" { promised[row] = before[row]..<after }
        }
        Play.leave(scene, sender)
        takes = zip(first, world.takesByRow).map { $0..<$1 }
        for topic in ["kept/a", "kept/b/c", "will/reset"] { sender.publish(topic, "", qos: 1, retain: true) }
        scene.settlePatiently()
        scene.endAll()
        atRest = scene.poolUse
        drops = world.server.drops
    }

    /// Rows of pools.
    var rows: [Int] { takes.indices.filter { !takes[$0].isEmpty } }

    /// How often somebody was turned away, cut off or told that there is no room.
    var refusals: Int { scene.devices.reduce(0) { $0 + $1.cutOffs + $1.refusedFilters } }

    private static func comeIn(
        _ scene: Scene, _ reader: Device, _ sender: Device, _ sleeper: Device, _ unnamed: Device
    ) {
        for device in [reader, sender, sleeper, unnamed] { device.turnOn() }
        scene.settlePatiently()
        for (filter, qos) in [("s/+/t", 1), ("s/#", 2), ("plain", 0), ("will/#", 1)] as [(String, UInt8)] {
            reader.subscribe(filter, qos: qos)
            scene.settlePatiently()
        }
        sleeper.subscribe("cmd/+", qos: 2)
        sleeper.subscribe("s/1/t", qos: 1)
        sender.subscribe("sender/+/in", qos: 1)
        unnamed.subscribe("plain", qos: 1)
        scene.settlePatiently()
    }

    /// Messages of each QoS, short and long, whole and in pieces, while somebody else has sent half a packet.
    private static func talk(_ scene: Scene, _ sender: Device, _ reader: Device, _ unnamed: Device) {
        for qos: UInt8 in 0...2 {
            sender.publish("s/\(qos)/t", "short\(qos)", qos: qos)
            sender.publish("plain", "plain\(qos)", qos: qos)
            scene.settlePatiently()
        }
        sender.publish("s/1/t", long, qos: 1)
        scene.settlePatiently()
        unnamed.publish("sender/x/in", "hello", qos: 2)
        scene.settlePatiently()
        let lurker = scene.world.connect()
        lurker.exchange(Packet.connect("lurker") + Packet.publish("nobody", Array(long.utf8)).prefix(400))
        sender.pieceBytes = 300
        sender.publish("s/2/t", long + "!", qos: 2)
        sender.publish("s/0/t", long + "?", qos: 0)
        scene.settlePatiently()
        sender.pieceBytes = Int.max
        lurker.leave()
        reader.unsubscribe("s/#")
        scene.settlePatiently()
        sender.publish("s/1/t", "once more", qos: 2)
        scene.settlePatiently()
        reader.subscribe("s/#", qos: 2)
        scene.settlePatiently()
    }

    /// Retained messages: new, replaced and cleared, and somebody who subscribes to them.
    private static func keep(_ scene: Scene, _ sender: Device, _ sleeper: Device) {
        for (topic, payload) in [("kept/a", "1"), ("kept/a", "2"), ("kept/b/c", "3")] {
            sender.publish(topic, payload, qos: 1, retain: true)
            scene.settlePatiently()
        }
        sleeper.subscribe("kept/#", qos: 2)
        scene.settlePatiently()
        sender.publish("kept/a", "", qos: 2, retain: true)
        scene.settlePatiently()
    }

    /// A queue for somebody who is away, a take-over of a session that goes on, and one that breaks off half-way.
    private static func stayAway(_ scene: Scene, _ sender: Device, _ sleeper: Device) {
        sleeper.turnOff(.endOfStream)
        scene.settlePatiently()
        for qos: UInt8 in 1...2 {
            sender.publish("cmd/\(qos)", "command", qos: qos)
            sender.publish("s/1/t", "kept\(qos)", qos: qos)
        }
        scene.settlePatiently()
        sleeper.turnOn()
        scene.settlePatiently()
        sleeper.turnOn()
        scene.settlePatiently()
        sleeper.cut = Cut(.receivedThenReset, after: 3)
        sleeper.publish("s/3/t", "begun", qos: 2)
        scene.settlePatiently()
        sleeper.publish("s/3/t", "behind", qos: 2)
        scene.settlePatiently()
    }

    /// Writes are short, and replies wait.
    private static func readSlowly(_ scene: Scene, _ sender: Device, _ reader: Device) {
        if let client = reader.client { scene.world.server.io.setSendRoom(client.peer, 10) }
        sender.publish("s/1/t", "slow" + long, qos: 2)
        sender.publish("s/2/t", "behind", qos: 1)
        scene.settlePatiently()
        reader.ping()
        reader.publish("sender/y/in", "from the reader", qos: 1)
        scene.settlePatiently()
        if let client = reader.client { scene.world.server.io.setSendRoom(client.peer, Int.max) }
        scene.settlePatiently()
    }

    /// One that leaves in each way there is.
    private static func leave(_ scene: Scene, _ sender: Device) {
        let ways: [(String, Device.Goodbye)] = [
            ("disconnect", .disconnect), ("end", .endOfStream), ("reset", .reset), ("bad", .badPacket),
            ("silence", .silence),
        ]
        for (id, way) in ways {
            let device = scene.device(
                .init(
                    id: id, isClean: id != "end", will: "gone", keepsWill: id == "reset", user: "ann", keepAlive: 2))
            device.turnOn()
            scene.settlePatiently()
            device.subscribe("left/\(id)/#", qos: 1)
            scene.settlePatiently()
            device.turnOff(way)
            scene.settlePatiently()
        }
        scene.world.server.io.advance(byMs: 3100)
        scene.settlePatiently()
    }
}
#endif
