import Base
import Runtime
import Wire

/// A link, its network and its owner: after a byte that chooses the settings, steps of a byte each, of which the upper
/// four bits say what happens and the lower four how much of it. What the broker sends comes out of the input, too.
///
/// Whatever it is, the link sends nothing but packets, in an order that the standard allows; it acknowledges nothing
/// that its owner has not, and keeps what it took until it was sent, acknowledged or dropped.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = Input(data, size)
    let world = World(options: input.byte())
    while !input.isAtEnd {
        let step = input.byte()
        let amount = Int(step & 15)
        switch step >> 4 {
        case 0: world.start()
        case 1: world.turn(flags: Event.writable)
        case 2:
            world.net.incoming += input.bytes(amount + 1).array
            world.turn(flags: Event.readable)
        case 3:
            world.net.incoming += input.bytes(16 * amount).array
            world.turn(flags: Event.readable)
        // The owner takes no more than so many.
        case 4: world.turn(flags: Event.readable, takes: amount)
        case 5: world.publish(amount)
        case 6: world.publish(topicBytes: amount + 1, payloadBytes: Int(input.byte()) * 8, qos: amount % 3)
        case 7: world.request(amount)
        case 8: world.acknowledge(amount)
        case 9: world.pass(ms: 1 << UInt32(amount))
        case 10: world.net.sendRoom = amount * amount
        case 11:
            world.net.isClosedByPeer = true
            world.turn(flags: Event.readable | (amount & 1 == 0 ? 0 : Event.failed))
            world.net.isClosedByPeer = false
        case 12: world.turn(flags: Event.failed)
        case 13: world.disconnect()
        case 14: world.net.refusals = amount
        default:
            if amount < 8 { world.net.file = amount * 200 } else { world.net.isSlow = amount & 1 != 0 }
        }
        world.turn(flags: 0)
    }
    world.end()
    return 0
}

/// The network: what the link sends is checked at once.
struct Net: ClientIO, ~Copyable {
    final class State {
        var clock = UInt32.max - 60_000
        var incoming: [UInt8] = []
        var isClosedByPeer = false
        /// Descriptors, which are numbered from 7 on: at most one of them is connected.
        var open: [Int32] = []
        var lastDescriptor: Int32 = 6
        /// The one that is, and was sent to.
        var talker: Int32 = -1
        /// Nothing is known yet of any attempt to connect.
        var isSlow = false
        var sendRoom = 1 << 20
        /// Attempts to connect that fail.
        var refusals = 0
        /// Bytes that the file has.
        var file = 1500
        var sent: [UInt8] = []
        var talk: Talk?
    }

    let state: State

    mutating func now() -> Tick { Tick(ms: state.clock) }
    mutating func entropy() -> UInt32 { state.clock &* 0x9E37_79B9 }
    mutating func wait(_: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int { 0 }
    mutating func listen(_: inout Address, interface: ByteView) -> IOResult { .absent }
    mutating func listenLocal(_: ByteView) -> IOResult { .absent }
    mutating func removeLocal(_: ByteView) {}
    mutating func accept(_: Int32, from _: inout Address) -> IOResult { .again }
    mutating func unsent(_: Int32) -> Int { 0 }
    mutating func verify(_: LoginRequest) {}
    mutating func log(_: ByteView, _: LogLevel) {}
    mutating func wallSeconds() -> UInt32 { 0 }

    mutating func connect(_: Address, _: SocketOptions) -> IOResult {
        guard state.refusals == 0 else {
            state.refusals -= 1
            return .failed(111)
        }
        state.lastDescriptor += 1
        state.open.append(state.lastDescriptor)
        precondition(state.open.count <= 3, "more attempts than addresses, beside a connection")
        return .done(Int(state.lastDescriptor))
    }

    mutating func connectLocal(_: ByteView) -> IOResult { .failed(2) }

    mutating func connected(_ descriptor: Int32) -> IOResult {
        precondition(state.open.contains(descriptor))
        return state.refusals > 8 ? .failed(111) : state.isSlow ? .again : .done(0)
    }

    mutating func resolve(_: ByteView, token _: UInt32) {}
    mutating func resolution(_: UnsafeMutablePointer<Address>, capacity _: Int) -> Resolution { .notFound }

    mutating func readFile(
        _: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> IOResult {
        let got = max(0, min(count, state.file - offset))
        for i in 0..<got { target[i] = UInt8(truncatingIfNeeded: offset + i) }
        return .done(got)
    }

    func errorText(_ error: Int32) -> ByteView { ByteView("some error") }

    mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        precondition(state.open.contains(descriptor) && descriptor == state.talker && count > 0)
        guard !state.incoming.isEmpty else { return state.isClosedByPeer ? .closed(isOrderly: true) : .again }
        let got = min(count, state.incoming.count)
        for i in 0..<got { target[i] = state.incoming[i] }
        state.incoming.removeFirst(got)
        return .done(got)
    }

    mutating func send(_ descriptor: Int32, _ runs: UnsafePointer<Run>, _: Int) -> IOResult {
        precondition(state.open.contains(descriptor) && runs[0].count > 0)
        if descriptor != state.talker {
            precondition(!state.open.contains(state.talker), "two connections of one link")
            state.talker = descriptor
            state.incoming = []
            state.talk = Talk()
        }
        let count = min(runs[0].count, state.sendRoom)
        guard count > 0 else { return .again }
        state.sendRoom -= count
        state.talk?.hear(ByteView(runs[0].start, count).array)
        return .done(count)
    }

    mutating func watch(_: Int32, interest: UInt32, token _: UInt32) -> IOResult { .done(0) }
    mutating func rewatch(_: Int32, interest: UInt32, token _: UInt32) {}

    mutating func close(_ descriptor: Int32) {
        guard let index = state.open.firstIndex(of: descriptor) else { preconditionFailure("closed twice") }
        state.open.remove(at: index)
    }
}
