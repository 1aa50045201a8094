import Base
import Glibc
import Linux
import Oracle
import Sim

// On the host an oracle watches every step. A broken promise is one line with seed, step and rule; running the seed
// again breaks it again.
guard let options = Options(CommandLine.argc, CommandLine.unsafeArgv), var run = Run(from: options.first) else {
    System.write(ByteView(Options.usage), to: .error)
    exit(2)
}
if options.world == .cost { exit(Cost.run(options) ? 0 : 1) }

func text(_ view: ByteView) -> String {
    String(decoding: UnsafeBufferPointer(start: view.start, count: view.count), as: UTF8.self)
}

func configText(_ scenario: Scenario) -> String {
    let start = UnsafeMutablePointer<UInt8>.allocate(capacity: Scenario.configBytes)
    defer { start.deallocate() }
    var config = Line(start, capacity: Scenario.configBytes)
    scenario.writeConfig(&config)
    return text(config.view)
}

/// All that clients saw and the server logged in one step.
func trace(_ simulation: borrowing Simulation) {
    for i in 0..<simulation.observationCount {
        print("step=\(simulation.stepNumber) ms=\(simulation[i].at.ms) \(simulation[i])")
    }
    print(text(simulation.log.text), terminator: "")
    guard simulation.isFinished else { return }
    var i = 0
    while let use = simulation.poolUse(i) {
        print("pool \(use.name) in-use=\(use.inUse) high-water=\(use.highWater) capacity=\(use.capacity)")
        i += 1
    }
}

var brokenSeeds = 0
/// What is wrong with a seed.
func findings(_ seed: UInt32) -> [String] {
    options.world == .link ? linkFindings(seed) : brokerFindings(seed)
}

func linkFindings(_ seed: UInt32) -> [String] {
    var oracle: LinkOracle?
    run.runLink(seed) { simulation in
        if oracle == nil { oracle = LinkOracle(simulation) }
        oracle!.watch(simulation)
        guard options.isTraced else { return }
        for i in 0..<simulation.observationCount {
            print("step=\(simulation.stepNumber) ms=\(simulation[i].at.ms) \(simulation[i])")
        }
    }
    return oracle!.findings
}

func brokerFindings(_ seed: UInt32) -> [String] {
    var oracle: Oracle?
    run.run(seed, isBridge: options.world == .bridge) { simulation in
        if oracle == nil {
            oracle = Oracle(simulation)
            if options.isTraced { print(configText(simulation.scenario)) }
        }
        oracle!.watch(simulation)
        if options.isTraced { trace(simulation) }
    }
    return oracle!.findings.map(\.description)
}

for seed in options.first...options.last {
    let found = findings(seed)
    for finding in found.prefix(5) { print(finding) }
    if !found.isEmpty { brokenSeeds += 1 }
}
run.writeReport()
if brokenSeeds > 0 { print("broken=\(brokenSeeds)") }
exit(brokenSeeds == 0 ? 0 : 1)
