import Base
import Config
import Glibc
import Runtime
import Sim

/// A server on a simulated network, and its clients.
package final class World {
    private let memory: UnsafeMutableRawPointer
    private let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    #if REFUSALS
    private let takes = UnsafeMutablePointer<Takes>.allocate(capacity: Arena.maxRows)
    #endif
    package var server: Server<SimIO>
    /// What the system said when the listeners were opened.
    package private(set) var openError: Int32?
    var settingsInForce: Settings
    private var port: UInt16 = 40_000
    /// Board configs, to which settings point.
    private var texts: [UnsafeMutableBufferPointer<UInt8>] = []

    /// `config` is a board config; what it does not say is small here, so that limits are near.
    package init(_ config: String = "", clock: Tick = .zero, connections: Int = 32, isAddressAbsent: Bool = false) {
        let (settings, text) = World.settings(config)
        let simBytes = connections * 2 * World.pipeBytes + (1 << 20)
        let bytes = Plan(settings, rows: rows).total
        memory = calloc(1, bytes + simBytes)
        var simArena = Arena(base: memory + bytes, capacity: simBytes, rows: rows)
        var io = SimIO(&simArena, connections: connections, pipeBytes: World.pipeBytes, clock: clock, seed: 0x2545_F491)
        io.isAddressAbsent = isAddressAbsent
        var arena = Arena(base: memory, capacity: bytes, rows: rows)
        #if REFUSALS
        takes.initialize(repeating: Takes(), count: Arena.maxRows)
        arena.takes = takes
        #endif
        server = Server(io, &arena, settings: settings)
        arena.freeze()
        server.commitAccess(settings, passwords: InlineArray(repeating: nil), acls: InlineArray(repeating: nil))
        settingsInForce = settings
        openError = server.open()?.error
        texts = [text]
    }

    deinit {
        for text in texts { text.deallocate() }
        free(memory)
        #if REFUSALS
        takes.deallocate()
        #endif
        rows.deallocate()
    }

    private static let pipeBytes = 65_536
    private static let smallLimits = """
        allow_anonymous true
        listener 1883
        max_connections 16
        global_max_clients 20
        max_packet_size 4K
        message_store_size 64K
        max_messages 128
        max_deliveries 512
        max_subscriptions 64
        max_topic_nodes 64
        packet_store_size 16K
        receive_buffer_size 4K
        sys_interval 0

        """

    /// The settings of a config over the small limits, and the text they point to.
    private static func settings(_ config: String) -> (Settings, UnsafeMutableBufferPointer<UInt8>) {
        let said = config.split(separator: "\n").map { $0.split(separator: " ")[0] }
        let small = smallLimits.split(separator: "\n").filter { !said.contains($0.split(separator: " ")[0]) }
        let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 65_536)
        let end = text.update(fromContentsOf: Array((small.joined(separator: "\n") + "\n" + config).utf8))
        switch ConfigFile.parse(ByteView(text.baseAddress!, end)) {
        case .settings(let settings): return (settings, text)
        case .bad(let error): fatalError("the test's config is wrong in line \(error.line): \(error.problem)")
        }
    }

    /// What the world would be with `config`.
    package func settings(_ config: String) -> Settings {
        let (settings, text) = World.settings(config)
        texts.append(text)
        return settings
    }

    /// A new connection from a host, named by its IPv4 address.
    package func connect(port: UInt16 = 1883, host: UInt32 = 0x7F00_0001) -> Client {
        guard let client = tryToConnect(port: port, from: Address(v4: host, port: nextPort())) else {
            fatalError("more connections than the world has, or nobody listens")
        }
        return client
    }

    /// Nil when nobody listens on that port.
    package func tryToConnect(port: UInt16, from address: Address) -> Client? {
        server.io.peerConnect(from: address, port: port).map { Client(world: self, peer: $0) }
    }

    package func nextPort() -> UInt16 {
        port += 1
        return port
    }

    /// Lets the server run until it has nothing to do now.
    package func settle() {
        server.io.letsTimePass = false
        let idle = server.io.idleWaits
        // What one turn leaves for the next is done by the second idle one.
        var turns = 0
        while server.io.idleWaits < idle + 2 {
            _ = server.turn()
            turns += 1
            precondition(turns < 100_000, "the server does not come to rest")
        }
    }

    /// Lets `seconds` pass, in steps that meet every deadline.
    package func pass(seconds: Double) {
        var left = Int(seconds * 1000)
        while left > 0 {
            let step = min(left, 100)
            server.io.advance(byMs: UInt32(step))
            settle()
            left -= step
        }
    }

    package var log: String {
        let text = server.io.logText
        return String(decoding: UnsafeBufferPointer(start: text.start, count: text.count), as: UTF8.self)
    }

    /// The reasons of all `closed` lines so far, in order.
    package var closeReasons: [String] {
        log.split(separator: "\n").filter { $0.hasPrefix("event=closed") }
            .map { String($0.split(separator: " ").first { $0.hasPrefix("reason=") }!.dropFirst(7)) }
    }
}

#if REFUSALS
// What was taken from each pool, by its row in the plan.
extension World {
    package var takesByRow: [Int] { (0..<Arena.maxRows).map { takes[$0].count } }
    package func poolName(row: Int) -> String { rows[row].name.description }
    /// From here on. The first take is number zero.
    package func refuse(take number: Int, row: Int) { takes[row].refused = number }
    /// Whether the refused take is still to come.
    package func stillRefuses(row: Int) -> Bool { takes[row].refused >= 0 }
}
#endif
