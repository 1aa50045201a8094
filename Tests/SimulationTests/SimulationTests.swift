import Base
import Oracle
import Sim
import Testing

/// Seeds that are always run. More of them: `swift run -c release swiftlet-sim --seeds A..B`.
@Suite struct SimulationTests {
    @Test(arguments: 0..<50 as Range<UInt32>)
    func `no promise is broken in ten worlds`(ten: UInt32) {
        for seed in ten * 10 + 1...ten * 10 + 10 { #expect(World.findings(seed).isEmpty) }
    }

    @Test(arguments: 0..<20 as Range<UInt32>)
    func `no promise is broken by ten bridges`(ten: UInt32) {
        for seed in ten * 10 + 1...ten * 10 + 10 { #expect(World.findings(seed, isBridge: true).isEmpty) }
    }

    @Test(arguments: 0..<20 as Range<UInt32>)
    func `no promise is broken by twenty links`(twenty: UInt32) {
        for seed in twenty * 20 + 1...twenty * 20 + 20 { #expect(World.linkFindings(seed).isEmpty) }
    }

    @Test func `the same seed goes the same way, and another one another way`() {
        let first = World.fingerprint(5)
        #expect(World.fingerprint(5) == first)
        #expect(World.fingerprint(6) != first)
    }
}

/// One run of one seed.
enum World {
    /// Lets `look` see every step.
    static func run(_ seed: UInt32, isBridge: Bool = false, _ look: (borrowing Simulation) -> Void) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Simulation.bytes, alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Simulation.bytes)
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: Scenario.configBytes)
        defer {
            memory.deallocate()
            rows.deallocate()
            text.deallocate()
        }
        var simulation = Simulation(
            Scenario(seed: seed, isBridge: isBridge), memory: memory, rows: rows, text: text)
        look(simulation)
        while simulation.step() { look(simulation) }
    }

    static func findings(_ seed: UInt32, isBridge: Bool = false) -> [String] {
        var oracle: Oracle?
        run(seed, isBridge: isBridge) { simulation in
            if oracle == nil { oracle = Oracle(simulation) }
            oracle!.watch(simulation)
        }
        return oracle!.findings.map(\.description)
    }

    static func linkFindings(_ seed: UInt32) -> [String] {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: LinkSimulation.bytes, alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: LinkSimulation.bytes)
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        defer {
            memory.deallocate()
            rows.deallocate()
        }
        var simulation = LinkSimulation(seed: seed, memory: memory, rows: rows)
        var oracle = LinkOracle(simulation)
        while simulation.step() { oracle.watch(simulation) }
        return oracle.findings
    }

    static func fingerprint(_ seed: UInt32) -> Digest {
        var digest = Digest()
        run(seed) { digest = $0.fingerprint }
        return digest
    }
}
