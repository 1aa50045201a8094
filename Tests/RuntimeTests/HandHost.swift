import Base
import Runtime
import TestSupport

/// The system of client mode, driven by hand: the network of `HandNet`, and programs and files that a test makes up.
struct HandHost: Host, ~Copyable {
    final class State {
        var events: [Event] = []
        /// Whether waiting for nothing takes as long as it may.
        var waitsTakeTime = false
        var log = ""
        var output = ""
        /// Bytes of standard output that are taken.
        var outputRoom = Int.max
        var programs: [Program] = []
        /// Bytes that a new program reads before it does something else.
        var inputRoom = Int.max
        /// What the system says when a program is started, by attempt.
        var spawnErrors: [IOResult] = []
        var files: [String: [UInt8]] = [:]
        /// Files that cannot be read or written, and why.
        var fileErrors: [String: IOResult] = [:]
    }

    final class Program {
        let words: [String]
        let variables: [String]
        /// The descriptors are its number by ten, and 0 for input up to 3 for the report.
        let number: Int
        var token: UInt32 = 0
        var input: [UInt8] = []
        var inputRoom = Int.max
        var isInputClosed = false
        /// It does not read any more.
        var isDeaf = false
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var startError: Int32?
        var end: ProgramEnd?
        /// Whether it was asked to end, or ended.
        var signals: [String] = []
        var open: Set<Int> = [0, 1, 2, 3]

        init(_ words: [String], _ variables: [String], number: Int) {
            self.words = words
            self.variables = variables
            self.number = number
        }
    }

    private var net: HandNet
    let state: State

    init(_ net: HandNet.State, _ state: State) {
        self.net = HandNet(state: net)
        self.state = state
    }

    private func program(_ descriptor: Int32) -> Program? {
        let number = Int(descriptor) / 10 - 1
        return state.programs.indices.contains(number) ? state.programs[number] : nil
    }

    mutating func wait(_ events: UnsafeMutablePointer<Event>, capacity: Int, timeoutMs: Int) -> Int {
        let count = min(capacity, state.events.count)
        if count == 0, state.waitsTakeTime { net.state.clock &+= UInt32(timeoutMs) }
        for i in 0..<count { events[i] = state.events[i] }
        state.events.removeFirst(count)
        return count
    }

    mutating func spawn(
        _ text: ByteView, arguments: Int, variables: Int, _ ends: inout ProgramEnds
    ) -> IOResult {
        if !state.spawnErrors.isEmpty { return state.spawnErrors.removeFirst() }
        let words = text.text.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(String.init)
        precondition(words.count == arguments + variables)
        let number = state.programs.count + 1
        let program = Program(Array(words[..<arguments]), Array(words[arguments...]), number: number)
        program.inputRoom = state.inputRoom
        state.programs.append(program)
        ends.input = Int32(10 * number)
        ends.output = Int32(10 * number + 1)
        ends.error = Int32(10 * number + 2)
        ends.report = Int32(10 * number + 3)
        return .done(number)
    }

    mutating func feed(_ descriptor: Int32, _ bytes: ByteView) -> IOResult {
        guard let program = program(descriptor) else { return .failed(9) }
        if program.isDeaf { return .closed(isOrderly: false) }
        let count = min(bytes.count, program.inputRoom)
        guard count > 0 else { return .again }
        program.input += bytes.slice(0, count).array
        program.inputRoom -= count
        return .done(count)
    }

    mutating func read(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        guard let program = program(descriptor) else { return .failed(9) }
        func take(_ bytes: inout [UInt8]) -> IOResult {
            if bytes.isEmpty { return program.end == nil ? .again : .closed(isOrderly: true) }
            let part = Array(bytes.prefix(count))
            for (i, byte) in part.enumerated() { target[i] = byte }
            bytes.removeFirst(part.count)
            return .done(part.count)
        }
        return descriptor % 10 == 1 ? take(&program.output) : take(&program.errors)
    }

    mutating func startError(_ report: Int32) -> Int32? { program(report)?.startError }

    mutating func end(_ process: Int32, isFinal: Bool) {
        state.programs[Int(process) - 1].signals.append(isFinal ? "KILL" : "TERM")
    }

    mutating func reap(_ process: Int32) -> ProgramEnd? { state.programs[Int(process) - 1].end }

    mutating func readSource(
        _ path: ByteView, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> IOResult {
        if let error = state.fileErrors[path.text] { return error }
        guard let bytes = state.files[path.text] else { return .failed(2) }
        for (i, byte) in bytes.prefix(capacity).enumerated() { target[i] = byte }
        return .done(min(bytes.count, capacity))
    }

    mutating func put(_ bytes: ByteView, into path: ByteView) -> IOResult {
        if let error = state.fileErrors[path.text] { return error }
        state.files[path.text] = bytes.array
        return .done(0)
    }

    mutating func writeOutput(_ text: ByteView) -> IOResult {
        let count = min(text.count, state.outputRoom)
        state.output += text.slice(0, count).text
        return .done(count)
    }

    func errorText(_ error: Int32) -> ByteView { error == 2 ? ByteView("No such file") : ByteView("Some error") }

    mutating func log(_ line: ByteView, _: LogLevel) { state.log += line.text }

    mutating func watch(_ descriptor: Int32, interest: UInt32, token: UInt32) -> IOResult {
        if let program = program(descriptor) {
            program.token = token
            return .done(0)
        }
        return net.watch(descriptor, interest: interest, token: token)
    }

    mutating func close(_ descriptor: Int32) {
        guard let program = program(descriptor) else { return net.close(descriptor) }
        precondition(program.open.remove(Int(descriptor) % 10) != nil, "closed twice")
        if descriptor % 10 == 0 { program.isInputClosed = true }
    }

    // The network.
    mutating func now() -> Tick { net.now() }
    mutating func entropy() -> UInt32 { net.entropy() }
    mutating func listen(_: inout Address, interface: ByteView) -> IOResult { .absent }
    mutating func listenLocal(_: ByteView) -> IOResult { .absent }
    mutating func removeLocal(_: ByteView) {}
    mutating func accept(_: Int32, from _: inout Address) -> IOResult { .again }
    mutating func unsent(_: Int32) -> Int { 0 }
    mutating func verify(_: LoginRequest) {}
    mutating func wallSeconds() -> UInt32 { 1_798_761_600 }
    mutating func connect(_ remote: Address, _ options: SocketOptions) -> IOResult { net.connect(remote, options) }
    mutating func connectLocal(_ path: ByteView) -> IOResult { net.connectLocal(path) }
    mutating func connected(_ descriptor: Int32) -> IOResult { net.connected(descriptor) }
    mutating func resolve(_ name: ByteView, token: UInt32) { net.resolve(name, token: token) }

    mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution {
        net.resolution(addresses, capacity: capacity)
    }

    mutating func readFile(
        _ descriptor: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> IOResult { net.readFile(descriptor, offset: offset, target, count) }

    mutating func receive(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        net.receive(descriptor, target, count)
    }

    mutating func send(_ descriptor: Int32, _ runs: UnsafePointer<Run>, _ count: Int) -> IOResult {
        net.send(descriptor, runs, count)
    }

    mutating func rewatch(_ descriptor: Int32, interest: UInt32, token: UInt32) {
        net.rewatch(descriptor, interest: interest, token: token)
    }
}
