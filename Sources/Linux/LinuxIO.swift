import Base
import CPlatform
import Runtime

/// `IO` by epoll and non-blocking sockets.
public struct LinuxIO: IO, ~Copyable {
    let epoll: Int32
    /// Readable when the process is asked to end, to read its config again, or to report; below zero in a program
    /// whose signals are not ours.
    private let signals: Int32
    private let logsToStandardError: Bool
    private let logsToSyslog: Bool
    /// The socket to the system log; below zero while there is none.
    private var syslog: Int32 = -1

    private let verifier: PasswordVerifier?
    var resolver: NameResolver?

    // Tokens that no listener and no connection has.
    private static var signalToken: UInt32 { 0xF_FFFF }
    private static var verdictToken: UInt32 { 0xF_FFFE }
    /// And those below, one for each helper.
    private static var resolverToken: UInt32 { 0xF_FFFD }
    private static var backlog: Int32 { 128 }
    private static var standardError: Int32 { 2 }

    /// From here on SIGTERM, SIGINT, SIGHUP and SIGUSR1 are events. Nil when the system does not give even what that
    /// takes.
    /// With `verifiesPasswords` a second process is started, now, while this one is small, and as many more as there
    /// are `resolvers`: links that look up names, at most eight. With `startsPrograms` the end of a program is an
    /// event, too.
    public init?(
        verifiesPasswords: Bool = false, resolvers: Int = 0, startsPrograms: Bool = false,
        logsToStandardError: Bool, logsToSyslog: Bool
    ) {
        self.logsToStandardError = logsToStandardError
        self.logsToSyslog = logsToSyslog
        verifier = verifiesPasswords ? PasswordVerifier() : nil
        if verifiesPasswords, verifier == nil { return nil }
        resolver = resolvers > 0 ? NameResolver(processes: resolvers) : nil
        if resolvers > 0, resolver == nil { return nil }
        let epoll = swl_epoll_open()
        let signals = swl_signals(startsPrograms ? 1 : 0)
        guard epoll >= 0, signals >= 0,
            swl_epoll_add(epoll, signals, Event.readable, LinuxIO.signalToken) >= 0
        else { return nil }
        if let verifier, swl_epoll_add(epoll, verifier.descriptor, Event.readable, LinuxIO.verdictToken) < 0 {
            return nil
        }
        if let resolver, !LinuxIO.watch(resolver, epoll) { return nil }
        self.epoll = epoll
        self.signals = signals
    }

    /// For a part of a larger program, which keeps its signals and its log. Nil when the system has no descriptors.
    public init?(resolver: consuming NameResolver) {
        logsToStandardError = false
        logsToSyslog = false
        verifier = nil
        signals = -1
        epoll = swl_epoll_open()
        guard epoll >= 0, LinuxIO.watch(resolver, epoll) else { return nil }
        self.resolver = resolver
    }

    private static func watch(_ resolver: NameResolver, _ epoll: Int32) -> Bool {
        var i = 0
        while i < resolver.count {
            guard watch(helper: i, resolver.descriptor(i), epoll) else { return false }
            i += 1
        }
        return true
    }

    static func watch(helper index: Int, _ descriptor: Int32, _ epoll: Int32) -> Bool {
        swl_epoll_add(epoll, descriptor, Event.readable, resolverToken - UInt32(index)) >= 0
    }

    /// Helpers that are started again are not to hold on to this memory, which they have no use for.
    public mutating func spare(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
        resolver?.spared = memory
        resolver?.sparedBytes = bytes
    }

    /// Gives the descriptors back; to be called last, and only where the process goes on.
    public mutating func end() {
        _ = swl_close(epoll)
        if signals >= 0 { _ = swl_close(signals) }
        resolver?.end()
        if let verifier { _ = swl_close(verifier.descriptor) }
        if syslog >= 0 { _ = swl_close(syslog) }
    }

    public mutating func now() -> Tick { Tick(ms: swl_now_ms()) }

    public mutating func entropy() -> UInt32 {
        var value: UInt32 = 0
        let got = withUnsafeMutableBytes(of: &value) { swl_random($0.baseAddress!, 4) }
        precondition(got == 4, "the system has no random numbers")
        return value
    }

