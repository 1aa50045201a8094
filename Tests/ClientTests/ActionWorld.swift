import Base
import Client
import Config
import Glibc
import TestSupport
import Wire

/// The queue of a board config, driven by hand.
final class ActionWorld {
    private let memory: UnsafeMutableRawPointer
    private let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    private let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 65_536)
    private let text: UnsafeMutableBufferPointer<UInt8>
    private var queue: ActionQueue
    var clock: UInt32
    private var lastTicket: UInt32 = 0
    /// Actions under way, in the order in which they began.
    private(set) var running: [Handle<Job>] = []

    init(_ config: String, clock: UInt32 = 0) {
        text = .allocate(capacity: config.utf8.count + 12)
        _ = text.initialize(from: "mode client\n".utf8 + Array(config.utf8))
        guard case .settings(let settings) = ConfigFile.parse(ByteView(text.baseAddress!, text.count)) else {
            preconditionFailure("a board config that is wrong")
        }
        self.clock = clock
        var measuring = Arena(measuring: rows)
        _ = ActionQueue(&measuring, settings: settings, now: Tick(ms: clock))
        memory = calloc(1, measuring.used)
        var arena = Arena(base: memory, capacity: measuring.used, rows: rows)
        queue = ActionQueue(&arena, settings: settings, now: Tick(ms: clock))
    }

    deinit {
        free(memory)
        rows.deallocate()
        scratch.deallocate()
        text.deallocate()
    }

    private var now: Tick { Tick(ms: clock) }

    var mayTake: Bool { queue.mayTake }
    var counts: ActionQueue.Counts { queue.counts }
    var openJobs: Int { queue.openJobs }
    var slabsInUse: Int { queue.slabsInUse }
    var keptMessages: Int { queue.keptMessages }
    var msUntilStart: UInt32? { queue.msUntilStart(now: now) }

    /// A message comes: the lines that it matches, each with whether its action was kept; and its ticket.
    @discardableResult
    func take(
        _ topic: String, _ payload: String = "p", qos: QoS = .atLeastOnce
    ) -> (kept: [Int: Bool], ticket: UInt32) {
        lastTicket += 1
        var kept: [Int: Bool] = [:]
        with(topic, payload, qos) { publish in
            var message = Handle<KeptMessage>.none
            var from = 0
            while let line = queue.match(publish.topic, from: from, scratch: scratch) {
                from = line + 1
                kept[line] = queue.add(publish, ticket: lastTicket, line: line, to: &message, now: now)
            }
        }
        return (kept, lastTicket)
    }

    /// Keeps a message whose action was tried once already.
    func takeFailed(_ topic: String) {
        lastTicket += 1
        with(topic, "p", .atLeastOnce) { publish in
            var message = Handle<KeptMessage>.none
            _ = queue.add(publish, ticket: lastTicket, line: 0, attempts: 1, to: &message, now: now)
        }
    }

    private func with(_ topic: String, _ payload: String, _ qos: QoS, _ use: (Publish) -> Void) {
        var body = [UInt8(topic.utf8.count >> 8), UInt8(topic.utf8.count & 0xFF)] + Array(topic.utf8)
        if qos != .atMostOnce { body += [UInt8(lastTicket >> 8), UInt8(lastTicket & 0xFF)] }
        body += Array(payload.utf8)
        var packet = [UInt8(0x30) | qos.rawValue << 1]
        var length = body.count
        repeat {
            packet.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
            length >>= 7
        } while length > 0
        (packet + body).withUnsafeBufferPointer { buffer in
            let view = ByteView(buffer.baseAddress!, buffer.count)
            guard case .frame(let frame, _) = FrameReader.next(view, maxPacketBytes: 1 << 20),
                case .packet(let publish) = Publish.decode(frame)
            else { preconditionFailure("a bad message") }
            use(publish)
        }
    }

    /// Begins whatever may begin; answers the tickets' payloads.
    @discardableResult
    func start() -> [String] {
        var begun: [String] = []
        while let job = queue.start(now: now) {
            running.append(job)
            begun.append(payload(job))
        }
        return begun
    }

    func payload(_ job: Handle<Job>) -> String {
        var bytes = [UInt8](repeating: 0, count: queue.message(job).payloadBytes)
        let count = bytes.withUnsafeMutableBufferPointer { buffer in
            buffer.isEmpty ? 0
                : queue.copyPayload(job, from: 0, to: buffer.baseAddress!, capacity: buffer.count)
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    func topic(_ job: Handle<Job>) -> String {
        var bytes = [UInt8](repeating: 0, count: 65_535)
        let count = bytes.withUnsafeMutableBufferPointer { queue.copyTopic(job, to: $0.baseAddress!) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    func part(_ job: Handle<Job>, from offset: Int, count: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = bytes.withUnsafeMutableBufferPointer {
            queue.copyPayload(job, from: offset, to: $0.baseAddress!, capacity: count)
        }
        return String(decoding: bytes[..<got], as: UTF8.self)
    }

    func attempts(_ index: Int = 0) -> Int { queue.job(running[index]).attempts }

    /// The action that began as the `index`-th of those under way has done its work: the ticket to acknowledge.
    @discardableResult
    func succeed(_ index: Int = 0) -> UInt32? { queue.finish(running.remove(at: index)) }

    /// It has failed: what is to be done, and the ticket to acknowledge after that.
    @discardableResult
    func fail(_ index: Int = 0, isFinal: Bool = false) -> (ActionQueue.Failure, UInt32?) {
        let job = running.remove(at: index)
        let failure = queue.failed(job, isFinal: isFinal, now: now)
        return (failure, failure == .retry ? nil : queue.finish(job))
    }

    func age() { queue.age(now: now) }
}
