import Base
import TestWorld
import Testing

/// One session with every packet that a client may send, cut off after each byte in either direction. Then the client
/// comes back and goes on; what it and others get in the end is what they were to get.
@Suite struct CutTests {
    private static let sent: [(String, UInt8)] = [
        ("0-a", 0), ("1-a", 1), ("2-a", 2), ("1-b", 1), ("2-b", 2), ("0-b", 0), ("2-c", 2), ("1-c", 1),
    ]
    private static let heard: [(String, UInt8)] = [("h0", 0), ("h1", 1), ("h2", 2), ("i2", 2), ("i1", 1)]

    /// The session, and what came of it.
    private struct Run {
        let scene = Scene(World(connections: 12))
        let device: Device
        let witness: Device
        let idle: [String: Int]

        init(_ cut: Cut?) {
            idle = scene.poolUse
            witness = scene.device(.init(id: "witness"))
            device = scene.device(.init(id: "d", will: "gone"))
            witness.turnOn()
            scene.settle()
            for filter in ["from/#", "will/#"] { witness.subscribe(filter, qos: 2) }
            scene.settle()
            device.cut = cut
            device.turnOn()
            scene.settle()
            device.subscribe("to/+", qos: 2)
            device.subscribe("not-wanted", qos: 1)
            scene.settle()
            device.unsubscribe("not-wanted")
            for (payload, qos) in CutTests.sent.prefix(5) { device.publish("from/d", payload, qos: qos) }
            scene.settle()
            for (payload, qos) in CutTests.heard { witness.publish("to/d", payload, qos: qos) }
            for (payload, qos) in CutTests.sent.dropFirst(5) { device.publish("from/d", payload, qos: qos) }
            device.ping()
            scene.settle()
            device.turnOff()
            scene.settle()
        }
    }

    private func payloads(_ device: Device, _ topic: String, qos: UInt8) -> [String] {
        device.received.filter { $0.topic == topic && $0.qos == qos }.map(\.payload)
    }

    private func expectAll(_ messages: [(String, UInt8)], on topic: String, at device: Device, _ note: Comment) {
        func wanted(_ qos: UInt8) -> [String] { messages.filter { $0.1 == qos }.map(\.0) }
        let once = payloads(device, topic, qos: 1)
        let first = once.enumerated().filter { once.firstIndex(of: $1) == $0 }.map(\.element)
        #expect(first == wanted(1), "\(note), at least once, in order")
        #expect(payloads(device, topic, qos: 2) == wanted(2), "\(note), exactly once, in order")
        let free = payloads(device, topic, qos: 0)
        #expect(wanted(0).filter(free.contains) == free, "\(note), at most once, in order")
    }

    @Test func `a session that is not cut has all packets that a client may send, and all its messages arrive`() {
        let run = Run(nil)
        expectAll(CutTests.sent, on: "from/d", at: run.witness, "sent")
        expectAll(CutTests.heard, on: "to/d", at: run.device, "heard")
        #expect(run.device.received.count == CutTests.heard.count)
        #expect(run.witness.received.count == CutTests.sent.count)
        #expect(run.device.sessionsPresent == [false])
    }

    @Test(arguments: Cut.Way.allCases)
    func `wherever a session is cut, QoS 1 and 2 keep their promises and the will is published if it is due`(
        way: Cut.Way
    ) {
        let whole = Run(nil).device
        let isSent = Cut(way, after: 1).sendLimit != nil
        // CONNECT with id, will topic and will.
        let connectBytes = 14 + 1 + 2 + 6 + 2 + 4
        for bytes in 1...(isSent ? whole.bytesSent : whole.bytesReceived) {
            let run = Run(Cut(way, after: bytes))
            let note: Comment = "\(way) after byte \(bytes)"
            let wasIn = !isSent || bytes >= connectBytes
            let isLeaving = isSent && bytes >= whole.bytesSent - 1
            let saidGoodbye = isSent && bytes == whole.bytesSent
            // [MQTT-3.2.2-2]
            #expect(run.device.sessionsPresent.last == (wasIn && !isLeaving), note)
            #expect(run.device.cut == nil && run.device.isIdle && run.witness.isIdle, note)
            #expect(run.device.cutOffs == 0 && run.witness.cutOffs == 0, note)
            expectAll(CutTests.sent, on: "from/d", at: run.witness, note)
            expectAll(CutTests.heard, on: "to/d", at: run.device, note)
            #expect(payloads(run.witness, "will/d", qos: 1) == (wasIn && !saidGoodbye ? ["gone"] : []), note)
            run.scene.endAll()
            #expect(run.scene.poolUse == run.idle, note)
        }
    }
}
