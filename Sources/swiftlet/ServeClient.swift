import Base
import Config
import Linux
import Runtime

extension Program {
    /// Runs client mode until it is asked to stop.
    mutating func serveClient(_ parsed: Settings, _ config: Command.Config) -> Int32 {
        var settings = parsed
        guard loader.password(&settings) else {
            writeProblem()
            return Exit.usage
        }
        let plan = Plan(settings, rows: rows)
        guard loader.accepts(plan) else {
            writeProblem()
            return Exit.usage
        }
        guard isLeft(plan, for: config) else { return Exit.failure }
        // Each program has four pipes.
        let descriptors = 4 * settings.maxPrograms + spareDescriptors
        guard mayOpen(descriptors, for: "exec_parallel") else { return Exit.failure }
        // What the helper shares with this process is the less, the earlier it starts.
        guard var io = LinuxIO(
            resolvers: 1, startsPrograms: true, logsToStandardError: settings.logsToStandardError,
            logsToSyslog: settings.logsToSyslog), let base = System.mapArena(plan.total)
        else { return refuse(plan) }
        var arena = Arena(base: base, capacity: plan.total, rows: rows)
        arena.touch(pageBytes: System.pageBytes)
        io.spare(base, plan.total)
        var agent = Agent(io, &arena, settings: settings)
        arena.freeze()
        agent.zone = ClientEnvironment.zone(in: loader.zoneMemory)
        agent.start()
        while agent.turn() {}
        agent.shutDown()
        return Exit.success
    }

    /// Standard streams, epoll, signals, log, resolver, the connection, and a file; and while a program is started its
    /// ends of the pipes, twice.
    private var spareDescriptors: Int { 18 }
}

extension Settings {
    /// Programs of all lines that can be at work at a time.
    fileprivate var maxPrograms: Int {
        var count = 0
        var lines = actionLines
        while let line = lines.next() {
            if line.kind == .exec { count += line.options.limits.execParallel }
            if line.kind == .publishExec { count += 1 }
        }
        return count
    }
}
