import TestWorld

/// Where and how a device is cut off, once.
struct Cut {
    enum Way: CaseIterable {
        /// The server gets what was sent and then, at once, the end of the stream.
        case sentThenEnd
        /// The server does what was sent asks for, and its answers are lost.
        case sentThenReset
        /// What was sent and the reset arrive together.
        case sentWithReset
        /// The server sent more, which is lost.
        case receivedThenReset
        /// The server's writes were short.
        case receivedAndNoMoreSent
        /// Both: some of what was sent is lost, and behind it something waited to be sent.
        case receivedLessThanSent
    }

    let way: Way
    /// Bytes until then.
    private(set) var left: Int

    init(_ way: Way, after bytes: Int) {
        self.way = way
        left = bytes
    }

    private var countsSent: Bool { way == .sentThenEnd || way == .sentThenReset || way == .sentWithReset }
    var sendLimit: Int? { countsSent ? left : nil }
    /// How much the server may write.
    var sendRoom: Int? { way == .receivedAndNoMoreSent ? left : way == .receivedLessThanSent ? left + 20 : nil }
    var receiveLimit: Int? { countsSent ? nil : left }

    mutating func note(sent bytes: Int) { if countsSent { left -= bytes } }
    mutating func note(received bytes: Int) { if !countsSent { left -= bytes } }

    func perform(_ client: Client) {
        let world = client.world
        if way == .sentThenReset { world.settle() }
        world.server.io.peerClose(
            client.peer, isOrderly: way == .sentThenEnd || way == .receivedAndNoMoreSent,
            hasArrived: way == .sentWithReset)
        world.settle()
    }
}
