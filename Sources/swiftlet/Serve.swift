import Base
import Config
import Linux
import Runtime

extension Program {
    /// Runs the broker until it is asked to stop.
    mutating func serve(_ parsed: Settings, _ config: Command.Config) -> Int32 {
        var settings = parsed
        let plan = Plan(settings, rows: rows)
        guard loader.accepts(plan) else {
            writeProblem()
            return Exit.usage
        }
        guard isLeft(plan, for: config) else { return Exit.failure }
        guard let access = loader.access(&settings) else {
            writeProblem()
            return Exit.usage
        }
        let descriptors = settings.limits.maxConnections + Settings.maxListeners + spareDescriptors
            + settings.bridgeCount * descriptorsPerBridge
        guard mayOpen(descriptors, for: "max_connections") else { return Exit.failure }
        System.giveUpNewPrivileges()
        // What the verifier of passwords shares with this process is the less, the earlier it starts.
        guard var io = LinuxIO(
            verifiesPasswords: settings.usesPasswords, resolvers: settings.bridgeCount,
            logsToStandardError: settings.logsToStandardError,
            logsToSyslog: settings.logsToSyslog), let base = System.mapArena(plan.total)
        else { return refuse(plan) }
        var arena = Arena(base: base, capacity: plan.total, rows: rows)
        arena.touch(pageBytes: System.pageBytes)
        io.spare(base, plan.total)
        var server = Server(io, &arena, settings: settings, hostName: System.hostName)
        arena.freeze()
        guard use(access, settings, &server) else {
            writeProblem()
            return Exit.usage
        }
        if let (listener, error) = server.open() {
            begin()
            line.text("cannot listen on ")
            if listener.isLocal { line.escaped(listener.path) } else { line.address(listener.address) }
            line.text(": ")
            line.bytes(error > 0 ? System.errorText(error) : ByteView("out of descriptors or memory"))
            end(to: .error)
            return Exit.failure
        }
        loader.keep()
        server.reportReady()
        if let name = server.openBridges() {
            begin()
            line.text("connection ")
            line.escaped(name)
            line.text(": its local client id is taken, or its topics find no room")
            end(to: .error)
            return Exit.failure
        }
        while server.turn() {
            if server.isReloadAsked {
                server.isReloadAsked = false
                if !reload(config, &server) { server.reportReloadFailed(loader.problem.view) }
            }
        }
        server.shutDown()
        return Exit.success
    }

    /// Makes room for so many descriptors; says so when the system does not allow what `key` asks for.
    mutating func mayOpen(_ descriptors: Int, for key: StaticString) -> Bool {
        let allowed = System.raiseDescriptors(to: descriptors)
        if allowed >= descriptors { return true }
        begin()
        line.text(key)
        line.text(" needs ")
        line.number(descriptors)
        line.text(" descriptors, the system allows ")
        line.number(allowed)
        end(to: .error)
        return false
    }

    /// Whether the machine has what a plan takes; says so if not. The access files are to be read later.
    mutating func isLeft(_ plan: Plan, for config: Command.Config) -> Bool {
        guard let left = plan.shortage(loader.memoryInformation()) else { return true }
        begin()
        if let file = config.file { line.escaped(arguments.text(file)) } else { line.text("built-in") }
        line.text(": the plan takes ")
        line.number(plan.total)
        line.text(" bytes, and this machine has ")
        line.number(left)
        line.text(" left; a smaller board config is needed: --plan shows what takes them")
        end(to: .error)
        return false
    }

    /// The system does not give what a plan asks for.
    mutating func refuse(_ plan: Plan) -> Int32 {
        begin()
        line.text("the system does not give the ")
        line.number(plan.total)
        line.text(" bytes of the plan")
        end(to: .error)
        return Exit.failure
    }

    /// Standard streams, epoll, signals, log, verifier, and one that is accepted only to be turned away.
    private var spareDescriptors: Int { 10 }
    /// A resolver, and as many attempts at a time as there may be addresses.
    private var descriptorsPerBridge: Int { 10 }

    /// Reads and checks everything anew; only if all is well, anything changes.
    private mutating func reload(_ config: Command.Config, _ server: inout Server<LinuxIO>) -> Bool {
        if let file = config.file, arguments.text(file).equals("-") {
            loader.note("standard input cannot be read again")
            return false
        }
        guard var settings = loader.settings(config, arguments), loader.accepts(Plan(settings, rows: rows)),
            let access = loader.access(&settings)
        else { return false }
        if let obstacle = server.obstacle(settings) {
            loader.note(obstacle)
            return false
        }
        guard use(access, settings, &server) else { return false }
        server.reload(settings)
        loader.keep()
        return true
    }

    /// Hands the access files to the server, all or none.
    private mutating func use(
        _ access: Loader.AccessTexts, _ settings: Settings, _ server: inout Server<LinuxIO>
    ) -> Bool {
        var kept = Loader.AccessTexts()
        server.beginAccess()
        var i = 0
        while i < settings.accessCount {
            if let text = access.passwords[i] { kept.passwords[i] = server.keepAccess(text) }
            if let text = access.acls[i] { kept.acls[i] = server.keepAccess(text) }
            guard (kept.passwords[i] == nil) == (access.passwords[i] == nil),
                (kept.acls[i] == nil) == (access.acls[i] == nil)
            else {
                loader.note("password_file and acl_file together are longer than max_access_size")
                return false
            }
            i += 1
        }
        server.commitAccess(settings, passwords: kept.passwords, acls: kept.acls)
        return true
    }
}
