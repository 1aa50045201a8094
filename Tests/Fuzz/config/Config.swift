import Base
import Bridge
import Client
import Config
import Runtime
import Sim

/// A board config.
///
/// What is refused is refused for a line of the file, in words that fit on a line. What is taken has every number in
/// the range that the help tells, none that another number contradicts, and a plan; and a plan of moderate size is
/// enough for a server, to the byte. Lines of client mode are found again as often as they were counted, with the words
/// that a naive reader finds, too. So are topics of a bridge, of which none gets through that is no filter.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    withCopy(ByteView(data, size)) { text in
        checkBase(text)
        switch ConfigFile.parse(text) {
        case .bad(let error): check(error, text)
        case .settings(let settings):
            checkRanges(settings)
            checkIndifference(settings, text)
            switch settings.mode {
            case .broker:
                precondition(settings.listenerCount > 0)
                checkListeners(settings)
                checkPlan(settings)
            case .bridge:
                checkListeners(settings)
                checkBridges(settings, text)
                checkSum(Plan(settings, rows: rows))
            case .client:
                checkRemotes(settings.client)
                checkLines(settings, text)
                checkSum(Plan(settings, rows: rows))
            }
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
    if settings.mode == .client {
        precondition(limits.maxQueuedMessages > 0 && limits.maxQueuedBytes > 0, "a queue that nothing fits in")
        precondition(limits.maxQueuedBytes <= 118 << 20, "more than there can be slabs")
        precondition(2 * limits.maxPacketBytes <= limits.messageStoreBytes, "a message that could never be kept")
        return
    }
    precondition(limits.maxPacketBytes <= limits.packetBufferBytes, "a packet that could never arrive in pieces")
    precondition(2 * limits.maxPacketBytes <= limits.messageStoreBytes, "a message that could never be kept")
    precondition(limits.maxRetainedMessages < limits.maxMessages, "retained messages that leave no room")
    precondition(limits.maxRetainedBytes < limits.messageStoreBytes, "retained bytes that leave no room")
    precondition(limits.maxConnections <= limits.maxClients, "clients that could never come in")
}

private func checkListeners(_ settings: Settings) {
    precondition(settings.listenerCount <= Settings.maxListeners)
    for i in 0..<settings.listenerCount {
        precondition(settings.accessIndex(ofListener: i) < settings.accessCount)
        precondition(ByteView(settings.accessSummary(ofListener: i)).count > 0)
        precondition(settings.listener(i).isSamePlace(as: settings.listener(i)))
    }
}

private func checkRemotes(_ client: ClientSettings) {
    precondition((1...ClientSettings.maxRemotes).contains(client.remoteCount))
    for i in 0..<client.remoteCount {
        let remote = client.remote(i)
        precondition(remote.host.count > 0 && remote.isLocal == (remote.port == 0), "a broker without a port")
    }
    precondition(client.password == nil && client.passwordFile == nil || client.username != nil)
    precondition(client.cleanSession || client.clientID.count > 0, "a session that nobody could find again")
    precondition(1 <= client.restartBaseSeconds && client.restartBaseSeconds <= client.restartCapSeconds)
}

private func checkLines(_ settings: Settings, _ text: ByteView) {
    let told = Model.lines(text.array).filter { line in
        let key = Model.firstWord(line.line).word
        return key == "subscribe".array || key == "publish".array
    }
    let client = settings.client
    precondition(told.count == client.subscribeLineCount + client.publishLineCount, "lines that nobody counted")
    var filters: [[UInt8]] = []
    var lines = settings.actionLines
    for (number, source) in told {
        guard let line = lines.next(), line.number == number else { preconditionFailure("another line") }
        let wanted = Model.words(Model.firstWord(source).rest)
        precondition(wanted[0] == array(line.topic), "another topic")
        if !line.kind.isPublication, !filters.contains(wanted[0]) { filters.append(wanted[0]) }
        var words = line.words
        var rest: [[UInt8]] = []
        while let word = words.next() { rest.append(array(word)) }
        precondition(Array(wanted.suffix(rest.count)) == rest, "other words")
        precondition(rest.count <= ActionLine.maxWords && (line.kind == .print ? rest.count <= 1 : rest.count >= 1))
        precondition(line.qos <= 2 && line.options.replyQoS <= 2)
        precondition(line.kind.isPublication == (line.everySeconds > 0))
        if case .number(let min, let max) = line.options.writeFormat { precondition(min <= max) }
    }
    precondition(lines.next() == nil, "a line that is not there")
    precondition(filters.count == client.filterCount && filters.count <= settings.limits.maxSubscriptionsPerClient)
    withWriter(ConfigFile.maxBytes) { writer in
        let hasOwn = ClientCheck.problem(settings, scratch: writer.start) != nil
        // Whoever knows better: no filter that is none gets through.
        precondition(hasOwn || filters.allSatisfy(Model.isFilter), "a filter that is none")
    }
}

