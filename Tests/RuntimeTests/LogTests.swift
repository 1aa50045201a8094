import Base
import Broker
import Foundation
import TestWorld
import Testing

@testable import Runtime

/// What is logged, and what is not.
@Suite struct LogTests {
    /// A connection whose lines in the log are the same each time.
    private func fail(_ world: World) {
        world.tryToConnect(port: 1883, from: Address(v4: 0x0A00_0001, port: 1))?.exchange([0xC0, 0])
    }

    /// The log with each line as often as it came.
    private func unfolded(_ world: World) -> [String] {
        var lines: [String] = []
        for line in world.log.split(separator: "\n").map(String.init) {
            guard line.hasPrefix("event=repeated count=") else {
                lines.append(line)
                continue
            }
            for _ in 0..<(Int(line.dropFirst(21)) ?? 0) { lines.append(lines[lines.count - 1]) }
        }
        return lines
    }

    private let line = "event=closed address=10.0.0.1:1 reason=not-connect"

    @Test func `equal lines in a row are written once, and then their number`() {
        let world = World()
        for _ in 0..<5 { fail(world) }
        #expect(world.log == line + "\n")
        world.pass(seconds: 10.1)
        #expect(world.log == line + "\nevent=repeated count=4\n")
        world.pass(seconds: 30)
        #expect(world.log == line + "\nevent=repeated count=4\n")
    }

