import Engine
import TestSupport
import Testing
import Wire

struct DeliveryStateTests {
    @Test func `Each state goes on with its own acknowledgement and takes no other`() {
        // Whatever is not here is a violation and changes nothing.
        let steps: [(state: DeliveryState, packet: PacketType, step: DeliveryState.Step, next: DeliveryState)] = [
            // [MQTT-4.3.2-1]
            (.awaitingPuback, .puback, .complete, .awaitingPuback),
            // [MQTT-4.3.3-1]
            (.awaitingPubrec, .pubrec, .release, .awaitingPubcomp),
            (.awaitingPubcomp, .pubrec, .release, .awaitingPubcomp),
            (.awaitingPubcomp, .pubcomp, .complete, .awaitingPubcomp),
        ]
        for state in (UInt8.min...UInt8.max).compactMap(DeliveryState.init(rawValue:)) {
            for packet in (UInt8.min...UInt8.max).compactMap(PacketType.init(rawValue:)) {
                let known = steps.first { $0.state == state && $0.packet == packet }
                var next = state
                let step = next.received(packet)
                #expect(step == known?.step ?? .violation, "\(packet) in \(state)")
                #expect(next == known?.next ?? state, "\(packet) in \(state)")
            }
        }
    }

    @Test func `A sent message waits for the first acknowledgement of its QoS`() {
        #expect(DeliveryState.sent(.atLeastOnce) == .awaitingPuback)
        #expect(DeliveryState.sent(.exactlyOnce) == .awaitingPubrec)
    }
}

struct OutboundFlowTests {
    @Test func `Ids count from 1 to 65535 and begin again [MQTT-2.3.1-1]`() {
        var flow = OutboundFlow()
        for round in 0..<2 {
            for expected in 1...UInt16.max {
                guard flow.takeID(oldest: 0) == expected else { return fail("\(expected) in round \(round)") }
            }
        }
    }

    @Test func `All ids can be in use at a time, and then there is none`() {
        var flow = OutboundFlow()
        let ids = (0..<65_535).compactMap { flow.takeID(oldest: $0 == 0 ? 0 : 1) }
        let another = flow.takeID(oldest: 1)
        #expect(Set(ids).count == 65_535)
        #expect(another == nil)
    }

    @Test func `A refusal takes nothing`() {
        var flow = OutboundFlow()
        for _ in 0..<65_535 { _ = flow.takeID(oldest: 0) }
        let refused = flow.takeID(oldest: 1)
        let after = flow.takeID(oldest: 2)
        #expect(refused == nil)
        #expect(after == 1)
    }

    @Test(arguments: seeds)
    func `No id is given out that is in use, in whatever order exchanges end [MQTT-2.3.1-4]`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var flow = OutboundFlow()
        var inUse: [UInt16] = []
        for round in 0..<150_000 {
            if inUse.count < 50, random.chance(60) {
                let id = flow.takeID(oldest: inUse.first ?? 0)
                // Where the oldest exchange hangs, the row may come round to it.
                guard let id else {
                    inUse.removeFirst()
                    continue
                }
                guard id != 0, !inUse.contains(id) else { return fail("\(id) in round \(round)") }
                inUse.append(id)
            } else if !inUse.isEmpty {
                // The oldest stays longest.
                inUse.remove(at: inUse.count == 1 || random.chance(99) ? inUse.count - 1 : 0)
            }
        }
    }
}