    public mutating func wait(_ events: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int {
        if let token = resolver?.readFailure() {
            events[0] = Event(token: token, flags: Event.resolved)
            return 1
        }
        // An `Event` is the pair of words that the shim writes.
        let count = UnsafeMutableRawPointer(events).withMemoryRebound(to: UInt32.self, capacity: 2 * capacity) {
            swl_epoll_wait(epoll, $0, Int32(capacity), Int32(timeoutMs))
        }
        precondition(count >= 0, "epoll_wait failed")
        var isResolved = false
        var i = 0
        while i < Int(count) {
            if events[i].token == LinuxIO.signalToken { events[i].flags = swl_read_signal(signals) }
            if events[i].token == LinuxIO.verdictToken { events[i] = verdict() }
            let helper = Int(LinuxIO.resolverToken) - Int(events[i].token)
            if helper >= 0, helper < resolver?.count ?? 0 {
                // There is one answer at a time: another one comes next.
                let token = isResolved ? nil : resolver?.read(helper)
                events[i].flags = 0
                if let token {
                    isResolved = true
                    events[i] = Event(token: token, flags: Event.resolved)
                }
            }
            i += 1
        }
        return Int(count)
    }

    public mutating func verify(_ request: LoginRequest) {
        guard let verifier else { preconditionFailure("a password, and nobody to compare it") }
        verifier.ask(request)
    }

    /// Without its verifier the broker could let nobody in any more; ending is what gets it restarted.
    private func verdict() -> Event {
        guard let answer = verifier?.answer() else { preconditionFailure("the password verifier is gone") }
        return Event(token: answer.token, flags: answer.isRight ? Event.granted : Event.denied)
    }

    public mutating func listen(_ address: inout Address, interface: ByteView) -> IOResult {
        var bytes: (UInt64, UInt64) = (0, 0)
        let port = address.port
        let families: Int32 = address.isV4 ? 4 : address.isAnyV6 ? 6 : 0
        let plain = address.isAnyV6 ? Address.any : address
        let descriptor = withUnsafeMutableBytes(of: &bytes) { space in
            let start = space.baseAddress!.assumingMemoryBound(to: UInt8.self)
            plain.copyBytes(to: start)
            return withCString(interface) { swl_listen(start, port, families, $0, LinuxIO.backlog) }
        }
        guard descriptor >= 0 else { return result(descriptor) }
        let actualPort = swl_local_port(descriptor)
        guard actualPort >= 0 else { return result(actualPort) }
        address.port = UInt16(truncatingIfNeeded: actualPort)
        return .done(Int(descriptor))
    }

    public mutating func listenLocal(_ path: ByteView) -> IOResult {
        result(withCString(path) { swl_listen_local($0, LinuxIO.backlog) })
    }

    public mutating func removeLocal(_ path: ByteView) { _ = withCString(path) { swl_unlink($0) } }

    /// `text`, which is short, with a zero byte behind it.
    func withCString(_ text: ByteView, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        var space = InlineArray<128, UInt8>(repeating: 0)
        var span = space.mutableSpan
        return span.withUnsafeMutableBufferPointer { buffer in
            precondition(text.count < buffer.count)
            text.copy(to: buffer.baseAddress!)
            return body(UnsafeRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self))
        }
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

    public mutating func unsent(_ descriptor: Int32) -> Int { max(0, Int(swl_unsent(descriptor))) }

    public mutating func watch(_ descriptor: Int32, interest: UInt32, token: UInt32) -> IOResult {
        result(swl_epoll_add(epoll, descriptor, interest, token))
    }

    public mutating func rewatch(_ descriptor: Int32, interest: UInt32, token: UInt32) {
        precondition(swl_epoll_change(epoll, descriptor, interest, token) >= 0, "a descriptor that is not watched")
    }

    public mutating func close(_ descriptor: Int32) {
        precondition(Int(swl_close(descriptor)) != SWL_BUG, "closed twice")
    }

    public mutating func wallSeconds() -> UInt32 { swl_wall_seconds() }

    public mutating func log(_ line: ByteView, _ level: LogLevel) {
        // Whoever reads the log must not be able to stop the broker by reading slowly.
        if logsToStandardError, swl_is_writable(LinuxIO.standardError) > 0 {
            _ = swl_write(LinuxIO.standardError, line.start, line.count)
        }
        if logsToSyslog { logToSystem(line, level) }
    }

    /// The system log may start later than the broker, and may be restarted.
    private mutating func logToSystem(_ line: ByteView, _ level: LogLevel) {
        if syslog < 0 { syslog = swl_open_syslog() }
        guard syslog >= 0 else { return }
        var space = InlineArray<640, UInt8>(repeating: 0)
        var span = space.mutableSpan
        let sent = span.withUnsafeMutableBufferPointer { buffer in
            var message = Line(buffer.baseAddress!, capacity: buffer.count)
            // RFC 3164 §4.1.1: facility 3 is "daemon".
            message.text("<")
            message.number(3 * 8 + Int(level.rawValue))
            message.text(">swiftlet: ")
            message.bytes(line.slice(0, line.count - 1))
            return swl_send_message(syslog, message.view.start, message.view.count)
        }
        if Int(sent) != SWL_AGAIN, sent < 0 {
            _ = swl_close(syslog)
            syslog = -1
        }
    }

    func result(_ value: Int32) -> IOResult {
        switch Int(value) {
        case 0...: .done(Int(value))
        case SWL_AGAIN: .again
        case SWL_CLOSED: .closed(isOrderly: false)
        case SWL_EXHAUSTED: .exhausted
        case SWL_ABSENT: .absent
        case SWL_BUG: preconditionFailure("a bad descriptor or pointer")
        default: .failed(Int32(SWL_FAILED) - value)
        }
    }
}