    @Test func `another line tells first how often the one before came`() {
        let world = World()
        for _ in 0..<3 { fail(world) }
        _ = world.connect().enter("c")
        let lines = world.log.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0] == line[...])
        #expect(lines[1] == "event=repeated count=2")
        #expect(lines[2].hasPrefix("event=connected "))
    }

    @Test func `lines that take turns are all written`() {
        let world = World()
        for _ in 0..<3 {
            fail(world)
            world.tryToConnect(port: 1883, from: Address(v4: 0x0A00_0001, port: 2))?.exchange([0xC0, 0])
        }
        #expect(world.log.split(separator: "\n").count == 6)
        #expect(!world.log.contains("repeated"))
    }

    @Test func `a line that keeps coming is written again after a while`() {
        let world = World(connections: 64)
        for _ in 0..<25 {
            fail(world)
            world.pass(seconds: 1)
        }
        world.pass(seconds: 10)
        #expect(unfolded(world) == [String](repeating: line, count: 25))
        #expect(world.log.split(separator: "\n").count == 6)
    }

    @Test func `an equal line after weeks is written`() {
        let world = World()
        fail(world)
        for _ in 0..<30 {
            world.server.io.advance(byMs: 86_400_000)
            world.settle()
        }
        fail(world)
        #expect(world.log == line + "\n" + line + "\n")
    }

    @Test(arguments: [
        ("log_type none", []), ("log_type error", []), ("log_type warning", ["refused"]),
        ("log_type notice", ["ready", "stopped"]), ("log_type information", ["connected", "closed"]),
        ("log_type all", ["ready", "connected", "closed", "refused", "stopped"]),
    ] as [(String, [String])])
    func `only the levels that are asked for are logged`(config: String, events: [String]) {
        let world = World(config + "\nmax_connections 1\nlistener 1883")
        world.server.reportReady()
        let client = world.connect().enter("c")
        _ = world.connect()
        world.settle()
        client.exchange(Packet.disconnect)
        world.pass(seconds: 1.1)
        world.server.shutDown()
        let found = world.log.split(separator: "\n").map { $0.split(separator: " ")[0].dropFirst("event=".count) }
        #expect(Set(found) == Set(events.map { $0[...] }.filter { $0 != "" }))
    }

    @Test func `connections are not logged where nobody wants to know, unless something is wrong`() {
        let world = World("connection_messages false")
        world.connect().enter("a").exchange(Packet.disconnect)
        world.connect().enter("b").leave()
        #expect(world.log == "")
        fail(world)
        #expect(world.log == line + "\n")
    }

    @Test func `a line begins with the time where that is asked for`() {
        let world = World("log_timestamp true")
        world.pass(seconds: 5)
        fail(world)
        #expect(world.log == "time=1798761605 " + line + "\n")
    }

    @Test func `it is told once that the clock is not set, and once that it is`() {
        let world = World()
        world.server.io.wallStart = 60
        fail(world)
        #expect(world.log == line + "\nevent=clock-not-set clock=60\n")
        world.connect().enter("a").exchange(Packet.disconnect)
        #expect(world.log.components(separatedBy: "clock").count == 3)
        world.server.io.wallStart = 1_798_761_600
        fail(world)
        fail(world)
        #expect(world.log.hasSuffix(line + "\nevent=clock-set\n" + line + "\n"))
        world.server.io.wallStart = 60
        fail(world)
        #expect(world.log.components(separatedBy: "clock").count == 4)
    }

    @Test func `where warnings are not logged, nothing is said of the clock until it is set`() {
        let world = World("log_type notice")
        world.server.io.wallStart = 60
        fail(world)
        world.server.io.wallStart = 1_798_761_600
        fail(world)
        #expect(world.log == "event=clock-set\n")
    }

    @Test func `equal lines are only counted though their times differ, and the count has a time as well`() {
        let world = World("log_timestamp true")
        for _ in 0..<3 {
            fail(world)
            world.pass(seconds: 2)
        }
        world.pass(seconds: 4.5)
        #expect(world.log == "time=1798761600 \(line)\ntime=1798761610 event=repeated count=2\n")
    }

    @Test(arguments: [
        ("plain", "client=plain"), ("with space", "client=\"with space\""), ("a=b", "client=\"a=b\""),
        ("é", "client=\\xc3\\xa9"),
        (String(repeating: "i", count: 100), "client=" + String(repeating: "i", count: 100)),
        ("\u{1B}[2J", "client=\\x1b[2J"),
    ])
    func `a client id cannot break its line`(id: String, field: String) {
        let world = World()
        _ = world.connect().enter(id)
        #expect(world.log.contains(" \(field) protocol="))
        #expect(world.log.split(separator: "\n").count == 1)
    }

    @Test func `on request every pool tells how much of it is used`() {
        let world = World()
        let clients = (0..<3).map { world.connect().enter("c\($0)") }
        clients[0].exchange(Packet.disconnect)
        let from = world.lineCount
        world.server.io.askToReport()
        world.settle()
        let lines = world.lines("pool", from: from)
        #expect(lines.contains("event=pool name=connections in-use=2 high-water=3 capacity=16"))
        #expect(lines.contains("event=pool name=sessions in-use=2 high-water=3 capacity=20"))
        #expect(lines.contains("event=pool name=topic-nodes in-use=0 high-water=0 capacity=64"))
        var names: [String] = []
        while let use = world.server.poolUse(names.count) { names.append(use.name.description) }
        #expect(lines.map { String($0.split(separator: " ")[1].dropFirst("name=".count)) } == names)
        #expect(Set(names).count == names.count)
        world.settle()
        #expect(world.lines("pool", from: from).count == names.count, "once")
    }

    @Test func `what is dropped is told at most once a second, as a sum by cause`() {
        let world = World("max_queued_messages 1")
        world.connect().enter("away", clean: false).subscribe("t", qos: 1).leave()
        let sender = world.connect().enter("s")
        for id: UInt16 in 1...40 {
            sender.exchange(Packet.publish("t", [1], qos: 1, packetID: id) + Packet.publish("$SYS/x", [1]))
            world.pass(seconds: 0.1)
        }
        world.pass(seconds: 12)
        let lines = unfolded(world).filter { $0.hasPrefix("event=dropped") }
        #expect(lines.count >= 4 && lines.count <= 6)
        func sum(_ key: String) -> Int {
            let words = lines.flatMap { $0.split(separator: " ") }.filter { $0.hasPrefix(key + "=") }
            let counts = words.compactMap { Int($0.dropFirst(key.count + 1)) }
            return counts.reduce(0, +)
        }
        #expect(sum("queue-full") == 39)
        #expect(sum("forbidden") == 40)
        #expect(!world.log.contains("expired="), "a cause without a count is not named")
    }
}
