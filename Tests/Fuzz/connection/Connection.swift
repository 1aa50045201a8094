import Base
import Runtime
import Sim

/// A byte that chooses the board config and the files, and then what happens to a server and the four peers it has at
/// a time, each a byte: what in its upper four bits, and in the lower ones to which peer, or how much. See `Step`.
///
/// What the server sends are packets that a server may send. At the end all leave, and everything is given back.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = Input(data, size)
    var story = Story(Int(input.byte()))
    while !input.isAtEnd, story.goes { story.step(&input) }
    story.end()
    return 0
}

/// Where a length or a number is said to follow, it is the next byte.
private enum Step: UInt8 {
    /// Bit 2: at the other port.
    case connect
    /// A packet: its first byte, a length and its body follow.
    case packet
    /// Bytes as they are: a length and so many follow.
    case raw
    /// Filler, for bodies that are longer than the input: a number of times eight bytes follows.
    case filler
    /// Several turns, without a change of the clock.
    case turn
    case settle
    /// From a millisecond to an hour.
    case time
    /// In order.
    case leave
    /// Bit 2: what was sent has arrived.
    case cut
    /// The server may send so many bytes more: a number follows, and 255 is any number.
    case room
    /// One receive of the server gets so many bytes at most: as above.
    case pieces
    /// From now on reads nothing; or reads again.
    case lazy
    /// Verdicts on passwords are held back, or come.
    case verdict
    /// A number follows, as at the beginning.
    case reload
    case report
    /// The program ends while everybody is there.
    case stop
}

private struct Story {
    private let world: World
    private var peers: [Peer?] = [nil, nil, nil, nil]
    private(set) var goes = true

    private static let spans: [UInt32] = [1, 50, 200, 999, 1000, 2000, 5000, 20_000, 60_000, 3_600_000]

    private static func number(_ byte: UInt8) -> Int { byte == 255 ? Int.max : Int(byte) }

    init(_ config: Int) { world = World(config) }

    mutating func step(_ input: inout Input) {
        let byte = input.byte()
        let place = Int(byte & 3)
        let isOther = byte & 4 != 0
        guard let step = Step(rawValue: byte >> 4) else { preconditionFailure("four bits are a step") }
        switch step {
        case .turn: for _ in 0...byte & 15 { _ = world.server.turn() }
        case .settle: world.settle()
        case .time: world.pass(ms: Story.spans[Int(byte & 15) % Story.spans.count])
        case .verdict: world.server.io.holdsVerdict = byte & 1 != 0
        case .reload: world.reload(Int(input.byte()))
        case .report: world.server.io.askToReport()
        case .stop: goes = false
        case .connect:
            guard let end = world.connect(port: isOther ? 1884 : 1883) else { break }
            peers[place] = Peer(end)
        case .packet:
            let first = input.byte()
            let body = input.bytes(Int(input.byte()))
            send(place, Packet.framed(first, body.array))
        case .raw: send(place, input.bytes(Int(input.byte())).array)
        case .filler: send(place, Array(repeating: UInt8(ascii: "x"), count: 8 * Int(input.byte())))
        case .leave: close(place, isOrderly: true)
        case .cut: close(place, isOrderly: false, hasArrived: isOther)
        case .room:
            let count = Story.number(input.byte())
            if let peer = peers[place] { world.server.io.setSendRoom(peer.end, count) }
        case .pieces:
            let count = Story.number(max(1, input.byte()))
            if let peer = peers[place] { world.server.io.setReceiveLimit(peer.end, count) }
        case .lazy: peers[place]?.isLazy.toggle()
        }
        for i in peers.indices where !(peers[i]?.isLazy ?? true) { read(i) }
    }

    private mutating func read(_ place: Int) { peers[place]?.read(world) }

    /// What does not fit on the way is lost with its connection, so that packets stay whole.
    private mutating func send(_ place: Int, _ bytes: [UInt8]) {
        guard let peer = peers[place] else { return }
        if !withView(bytes, { world.server.io.peerSend(peer.end, $0) }) { close(place, isOrderly: true) }
    }

    private mutating func close(_ place: Int, isOrderly: Bool, hasArrived: Bool = false) {
        guard let peer = peers[place] else { return }
        world.server.io.peerClose(peer.end, isOrderly: isOrderly, hasArrived: hasArrived)
        peers[place] = nil
    }

    mutating func end() {
        for i in peers.indices { read(i) }
        guard goes else {
            world.server.shutDown()
            precondition(world.server.connectionCount == 0 && world.server.packetSlabsInUse == 0)
            return
        }
        for end in 0..<world.connected {
            world.server.io.setReceiveLimit(end, Int.max)
            world.server.io.setSendRoom(end, Int.max)
            world.server.io.peerClose(end, isOrderly: true)
        }
        world.checkBaseline()
    }
}
