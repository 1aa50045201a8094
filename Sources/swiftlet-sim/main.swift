import Base
import Glibc
import Linux
import Oracle
import Sim

// On the host an oracle watches every step. A broken promise is one line with seed, step and rule; running the seed
// again breaks it again.
guard let options = Options(CommandLine.argc, CommandLine.unsafeArgv), var run = Run(from: options.first) else {
    System.write(ByteView("usage: swiftlet-sim [--seeds A..B | --seed N] [--trace]\n"), to: .error)
    exit(2)
}

func text(_ view: ByteView) -> String {
    String(decoding: UnsafeBufferPointer(start: view.start, count: view.count), as: UTF8.self)
}

func configText(_ scenario: Scenario) -> String {
    var config = Line(run.config, capacity: Scenario.configBytes)
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
for seed in options.first...options.last {
    var oracle: Oracle?
    run.run(seed) { simulation in
        if oracle == nil {
            oracle = Oracle(simulation)
            if options.isTraced { print(configText(simulation.scenario)) }
        }
        oracle!.watch(simulation)
        if options.isTraced { trace(simulation) }
    }
    for finding in oracle!.findings.prefix(5) { print(finding) }
    if !oracle!.findings.isEmpty { brokenSeeds += 1 }
}
run.writeReport()
if brokenSeeds > 0 { print("broken=\(brokenSeeds)") }
exit(brokenSeeds == 0 ? 0 : 1)
