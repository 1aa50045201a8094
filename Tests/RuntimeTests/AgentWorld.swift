import Base
import Config
import Glibc
import Runtime
import TestSupport
import TestWorld

/// Client mode by a board config, with a network and programs that the test makes up.
final class AgentWorld {
    private let memory: UnsafeMutableRawPointer
    private let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    private let text: UnsafeMutableBufferPointer<UInt8>
    private var agent: Agent<HandHost>
    let net = HandNet.State()
    let host = HandHost.State()
    private var logged = 0

    /// Programs that were started, the oldest first.
    var programs: [HandHost.Program] { host.programs }

    init(_ config: String, clock: UInt32 = 0) {
        let bytes = Array("mode client\naddress 10.0.0.1\n\(config)".utf8)
        text = .allocate(capacity: bytes.count)
        _ = text.initialize(from: bytes)
        let parsed = ConfigFile.parse(ByteView(text.baseAddress!, text.count))
        guard case .settings(let settings) = parsed else { preconditionFailure("\(parsed)") }
        let plan = Plan(settings, rows: rows)
        memory = calloc(1, plan.total)
        var arena = Arena(base: memory, capacity: plan.total, rows: rows)
        net.clock = clock
        agent = Agent(HandHost(net, host), &arena, settings: settings)
        arena.freeze()
        agent.start()
    }

    deinit {
        free(memory)
        rows.deallocate()
        text.deallocate()
    }

    /// One turn, so much later, with these events. False once it is to end.
    @discardableResult
    func turn(afterMs ms: UInt32 = 0, token: UInt32 = 1, flags: UInt32 = 0) -> Bool {
        net.clock &+= ms
        if flags != 0 { host.events.append(Event(token: token, flags: flags)) }
        return agent.turn()
    }

    /// Connects, and grants all subscriptions; what was sent and logged so far is forgotten.
    @discardableResult
    func connect(sessionPresent: Bool = false) -> AgentWorld {
        turn(flags: Event.writable)
        receive(sessionPresent ? LinkWorld.connackPresent : LinkWorld.connack)
        for packet in sent() where packet.hasPrefix("subscribe ") {
            let words = packet.split(separator: " ")
            receive([0x90, 3, 0, UInt8(words[1])!, UInt8(words[3])!])
        }
        forget()
        return self
    }

    func forget() {
        _ = sent()
        _ = log()
    }

    func receive(_ bytes: [UInt8]) {
        net.incoming += bytes
        turn(flags: Event.readable)
    }

    func publish(_ topic: String, _ payload: String = "p", qos: UInt8 = 1, id: UInt16 = 1, dup: Bool = false) {
        var packet = Packet.publish(topic, Array(payload.utf8), qos: qos, packetID: id)
        if dup { packet[0] |= 8 }
        receive(packet)
    }

    /// The broker goes away.
    func breakOff() {
        net.isClosedByPeer = true
        turn(flags: Event.readable | Event.failed)
        net.isClosedByPeer = false
    }

    /// A program has ended.
    func end(_ program: HandHost.Program, _ end: ProgramEnd = .status(0)) {
        program.end = end
        turn(token: 0, flags: Event.ended)
    }

    /// It ends; whatever does not happen takes its time.
    func stop() {
        host.waitsTakeTime = true
        agent.shutDown()
    }

    /// What was logged since the last call, line by line.
    func log() -> [String] {
        let lines = host.log.split(separator: "\n").map(String.init)
        defer { logged = lines.count }
        return Array(lines.dropFirst(logged))
    }

    func log(_ event: String) -> [String] { log().filter { $0.hasPrefix("event=\(event) ") } }

    /// The packets that were sent since the last call, in words.
    func sent() -> [String] {
        defer { net.sent = [] }
        var rest = net.sent[...]
        var packets: [String] = []
        while let first = rest.popFirst() {
            var length = 0
            var shift = 0
            while let byte = rest.popFirst() {
                length |= Int(byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 { break }
            }
            packets.append(words(first, Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return packets
    }

    private func words(_ first: UInt8, _ body: [UInt8]) -> String {
        func number(_ at: Int) -> Int { Int(body[at]) << 8 | Int(body[at + 1]) }
        switch first >> 4 {
        case 1: return "connect"
        case 3:
            let qos = first >> 1 & 3
            let start = 2 + number(0)
            let topic = String(decoding: body[2..<start], as: UTF8.self)
            let payload = String(decoding: body.dropFirst(start + (qos > 0 ? 2 : 0)), as: UTF8.self)
            return "publish \(topic) \(payload) qos \(qos)" + (first & 1 != 0 ? " retain" : "")
        case 4: return "puback \(number(0))"
        case 5: return "pubrec \(number(0))"
        case 8:
            let filter = String(decoding: body[4..<(4 + number(2))], as: UTF8.self)
            return "subscribe \(number(0)) \(filter) \(body.last!)"
        case 12: return "ping"
        case 14: return "disconnect"
        default: return "packet \(first)"
        }
    }
}
