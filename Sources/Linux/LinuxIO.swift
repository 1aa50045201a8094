import Base
import CPlatform
import Runtime

/// `IO` by epoll and non-blocking sockets.
public struct LinuxIO: IO, ~Copyable {
    private let epoll: Int32
    /// Readable when the process is asked to end.
    private let stopSignals: Int32

    /// A token that no listener and no connection has.
    private static var stopToken: UInt32 { 0xF_FFFF }
    private static var backlog: Int32 { 128 }
    private static var standardError: Int32 { 2 }

    /// From here on SIGTERM and SIGINT are events. Nil when the system does not give even what that takes.
    public init?() {
        let epoll = swl_epoll_open()
        let signals = swl_stop_signals()
        guard epoll >= 0, signals >= 0,
            swl_epoll_add(epoll, signals, Event.readable, LinuxIO.stopToken) >= 0
        else { return nil }
        self.epoll = epoll
        stopSignals = signals
    }

    public mutating func now() -> Tick { Tick(ms: swl_now_ms()) }

    public mutating func entropy() -> UInt32 {
        var value: UInt32 = 0
        let got = withUnsafeMutableBytes(of: &value) { swl_random($0.baseAddress!, 4) }
        precondition(got == 4, "the system has no random numbers")
        return value
    }

    public mutating func wait(_ events: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int {
        // An `Event` is the pair of words that the shim writes.
        let count = UnsafeMutableRawPointer(events).withMemoryRebound(to: UInt32.self, capacity: 2 * capacity) {
            swl_epoll_wait(epoll, $0, Int32(capacity), Int32(timeoutMs))
        }
        precondition(count >= 0, "epoll_wait failed")
        var i = 0
        while i < Int(count) {
            if events[i].token == LinuxIO.stopToken { events[i].flags = Event.stop }
            i += 1
        }
        return Int(count)
    }

    public mutating func listen(_ address: inout Address) -> IOResult {
        var bytes: (UInt64, UInt64) = (0, 0)
        let port = address.port
        let descriptor = withUnsafeMutableBytes(of: &bytes) { space in
            let start = space.baseAddress!.assumingMemoryBound(to: UInt8.self)
            address.copyBytes(to: start)
            return swl_listen(start, port, LinuxIO.backlog)
        }
        guard descriptor >= 0 else { return result(descriptor) }
        let actualPort = swl_local_port(descriptor)
        guard actualPort >= 0 else { return result(actualPort) }
        address.port = UInt16(truncatingIfNeeded: actualPort)
        return .done(Int(descriptor))
    }

    public mutating func accept(_ listener: Int32, from peer: inout Address) -> IOResult {
        var bytes: (UInt64, UInt64) = (0, 0)
        var port: UInt16 = 0
        let descriptor = withUnsafeMutableBytes(of: &bytes) { space in
            let start = space.baseAddress!.assumingMemoryBound(to: UInt8.self)
            let accepted = swl_accept(listener, start, &port)
            if accepted >= 0 { peer = Address(bytes: start, port: port) }
            return accepted
        }
        return result(descriptor)
    }

    public mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        let received = swl_receive(descriptor, target, count)
        return received == 0 ? .closed(isOrderly: true) : result(received)
    }

    public mutating func send(_ descriptor: Int32, _ runs: UnsafePointer<Run>, _ runCount: Int) -> IOResult {
        result(swl_send(descriptor, runs, Int32(runCount)))
    }

    public mutating func watch(_ descriptor: Int32, interest: UInt32, token: UInt32) -> IOResult {
        result(swl_epoll_add(epoll, descriptor, interest, token))
    }

    public mutating func rewatch(_ descriptor: Int32, interest: UInt32, token: UInt32) {
        precondition(swl_epoll_change(epoll, descriptor, interest, token) >= 0, "a descriptor that is not watched")
    }

    public mutating func close(_ descriptor: Int32) {
        precondition(Int(swl_close(descriptor)) != SWL_BUG, "closed twice")
    }

    public mutating func log(_ line: ByteView) {
        // Whoever reads the log must not be able to stop the broker by reading slowly.
        guard swl_is_writable(LinuxIO.standardError) > 0 else { return }
        _ = swl_write(LinuxIO.standardError, line.start, line.count)
    }

    private func result(_ value: Int32) -> IOResult {
        switch Int(value) {
        case 0...: .done(Int(value))
        case SWL_AGAIN: .again
        case SWL_CLOSED: .closed(isOrderly: false)
        case SWL_EXHAUSTED: .exhausted
        case SWL_BUG: preconditionFailure("a bad descriptor or pointer")
        default: .failed(Int32(SWL_FAILED) - value)
        }
    }
}
