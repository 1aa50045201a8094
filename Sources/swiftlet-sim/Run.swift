import Base
import Linux
import Runtime
import Sim
import Wire

/// Runs seeds one after the other and adds up what happened.
struct Run {
    private let memory: UnsafeMutableRawPointer
    private let rows: UnsafeMutablePointer<PlanRow>
    let config: UnsafeMutablePointer<UInt8>
    private var line: Line
    private let first: UInt32
    private var last: UInt32
    private var steps = 0
    private var sent = 0
    private var received = 0
    /// Of simulated time; the milliseconds that are no whole second are lost.
    private var seconds = 0
    private var digest = Digest()
    private var faults = InlineArray<10, UInt32>(repeating: 0)
    private var events = InlineArray<32, UInt32>(repeating: 0)
    private var reasons = InlineArray<64, UInt32>(repeating: 0)

    private static var rowsBytes: Int { MemoryLayout<PlanRow>.stride * Arena.maxRows }
    /// The reports have long lines.
    private static var lineBytes: Int { 4096 }

    /// Nil when the system has no memory.
    init?(from first: UInt32) {
        guard let memory = System.map(Simulation.bytes),
            let working = System.map(Run.rowsBytes + Run.lineBytes + Scenario.configBytes)
        else { return nil }
        self.memory = memory
        self.first = first
        last = first
        rows = working.assumingMemoryBound(to: PlanRow.self)
        let text = (working + Run.rowsBytes).assumingMemoryBound(to: UInt8.self)
        line = Line(text, capacity: Run.lineBytes)
        config = text + Run.lineBytes
    }

    /// Runs one seed to its end; `watch` looks at every step.
    mutating func run(_ seed: UInt32, isBridge: Bool, _ watch: (borrowing Simulation) -> Void) {
        // As the system gives it to a broker.
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Simulation.bytes)
        var simulation = Simulation(
            Scenario(seed: seed, isBridge: isBridge), memory: memory, rows: rows, text: config)
        watch(simulation)
        while simulation.step() { watch(simulation) }
        add(simulation)
        last = seed
    }

    /// The same for a link.
    mutating func runLink(_ seed: UInt32, _ watch: (borrowing LinkSimulation) -> Void) {
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Simulation.bytes)
        var simulation = LinkSimulation(seed: seed, memory: memory, rows: rows)
        watch(simulation)
        while simulation.step() { watch(simulation) }
        steps += simulation.stepNumber
        sent += Int(simulation.counters.messagesSent)
        received += Int(simulation.counters.messagesReceived)
        seconds += simulation.simulatedMs / 1000
        digest.add(simulation.fingerprint)
        var i = 0
        while let kind = Faults.Kind(rawValue: UInt8(i)) {
            faults[i] &+= simulation.faultCount(kind)
            i += 1
        }
        last = seed
    }

    private mutating func add(_ simulation: borrowing Simulation) {
        steps += simulation.stepNumber
        sent += simulation.messagesSent
        received += simulation.messagesReceived
        seconds += simulation.simulatedMs / 1000
        digest.add(simulation.fingerprint)
        var i = 0
        while let kind = Faults.Kind(rawValue: UInt8(i)) {
            faults[i] &+= simulation.faultCount(kind)
            i += 1
        }
        let log = simulation.log
        i = 0
        while i < events.count {
            events[i] &+= log.events[i]
            i += 1
        }
        i = 0
        while i < reasons.count {
            reasons[i] &+= log.reasons[i]
            i += 1
        }
    }

    /// What happened in all seeds so far: sums and the digest; then faults, events of the log, and reasons why
    /// connections ended, with how often each was met.
    mutating func writeReport() {
        line.text("seeds=")
        line.number(first)
        line.text("..")
        line.number(last)
        line.field("steps", steps)
        line.field("sent", sent)
        line.field("received", received)
        line.field("simulated-hours", seconds / 3600)
        line.key("digest")
        digest.write(&line)
        end()
        list("faults", faults) { Faults.Kind(rawValue: $0)?.name }
        list("events", events) { LogEvent(rawValue: $0)?.name }
        list("reasons", reasons) { CloseReason(rawValue: $0)?.name }
    }

    /// A line with a count for each raw value that has a name.
    private mutating func list<let length: Int>(
        _ title: StaticString, _ counts: InlineArray<length, UInt32>, _ name: (UInt8) -> StaticString?
    ) {
        line.text(title)
        var raw = 0
        while raw < length, let name = name(UInt8(raw)) {
            line.field(name, Int(counts[raw]))
            raw += 1
        }
        end()
    }

    private mutating func end() {
        System.write(line.ended(), to: .output)
        line.removeAll()
    }
}
