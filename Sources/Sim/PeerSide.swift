import Base
import Runtime

/// The world's side: the clock, the signals, and the other ends of the connections.
extension SimIO {
    public mutating func advance(byMs span: UInt32) { clock = clock.advanced(byMs: span) }
    public mutating func askToStop() { signals |= Event.stop }
    public mutating func askToReload() { signals |= Event.reload }
    public mutating func askToReport() { signals |= Event.report }
    /// All lines logged so far.
    public var logText: ByteView { log.text }

    /// A new connection to a port, or to the unix socket when it is zero; nil when nobody listens there, and when there
    /// is no room for one.
    public mutating func peerConnect(from address: Address, port: UInt16 = 1883) -> Int? {
        var i = 0
        while i < endpointCount, endpoints[i].state != .free { i += 1 }
        guard i < endpointCount, let listener = listener(on: port) else { return nil }
        endpoints[i].state = .waiting
        endpoints[i].listener = listener
        endpoints[i].address = address
        return i
    }

    /// Puts bytes on the way to the server; false when they do not fit.
    public mutating func peerSend(_ peer: Int, _ view: ByteView) -> Bool {
        guard endpoints[peer].toServer.room >= view.count else { return false }
        return peerSend(peer, some: view) == view.count
    }

    /// Puts as much on the way to the server as fits; answers how much that was.
    public mutating func peerSend(_ peer: Int, some view: ByteView) -> Int {
        if errs(.delay, faults.delay) { endpoints[peer].serverHeldUntil = laterTick() }
        return endpoints[peer].toServer.write(view)
    }

    /// Takes at most `limit` bytes that the server sent.
    public mutating func peerReceive(_ peer: Int, _ target: UnsafeMutablePointer<UInt8>, limit: Int) -> Int {
        isHeld(endpoints[peer].peerHeldUntil) ? 0 : endpoints[peer].toPeer.read(target, limit: limit)
    }

    /// Ends the connection: after what was sent, or at once. Then what is under way is lost, unless it has arrived.
    public mutating func peerClose(_ peer: Int, isOrderly: Bool, hasArrived: Bool = false) {
        endpoints[peer].peerEnd = isOrderly ? .finished : .broken
        if !isOrderly, !hasArrived { endpoints[peer].toServer.removeAll() }
    }

    /// The connection breaks when so many bytes of what is under way have arrived.
    public mutating func peerReset(_ peer: Int, arriving bytes: Int) {
        count(.reset)
        endpoints[peer].peerEnd = .broken
        endpoints[peer].toServer.truncate(to: bytes)
        endpoints[peer].serverHeldUntil = nil
    }

    /// The peer is gone without a word; what it has done to its end before still holds.
    public mutating func peerForget(_ peer: Int) {
        switch endpoints[peer].state {
        case .free: preconditionFailure("forgotten already")
        case .closed: release(endpoints + peer)
        case .waiting, .accepted, .calling, .refused:
            if endpoints[peer].peerEnd == .open, endpoints[peer].state != .calling { count(.halfOpen) }
            endpoints[peer].isForgotten = true
        }
    }

    /// What forgotten connections from the host of `address` have under way is lost, and so are those that wait to be
    /// accepted: nothing of an earlier connection arrives after a later one has begun.
    public mutating func peerLoseForgotten(from address: Address) {
        var i = 0
        while i < endpointCount {
            let endpoint = endpoints + i
            i += 1
            guard endpoint.pointee.isForgotten, endpoint.pointee.address.words == address.words else { continue }
            endpoint.pointee.toServer.removeAll()
            if endpoint.pointee.state == .waiting { release(endpoint) }
        }
    }

    /// Bytes that the server sent and the peer has not taken.
    public func peerUnread(_ peer: Int) -> Int { endpoints[peer].toPeer.count }

    /// Bytes under way to the server.
    public func peerUnsent(_ peer: Int) -> Int { endpoints[peer].toServer.count }

    /// The server has closed its end.
    public func peerIsClosed(_ peer: Int) -> Bool { endpoints[peer].state == .closed }

    /// One receive of the server gets at most so many bytes.
    public mutating func setReceiveLimit(_ peer: Int, _ bytes: Int) { endpoints[peer].receiveLimit = bytes }
    /// The server can write so many bytes more.
    public mutating func setSendRoom(_ peer: Int, _ bytes: Int) { endpoints[peer].sendRoom = bytes }
}
