import Base
import Config
import Runtime
import Sim

/// A board config.
///
/// What is refused is refused for a line of the file, in words that fit on a line. What is taken has every number in
/// the range that the help tells, none that another number contradicts, and a plan; and a plan of moderate size is
/// enough for a server, to the byte.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    withCopy(ByteView(data, size)) { text in
        switch ConfigFile.parse(text) {
        case .bad(let error): check(error, text)
        case .settings(let settings):
            checkRanges(settings)
            checkListeners(settings)
            checkIndifference(settings, text)
            checkPlan(settings)
        }
    }
    return 0
}

private func check(_ error: ConfigError, _ text: ByteView) {
    let lines = Model.lines(text.array)
    if error.line > 0 {
        let line = lines.first { $0.number == error.line }
        precondition(line.map { Model.firstWord($0.line).word == error.key.array } ?? false, "another line is wrong")
    }
    withWriter(Line.logBytes) { writer in
        var line = Line(writer.start, capacity: writer.capacity)
        error.write(file: ByteView("board.conf"), to: &line)
        precondition(line.ended().array.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "not a line of text")
    }
}

private func checkRanges(_ settings: Settings) {
    var raw: UInt8 = 0
    while let option = Option(rawValue: raw) {
        raw += 1
        switch option.row.kind {
        case .number(let min, let max), .size(let min, let max), .duration(let min, let max):
            precondition((min...max).contains(settings.limits[option]), "a number that the help says cannot be")
        default: break
        }
    }
    let limits = settings.limits
    precondition(limits.maxPacketBytes <= limits.packetBufferBytes, "a packet that could never arrive in pieces")
    precondition(2 * limits.maxPacketBytes <= limits.messageStoreBytes, "a message that could never be kept")
    precondition(limits.maxRetainedMessages < limits.maxMessages, "retained messages that leave no room")
    precondition(limits.maxRetainedBytes < limits.messageStoreBytes, "retained bytes that leave no room")
    precondition(limits.maxConnections <= limits.maxClients, "clients that could never come in")
}

private func checkListeners(_ settings: Settings) {
    precondition((1...Settings.maxListeners).contains(settings.listenerCount))
    for i in 0..<settings.listenerCount {
        precondition(settings.accessIndex(ofListener: i) < settings.accessCount)
        precondition(ByteView(settings.accessSummary(ofListener: i)).count > 0)
        precondition(settings.listener(i).isSamePlace(as: settings.listener(i)))
    }
}

/// What says nothing changes nothing: comments, empty lines, and how lines end.
private func checkIndifference(_ settings: Settings, _ text: ByteView) {
    var other = "# a comment\n\n".array
    for byte in text.array {
        if byte == UInt8(ascii: "\n") { other += " \t\r".array }
        other.append(byte)
    }
    withView(other + "\n#".array) { text in
        guard case .settings(let same) = ConfigFile.parse(text) else { preconditionFailure("a comment is wrong") }
        var raw: UInt8 = 0
        while let option = Option(rawValue: raw) {
            raw += 1
            precondition(same.limits[option] == settings.limits[option], "a comment changes a number")
        }
        precondition(same.listenerCount == settings.listenerCount && same.accessCount == settings.accessCount)
    }
}

private nonisolated(unsafe) let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
/// Larger plans are only added up: to clear the memory would take too long.
private let moderateBytes = 512 << 10
private let simBytes = 1 << 17

private func checkPlan(_ settings: Settings) {
    let plan = Plan(settings, rows: rows)
    precondition(plan.rowCount > 0 && plan.rowCount <= Arena.maxRows && plan.total > 0)
    var sum = 0
    for i in 0..<plan.rowCount { sum += rows[i].bytes }
    precondition(sum == plan.total, "the rows are not the sum")
    guard plan.fits, plan.total <= moderateBytes else { return }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: plan.total, alignment: 4096)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: plan.total)
    let simMemory = UnsafeMutableRawPointer.allocate(byteCount: simBytes, alignment: 4096)
    defer { simMemory.deallocate() }
    var simArena = Arena(base: simMemory, capacity: simBytes, rows: rows)
    let io = SimIO(&simArena, connections: 1, pipeBytes: 16, clock: .zero, seed: 1)
    var arena = Arena(base: memory, capacity: plan.total, rows: rows)
    var server = Server(io, &arena, settings: settings)
    precondition(arena.used == plan.total, "the plan is not what is carved")
    arena.freeze()
    server.io.letsTimePass = false
    if server.open() == nil { server.reportReady() }
    for _ in 0..<3 { precondition(server.turn()) }
    server.shutDown()
}
