import Base
import Wire

/// A client at the far end of a connection whose cost is counted. It says a script, part by part, and acknowledges what
/// it gets; it does as little as it can, so that what is counted is the broker's work.
struct CostPeer {
    /// What it says, over and over, a whole number of parts.
    var script = ByteView.empty
    var partBytes = 0
    /// Parts that it will still begin.
    var partsLeft = 0
    /// Packets of this type that it must have got before it begins the next part; when `awaitedPerPart` is zero it
    /// begins as soon as the last one is received.
    var awaited = PacketType.puback
    var awaitedPerPart = 0
    private var awaitedCount = 0
    /// Of the script: where the next byte is, and how many of this part the server has yet to receive.
    private var position = 0
    private var offered = 0
    /// Acknowledgements on their way to the server.
    private var answers: ByteWriter
    private var answersTaken = 0

    /// The server's side.
    var isOpen = false
    var token: UInt32 = 0
    var interest: UInt32 = 0
    /// Stands in the queue of those that have something to say.
    var isQueued = false
    /// Says goodbye as soon as it is let in.
    var leaves = false

    /// Looks at packets; otherwise only counts bytes.
    var isReading = true
    /// Looks at the messages' content, too.
    var isChecking = true
    /// A packet of which a part has come.
    private var begun: ByteWriter

    /// What it got: bytes, messages, and the sum of `messageSum` of those that were checked.
    var bytes = 0
    var messages = 0
    var sum: UInt32 = 0
    /// Other packets than messages.
    var others = 0
    /// Bytes of one message; all that a peer gets have the same length.
    var messageBytes = 0

    static var answerBytes: Int { 4096 }
    static var begunBytes: Int { 16_384 }

    /// `memory` has `answerBytes` + `begunBytes`.
    init(_ memory: UnsafeMutablePointer<UInt8>) {
        answers = ByteWriter(memory, capacity: CostPeer.answerBytes)
        begun = ByteWriter(memory + CostPeer.answerBytes, capacity: CostPeer.begunBytes)
    }

    var hasSomethingToSay: Bool { offered > 0 || answers.count > answersTaken }

    /// From now on it says `script`, `parts` times a part of `partBytes`.
    mutating func say(_ script: ByteView, partBytes: Int, parts: Int) {
        precondition(partBytes > 0 && script.count % partBytes == 0 && offered == 0)
        self.script = script
        self.partBytes = partBytes
        position = 0
        partsLeft = parts
        awaitedCount = 0
        beginPart()
    }

    private mutating func beginPart() {
        guard partsLeft > 0 else { return }
        partsLeft -= 1
        offered = partBytes
        if position == script.count { position = 0 }
    }

    /// Moves at most `limit` bytes of what it says to `target`, and answers how many.
    mutating func give(_ target: UnsafeMutablePointer<UInt8>, limit: Int) -> Int {
        var given = 0
        if answers.count > answersTaken {
            given = min(limit, answers.count - answersTaken)
            target.copyBytes(from: answers.start + answersTaken, count: given)
            answersTaken += given
            if answersTaken == answers.count {
                answers.removeAll()
                answersTaken = 0
            }
        }
        if offered > 0 {
            let count = min(limit - given, offered)
            (target + given).copyBytes(from: script.start + position, count: count)
            position += count
            offered -= count
            given += count
            if offered == 0, awaitedPerPart == 0 { beginPart() }
        }
        return given
    }

    /// Takes what the server sent.
    mutating func take(_ view: ByteView) {
        bytes += view.count
        guard isReading else { return }
        var rest = view
        while !rest.isEmpty {
            let total = begun.count == 0 ? CostPeer.packetBytes(rest) : CostPeer.packetBytes(begun.written)
            if begun.count == 0, let total, total <= rest.count {
                read(rest.start, total)
                rest = rest.dropFirst(total)
                continue
            }
            // While the length is not all there, byte by byte.
            let part = min(rest.count, (total ?? begun.count + 1) - begun.count)
            begun.bytes(rest.slice(0, part))
            rest = rest.dropFirst(part)
            guard let whole = CostPeer.packetBytes(begun.written), whole == begun.count else { continue }
            read(UnsafePointer(begun.start), whole)
            begun.removeAll()
        }
    }

    /// Bytes of the packet at the front, or nil while its length has not come. No packet here is longer than 16 KiB.
    private static func packetBytes(_ view: ByteView) -> Int? {
        guard view.count >= 2 else { return nil }
        let first = Int(view.start[1])
        if first < 0x80 { return 2 + first }
        guard view.count >= 3 else { return nil }
        precondition(view.start[2] < 0x80)
        return 3 + (first & 0x7F) + Int(view.start[2]) << 7
    }

    private mutating func read(_ packet: UnsafePointer<UInt8>, _ count: Int) {
        guard let type = PacketType(rawValue: packet[0] >> 4) else { preconditionFailure("no packet") }
        if type == .publish {
            readMessage(packet, count)
        } else {
            others += 1
            readOther(packet, type)
        }
        guard type == awaited, awaitedPerPart > 0 else { return }
        awaitedCount += 1
        guard awaitedCount == awaitedPerPart else { return }
        awaitedCount = 0
        beginPart()
    }

    private mutating func readMessage(_ packet: UnsafePointer<UInt8>, _ count: Int) {
        messages += 1
        let header = count < 130 ? 2 : 3
        let qos = packet[0] >> 1 & 3
        let topicEnd = header + 2 + Int(packet[header]) << 8 + Int(packet[header + 1])
        if isChecking {
            sum = sum &+ CostPeer.messageSum(ByteView(packet, count))
            messageBytes = count
        }
        if qos > 0 { answer(qos == 1 ? .puback : .pubrec, packet + topicEnd) }
    }

    private mutating func readOther(_ packet: UnsafePointer<UInt8>, _ type: PacketType) {
        switch type {
        case .pubrec: answer(.pubrel, packet + 2)
        case .pubrel: answer(.pubcomp, packet + 2)
        case .connack:
            precondition(packet[3] == 0, "a client was not let in")
            guard leaves else { return }
            answers.byte(PacketType.disconnect.rawValue << 4)
            answers.byte(0)
        case .suback: precondition(packet[4] < 3, "a subscription was refused")
        default: break
        }
    }

    private mutating func answer(_ type: PacketType, _ packetID: UnsafePointer<UInt8>) {
        let start = answers.start + answers.count
        answers.extend(by: 4)
        start[0] = type.rawValue << 4 | (type == .pubrel ? 2 : 0)
        start[1] = 2
        start[2] = packetID[0]
        start[3] = packetID[1]
    }

    /// From here on what it gets is counted anew.
    mutating func beginCounting(isReading: Bool, isChecking: Bool) {
        self.isReading = isReading
        self.isChecking = isChecking
        bytes = 0
        messages = 0
        sum = 0
        others = 0
    }

    /// A number of a whole PUBLISH that is another one when anything of it is another one, but for what the broker
    /// chooses: packet id, DUP and RETAIN. FNV-1a.
    static func messageSum(_ packet: ByteView) -> UInt32 {
        let header = packet.count < 130 ? 2 : 3
        let topicEnd = header + 2 + Int(packet[header]) << 8 + Int(packet[header + 1])
        let qos = packet[0] >> 1 & 3
        var hash = (0x811C_9DC5 ^ UInt32(packet[0] & 0xF6)) &* 0x0100_0193
        var i = 1
        while i < packet.count {
            if i == topicEnd, qos > 0 { i += 2 }
            hash = (hash ^ UInt32(packet[i])) &* 0x0100_0193
            i += 1
        }
        return hash
    }
}
