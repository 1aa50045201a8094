import Base
import Linux
import Sim

/// Runs a workload whose instructions somebody counts: `--cost NAME --messages N`.
enum Cost {
    private static var lineBytes: Int { 256 }

    /// Writes how many messages there were, which are whole rounds; or the names of all workloads. False when a client
    /// did not get what was its own, or there is no memory.
    static func run(_ options: Options) -> Bool {
        guard
            let memory = System.map(CostRun.bytes),
            let working = System.map(MemoryLayout<PlanRow>.stride * Arena.maxRows + lineBytes)
        else { return false }
        let rows = working.assumingMemoryBound(to: PlanRow.self)
        let text = (working + MemoryLayout<PlanRow>.stride * Arena.maxRows).assumingMemoryBound(to: UInt8.self)
        var line = Line(text, capacity: lineBytes)
        guard let workload = options.workload else {
            list(&line)
            return true
        }
        var run = CostRun(workload, memory: memory, rows: rows)
        let isWhole = run.run(rounds: 1, isChecking: true)
        let rounds = (options.messages + run.messagesPerRound - 1) / run.messagesPerRound
        let isCounted = isWhole && (rounds == 0 || run.run(rounds: rounds, isChecking: false))
        line.text("workload=")
        line.text(workload.name)
        line.field("messages", rounds * run.messagesPerRound)
        line.field("delivered", isCounted ? "all" : "wrong")
        write(&line)
        return isCounted
    }

    private static func list(_ line: inout Line) {
        var raw: UInt8 = 0
        while let workload = Workload(rawValue: raw) {
            line.text(workload.name)
            write(&line)
            raw += 1
        }
    }

    private static func write(_ line: inout Line) {
        System.write(line.ended(), to: .output)
        line.removeAll()
    }
}
