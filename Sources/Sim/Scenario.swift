import Base
import Config

/// What one seed stands for before anything happens: the board config, the faults, and who takes part.
public struct Scenario {
    public let seed: UInt32
    /// Pools and queues are so small that they run out.
    public let isTight: Bool
    public let usesACL: Bool
    /// The network makes no mistakes; clients still come and go as they like.
    public let isFaultless: Bool
    public let clientCount: Int
    public let stepCount: Int
    public let start: Tick
    let faults: Faults
    /// No connections for a broker.
    public let bridge: BridgeScenario
    var random: SimRandom

    public static var maxClients: Int { 6 }

    public init(seed: UInt32, isBridge: Bool = false) {
        var random = SimRandom(seed: seed)
        self.seed = seed
        isTight = random.chance(perMille: 400)
        usesACL = random.chance(perMille: 300)
        clientCount = random.within(2, Scenario.maxClients)
        stepCount = random.within(50, 500)
        // Half of all clocks go round within the first minutes.
        start = random.chance(perMille: 500) ? Tick(ms: UInt32.max - UInt32(random.below(300_000))) : .zero
        isFaultless = random.chance(perMille: 250)
        faults = isFaultless ? Faults() : Faults(&random)
        bridge = isBridge ? BridgeScenario(seed: seed, isTight: isTight) : BridgeScenario()
        self.random = random
    }

    public static var configBytes: Int { 4096 }
    public var isBridge: Bool { bridge.count > 0 }

    /// The board config, as text: what a failing seed runs can be run for real.
    public func writeConfig(_ config: inout Line) {
        var random = self.random
        func option(_ key: StaticString, _ value: Int) {
            config.text(key)
            config.byte(UInt8(ascii: " "))
            config.number(value)
            config.byte(UInt8(ascii: "\n"))
        }
        func option(_ key: StaticString, oneOf a: Int, _ b: Int, _ c: Int) {
            option(key, random.chance(perMille: 333) ? a : random.chance(perMille: 500) ? b : c)
        }
        if isBridge { config.text("mode bridge\n") }
        config.text("allow_anonymous true\nlistener 1883\nsys_interval 0\n")
        if usesACL { config.text("acl_file acl\n") }
        option("max_connections", clientCount + 2 + (isTight ? 0 : 8))
        option("global_max_clients", clientCount + 2 + (isTight ? 0 : 8) + bridge.count)
        option("max_packet_size", 2048)
        option("receive_buffer_size", oneOf: 1024, 2048, 8192)
        option("connect_timeout", oneOf: 2, 10, 30)
        option("stall_timeout", oneOf: 2, 10, 60)
        option("offline_message_expiry", oneOf: 0, 5, 60)
        option("persistent_client_expiration", oneOf: 0, 10, 100)
        option("max_inflight_messages", oneOf: 1, 3, 20)
        option("max_message_rate", oneOf: 0, 0, 20)
        option("max_connect_rate", oneOf: 0, 0, 3)
        option("max_subscriptions", isTight ? random.within(4, 12) + 5 * bridge.count : 100)
        option("max_topic_nodes", isTight ? random.within(8, 16) + 24 * bridge.count : 64 + 24 * bridge.count)
        config.text(random.chance(perMille: 500) ? "queue_policy oldest\n" : "queue_policy newest\n")
        config.text(random.chance(perMille: 500) ? "queue_qos0_messages true\n" : "")
        option("max_subscriptions_per_client", isTight ? random.within(2, 8) + (isBridge ? 4 : 0) : 50)
        option("max_queued_messages", isTight && random.chance(perMille: 700) ? random.within(1, 20) : 0)
        option("max_messages", isTight ? random.within(20, 60) : 2000)
        option("message_store_size", isTight ? random.within(16_000, 30_000) : 1_000_000)
        option("max_deliveries", isTight ? random.within(16, 60) : 8000)
        option("max_retained_messages", isTight ? random.within(0, 6) : 100)
        option("max_incoming_inflight", isTight ? random.within(4, 12) + 5 * bridge.count : 100)
        option("packet_store_size", isTight ? random.within(4096, 8192) : 100_000)
        bridge.write(&config)
    }
}