private func checkBridges(_ settings: Settings, _ text: ByteView) {
    precondition((1...Settings.maxBridges).contains(settings.bridgeCount))
    var told = Model.lines(text.array).filter { Model.firstWord($0.line).word == "topic".array }[...]
    var filters: [[UInt8]] = []
    for i in 0..<settings.bridgeCount {
        let bridge = settings.bridge(i)
        precondition((1...ClientSettings.maxRemotes).contains(bridge.remoteCount) && bridge.name.count > 0)
        for j in 0..<bridge.remoteCount {
            let remote = bridge.remote(j)
            precondition(remote.host.count > 0 && remote.isLocal == (remote.port == 0), "a broker without a port")
        }
        precondition(bridge.password == nil && bridge.passwordFile == nil || bridge.username != nil)
        precondition(bridge.restartBaseSeconds <= bridge.restartCapSeconds && bridge.keepAliveSeconds >= 5)
        precondition(bridge.maxPacketBytes <= bridge.spoolBytes, "a message that could never wait")
        let section = bridge.sectionText
        precondition(section.start >= text.start && section.start + section.count <= text.start + text.count)
        var count = 0
        var topics = bridge.topics
        while let topic = topics.next() {
            guard let (number, source) = told.popFirst() else { preconditionFailure("a topic that is not there") }
            precondition(topic.number == number && topic.qos <= 2 && (topic.sendsOut || topic.takesIn))
            let pattern = Model.firstWord(Model.firstWord(source).rest).word
            precondition(pattern == (topic.pattern.isEmpty ? "\"\"".array : topic.pattern.array), "another pattern")
            filters.append(topic.localPrefix.array + topic.pattern.array)
            filters.append(topic.remotePrefix.array + topic.pattern.array)
            count += 1
        }
        precondition(count == bridge.topicCount && count > 0, "topics that nobody counted")
    }
    precondition(told.isEmpty, "a topic that nobody found")
    withWriter(BridgeCheck.scratchBytes) { writer in
        guard let error = BridgeCheck.problem(settings, scratch: writer.start) else {
            // Whoever knows better: no filter that is none gets through.
            return precondition(filters.allSatisfy(Model.isFilter), "a filter that is none")
        }
        check(error, text)
    }
}

private func array(_ word: ConfigWord) -> [UInt8] {
    let target = UnsafeMutablePointer<UInt8>.allocate(capacity: word.count + 1)
    defer { target.deallocate() }
    return ByteView(target, word.copy(to: target)).array
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
        precondition(same.mode == settings.mode && same.client.filterCount == settings.client.filterCount)
        precondition(same.listenerCount == settings.listenerCount && same.accessCount == settings.accessCount)
    }
}

private nonisolated(unsafe) let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
/// Larger plans are only added up: to clear the memory would take too long.
private let moderateBytes = 512 << 10
private let simBytes = 1 << 17

private func checkSum(_ plan: Plan) {
    precondition(plan.rowCount > 0 && plan.rowCount <= Arena.maxRows && plan.total > 0)
    // So that routers can add it up, too.
    precondition(plan.total <= Int(Int32.max), "more than 32 bits can hold")
    var sum = 0
    for i in 0..<plan.rowCount { sum += rows[i].bytes }
    precondition(sum == plan.total, "the rows are not the sum")
}

private func checkPlan(_ settings: Settings) {
    let plan = Plan(settings, rows: rows)
    checkSum(plan)
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
