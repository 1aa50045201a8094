import Base
import Config
import Glibc
import Sim
import Testing

@testable import Runtime

/// A server on a simulated network, and its clients.
final class World {
    private let memory: UnsafeMutableRawPointer
    private let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
    var server: Server<SimIO>

    /// `config` is a board config; what it does not say is small here, so that limits are near.
    init(_ config: String = "", clock: Tick = .zero, connections: Int = 32) {
        let said = config.split(separator: "\n").map { $0.split(separator: " ")[0] }
        let small = World.smallLimits.split(separator: "\n").filter { !said.contains($0.split(separator: " ")[0]) }
        let text = small.joined(separator: "\n") + "\n" + config
        let settings = text.utf8CString.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: UInt8.self) { bytes in
                guard case .settings(let settings) = ConfigFile.parse(ByteView(bytes.baseAddress!, bytes.count - 1))
                else { fatalError("the test's config is wrong") }
                return settings
            }
        }
        let simBytes = connections * 2 * World.pipeBytes + (1 << 20)
        let bytes = Plan(settings, rows: rows).total
        memory = calloc(1, bytes + simBytes)
        var simArena = Arena(base: memory + bytes, capacity: simBytes, rows: rows)
        let io = SimIO(&simArena, connections: connections, pipeBytes: World.pipeBytes, clock: clock, seed: 0x2545_F491)
        var arena = Arena(base: memory, capacity: bytes, rows: rows)
        server = Server(io, &arena, settings: settings)
        arena.freeze()
        _ = server.open()
    }

    deinit {
        free(memory)
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
        packet_buffer_size 16K
        receive_buffer_size 4K

        """

    func connect(port: UInt16 = 40_000) -> Client {
        guard let peer = server.io.peerConnect(from: Address(v4: 0x7F00_0001, port: port)) else {
            fatalError("more connections than the world has")
        }
        return Client(world: self, peer: peer)
    }

    /// Lets the server run until it has nothing to do now.
    func settle() {
        server.io.letsTimePass = false
        let idle = server.io.idleWaits
        // What one turn leaves for the next is done by the second idle one.
        while server.io.idleWaits < idle + 2 { _ = server.turn() }
    }

    /// Lets `seconds` pass, in steps that meet every deadline.
    func pass(seconds: Double) {
        var left = Int(seconds * 1000)
        while left > 0 {
            let step = min(left, 100)
            server.io.advance(byMs: UInt32(step))
            settle()
            left -= step
        }
    }

    var log: String {
        let text = server.io.logText
        return String(decoding: UnsafeBufferPointer(start: text.start, count: text.count), as: UTF8.self)
    }

    /// The reasons of all `closed` lines so far, in order.
    var closeReasons: [String] {
        log.split(separator: "\n").filter { $0.hasPrefix("event=closed") }
            .map { String($0.split(separator: " ").first { $0.hasPrefix("reason=") }!.dropFirst(7)) }
    }
}
