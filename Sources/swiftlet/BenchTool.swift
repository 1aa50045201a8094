import Base
import Bench
import Linux
import Runtime
import Wire

/// `swiftlet bench`: from the command line to the exit status.
extension Program {
    mutating func runBench() -> Int32 {
        guard System.fillStandardStreams() else { return failClient("no standard streams") }
        var options = BenchOptions()
        if let problem = options.read(arguments) { return refuse(problem.word, problem.text) }
        if options.wantsHelp {
            writeBenchHelp()
            return Exit.success
        }
        if options.wantsVersion {
            writeVersion()
            return Exit.success
        }
        return bench(options)
    }

    private mutating func bench(_ options: BenchOptions) -> Int32 {
        let workload = options.workload.trimmed
        guard var io = LinuxIO(logsToStandardError: false, logsToSyslog: false) else { return failClient("no memory") }
        // Signals end it, whatever it is doing.
        System.endBySignals(includingStop: true)
        io.sharpenPauses()
        let run = io.entropy()
        var address = options.address
        address.port = options.port
        let target = BenchTarget(
            address: address, user: options.user, password: options.password, keepAlive: options.keepAlive, run: run)
        let descriptors = Bench.connections(workload) + benchSpareDescriptors
        guard mayOpen(descriptors, for: "this") else { return Exit.failure }
        var plan = Arena(measuring: rows)
        _ = Bench(&plan, workload, target, run: run)
        guard let start = System.reserve(plan.used + Bench.reportBytes) else { return failClient("no memory") }
        var arena = Arena(base: start, capacity: plan.used, rows: rows)
        var bench = Bench(&arena, workload, target, run: run)
        switch bench.run(&io) {
        case .failed(let failure): return tell(failure, options)
        case .measured(let result, let failure):
            let reportStart = (start + plan.used).assumingMemoryBound(to: UInt8.self)
            var report = Line(reportStart, capacity: Bench.reportBytes)
            bench.write(result, to: &report)
            System.write(report.ended(), to: .output)
            if let failure { _ = tell(failure, options) }
            return result.isRight && failure == nil ? Exit.success : Exit.failure
        }
    }

    /// Standard streams, epoll, signals, and a file of the process that is looked at.
    private var benchSpareDescriptors: Int { 10 }

    /// Says what went wrong; the exit status when that was all that came of it.
    private mutating func tell(_ failure: BenchFailure, _ options: BenchOptions) -> Int32 {
        if case .noProcess = failure.cause {
            return failClient("--process: the system tells nothing of such a process")
        }
        begin()
        var address = options.address
        address.port = options.port
        line.address(address)
        line.text(": ")
        let status: Int32
        switch failure.cause {
        case .unreachable(let error):
            line.bytes(System.errorText(error))
            status = ClientExit.unreachable
        case .refused(let code):
            ClientExit.write(.refused(code), to: &line)
            status = ClientExit.status(.refused(code))
        case .denied:
            line.text("a subscription was not granted")
            status = ClientExit.denied
        case .closed:
            ClientExit.write(.closed, to: &line)
            status = ClientExit.lost
        case .violation(let reason):
            ClientExit.write(.violation(reason), to: &line)
            status = ClientExit.violation
        case .strayAcknowledgement:
            line.text("the broker acknowledged what was not sent")
            status = ClientExit.violation
        case .timedOut:
            ClientExit.write(.timedOut, to: &line)
            status = ClientExit.timedOut
        case .exhausted:
            line.text("the system has no more connections")
            status = Exit.failure
        case .noProcess: preconditionFailure("told already")
        }
        line.text(" (")
        line.number(failure.ready)
        line.text(" of ")
        line.number(failure.wanted)
        line.text(" clients ready)")
        end(to: .error)
        return status
    }
}
