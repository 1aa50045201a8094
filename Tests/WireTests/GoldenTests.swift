import Base
import TestSupport
import Testing
import Wire

struct GoldenTests {
    private static let maxBytes = 1000

    @Test(arguments: Golden.requests)
    func `Every request is read as what it says`(row: String, meaning: String) {
        let bytes = hex(row)
        withView(bytes) { view in
            guard case .frame(let frame, let byteCount) = FrameReader.next(view, maxPacketBytes: GoldenTests.maxBytes)
            else { return fail("no frame") }
            #expect(byteCount == bytes.count)
            #expect(WireTests.meaning(frame) == meaning)
        }
    }

    @Test(arguments: Golden.replies)
    func `Every reply is written byte for byte`(row: String, bytes: [UInt8]) { #expect(bytes == hex(row)) }

    @Test(arguments: Golden.written)
    func `Every request is written byte for byte [MQTT-3.1.3-1]`(row: String, bytes: [UInt8]) {
        #expect(bytes == hex(row))
    }

    @Test(arguments: Golden.all)
    func `Every beginning of a packet asks for the rest of it`(row: String) {
        let bytes = hex(row)
        for count in 0..<bytes.count {
            withView(bytes[..<count]) { view in
                guard case .needMore(let total) = FrameReader.next(view, maxPacketBytes: GoldenTests.maxBytes) else {
                    return fail("\(count) bytes")
                }
                // All of these have a length of one byte.
                #expect(total == (count < 2 ? 0 : bytes.count), "\(count) bytes")
            }
        }
    }

    @Test(arguments: Golden.all)
    func `A packet with any one byte changed is a packet, a part of one, or has a reason to be refused`(row: String) {
        let buffer = GuardedBuffer()
        let original = hex(row)
        for i in original.indices {
            var bytes = original
            for value in UInt8.min...UInt8.max {
                bytes[i] = value
                if let problem = problem(buffer.view(bytes)) { return fail("byte \(i) = \(value): \(problem)") }
            }
        }
    }

    @Test(arguments: seeds)
    func `So is a packet with many bytes changed, cut, doubled or mixed`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let buffer = GuardedBuffer()
        let packets = Golden.all.map(hex)
        for round in 0..<30_000 {
            var bytes = packets[random.below(packets.count)]
            for _ in 0..<(1 + random.below(4)) {
                let i = random.below(bytes.count + 1)
                switch random.below(5) {
                case 0: if i < bytes.count { bytes[i] = random.byte() }
                case 1: if i < bytes.count { bytes[i] ^= 1 << UInt8(random.below(8)) }
                case 2: bytes.insert(random.byte(), at: i)
                case 3: if i < bytes.count { bytes.remove(at: i) }
                default: bytes.insert(contentsOf: packets[random.below(packets.count)], at: i)
                }
            }
            if let problem = problem(buffer.view(bytes)) { return fail("round \(round): \(bytes): \(problem)") }
        }
    }

    @Test(arguments: seeds)
    func `Packets in a row are cut where they end, however they arrive`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let buffer = GuardedBuffer(capacity: 100_000)
        let sent = (0..<200).map { _ in hex(Golden.all[random.below(Golden.all.count)]) }
        var stream = Array(sent.joined())[...]
        var held: [UInt8] = []
        var received: [[UInt8]] = []
        while !stream.isEmpty {
            let arrived = stream.prefix(1 + random.below(30))
            stream = stream.dropFirst(arrived.count)
            held += arrived
            while case .frame(_, let count) = FrameReader.next(buffer.view(held), maxPacketBytes: 1000) {
                received.append(Array(held[..<count]))
                held.removeFirst(count)
            }
        }
        let isEqual = received == sent
        #expect(isEqual)
    }

    /// What is wrong with the reader's answer; nil when it is in order. Reading beyond `view` crashes.
    private func problem(_ view: ByteView) -> String? {
        switch FrameReader.next(view, maxPacketBytes: GoldenTests.maxBytes) {
        case .frame(let frame, let count):
            guard count <= view.count, frame.body.start + frame.body.count == view.start + count else { return "frame" }
            return meaning(frame).isEmpty ? "no meaning" : nil
        case .needMore(let total):
            return total == 0 || (total > view.count && total <= GoldenTests.maxBytes) ? nil : "total \(total)"
        case .bad(let reason):
            return reason.name.utf8CodeUnitCount > 0 ? nil : "no reason"
        }
    }
}
