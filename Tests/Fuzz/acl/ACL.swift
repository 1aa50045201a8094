import Base
import Config
import Engine
import Wire

@testable import Broker

/// Three lines with a user name (empty: none), a client id and a topic; then an access file.
///
/// The file is right or wrong where a second reading says so, and allows what the model allows.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = Input(data, size)
    let (user, id, topic) = (input.line().array, input.line().array, input.line())
    withCopy(input.rest) { text in
        let file = Rules(text.array)
        precondition(Broker.checkACL(text) == file.wrongLine, "another line is wrong")
        guard file.wrongLine == nil, !id.isEmpty, withCopy(topic, TopicName.check) == nil else { return }
        let client = Client(user: user, id: id)
        guard let allowed = bench.allowed(client, topic, by: text) else { return }
        precondition(allowed.read == file.allow(.read, client, topic.array), "reading is judged otherwise")
        precondition(allowed.write == file.allow(.write, client, topic.array), "writing is judged otherwise")
    }
    return 0
}

private struct Client {
    /// Empty for none.
    let user: [UInt8]
    let id: [UInt8]
}

/// A broker with one client at a time.
private final class Bench {
    private var broker: Broker

    static let maxTopicBytes = 32

    init() {
        let config: StaticString = """
            acl_file a
            sys_interval 0
            max_connections 1
            global_max_clients 1
            max_subscriptions 1
            max_topic_nodes 8
            max_topic_length 32
            max_access_size 8K
            """
        guard case .settings(let settings) = ConfigFile.parse(ByteView(config)) else { preconditionFailure() }
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        let hash = KeyedHash(key0: 1, key1: 2)
        var measuring = Arena(measuring: rows)
        _ = Broker(&measuring, settings: settings, hash: hash, now: .zero)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: measuring.used, alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: measuring.used)
        var arena = Arena(base: memory, capacity: measuring.used, rows: rows)
        broker = Broker(&arena, settings: settings, hash: hash, now: .zero)
    }

    /// Nil when there cannot be such a client.
    func allowed(_ client: Client, _ topic: ByteView, by text: ByteView) -> (read: Bool, write: Bool)? {
        withView(connectBody(client)) { body in
            guard case .packet(let connect) = Connect.decode(body) else { return nil }
            broker.removeAllAccess()
            broker.addAccess(0, allowsAnonymous: true, passwords: nil, acl: text)
            let outcome = broker.connect(
                connect, accessIndex: 0, link: Handle(raw: 1), random: (0, 0), now: .zero)
            guard case .accepted(let session, _, _) = outcome else { return nil }
            defer {
                broker.disconnect(session, isOrderly: true, now: .zero)
                precondition(broker.inUse == Broker.InUse(), "something stays behind")
            }
            return withCopy(topic) { topic in
                (broker.isAllowed(.read, session, topic), broker.isAllowed(.write, session, topic))
            }
        }
    }

    private func connectBody(_ client: Client) -> [UInt8] {
        let flags: UInt8 = client.user.isEmpty ? 0x02 : 0x82
        let user = client.user.isEmpty ? [] : Packet.field(client.user)
        return Packet.field("MQTT".array) + [4, flags, 0, 0] + Packet.field(client.id) + user
    }
}

private nonisolated(unsafe) let bench = Bench()

/// An access file, read and applied the long way.
private struct Rules {
    struct Rule {
        /// Empty for clients without a name.
        var user: [UInt8]
        var isPattern: Bool
        var access: [UInt8]
        var filter: [UInt8]
    }

    private var rules: [Rule] = []
    private(set) var wrongLine: Int?

    init(_ text: [UInt8]) {
        var user: [UInt8] = []
        for (number, line) in Model.lines(text) {
            let (key, value) = Model.firstWord(line)
            let (first, rest) = Model.firstWord(value)
            let isNamed = !rest.isEmpty && Rules.accesses.contains(first)
            let filter = isNamed ? rest : value
            if key == "user".array, !value.isEmpty {
                user = value
            } else if key == "topic".array || key == "pattern".array, Model.isFilter(filter) {
                let access = isNamed ? first : "readwrite".array
                rules.append(Rule(user: user, isPattern: key == "pattern".array, access: access, filter: filter))
            } else {
                wrongLine = number
                return
            }
        }
    }

    private static let accesses = ["read".array, "write".array, "readwrite".array, "deny".array]

    func allow(_ access: Access, _ client: Client, _ topic: [UInt8]) -> Bool {
        let hits = rules.filter { $0.isPattern ? fits($0.filter, client, topic) :
            $0.user == client.user && Model.matches($0.filter, topic) }
        let name = access == .read ? "read".array : "write".array
        if hits.contains(where: { $0.access == "deny".array }) { return false }
        return hits.contains { $0.access == "readwrite".array || $0.access == name }
    }

    /// Whether a pattern matches with the client's names in it. None may have a character with a meaning in topics.
    private func fits(_ pattern: [UInt8], _ client: Client, _ topic: [UInt8]) -> Bool {
        var filter: [UInt8] = []
        var rest = pattern[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let next = rest.first, Rules.names.contains(next) else {
                filter.append(byte)
                continue
            }
            rest.removeFirst()
            let name = next == UInt8(ascii: "u") ? client.user : client.id
            guard !name.isEmpty, !name.contains(where: Rules.specials.contains) else { return false }
            filter += name
        }
        return filter.count <= Bench.maxTopicBytes && Model.matches(filter, topic)
    }

    private static let names = "uc".array
    private static let specials = "/+#".array
}
