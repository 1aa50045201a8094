import Base
import Config
import Linux
import Runtime

/// Exit status of the process.
enum Exit {
    static var success: Int32 { 0 }
    /// The system refused something: a port in use, no memory.
    static var failure: Int32 { 1 }
    /// The command line or the board config is wrong, or the plan is over its budget.
    static var usage: Int32 { 2 }
}

/// The program from its arguments to its exit status.
struct Program {
    private let arguments: Arguments
    /// For the lines that are written outside the event loop.
    private var line: Line
    private let rows: UnsafeMutablePointer<PlanRow>
    private let text: UnsafeMutablePointer<UInt8>

    private static var textBytes: Int { ConfigFile.maxBytes + 1 }
    private static var rowsBytes: Int { MemoryLayout<PlanRow>.stride * Arena.maxRows }
    private static var startupBytes: Int { rowsBytes + Line.logBytes + textBytes }

    static func run(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
        guard let startup = System.map(startupBytes) else {
            System.write(ByteView("swiftlet: no memory to read the board config\n"), to: .error)
            return Exit.failure
        }
        var program = Program(Arguments(argc, argv), startup)
        return program.run()
    }

    /// `startup` is working memory: the plan's rows, one line of text, the board config.
    private init(_ arguments: Arguments, _ startup: UnsafeMutableRawPointer) {
        self.arguments = arguments
        rows = startup.assumingMemoryBound(to: PlanRow.self)
        let lineStart = startup + Program.rowsBytes
        line = Line(lineStart.assumingMemoryBound(to: UInt8.self), capacity: Line.logBytes)
        text = (lineStart + Line.logBytes).assumingMemoryBound(to: UInt8.self)
    }

    private mutating func run() -> Int32 {
        switch Command.parse(arguments) {
        case .help:
            writeHelp()
            return Exit.success
        case .version:
            line.text("swiftlet ")
            line.text(Program.version)
            line.text(" ")
            line.bytes(System.machine)
            end(to: .output)
            return Exit.success
        case .unknown(let index):
            begin()
            line.escaped(arguments.text(index))
            line.text(": not understood; swiftlet --help tells what is")
            end(to: .error)
            return Exit.usage
        case .missingFile:
            begin()
            line.text("-c: expected a file, or - for standard input")
            end(to: .error)
            return Exit.usage
        case .plan(let file):
            guard let settings = settings(file) else { return Exit.usage }
            let plan = Plan(settings, rows: rows)
            plan.write(&line) { System.write($0, to: .output) }
            return plan.fits ? Exit.success : Exit.usage
        case .run(let file):
            guard let settings = settings(file) else { return Exit.usage }
            return serve(settings)
        }
    }

    static var version: StaticString { "0.1.0" }

    /// Reads and checks the board config; says what is wrong with it and answers nil.
    private mutating func settings(_ file: Int?) -> Settings? {
        var count = 0
        if let file {
            switch System.read(arguments.path(file), into: text, capacity: Program.textBytes) {
            case .bytes(let read):
                count = read
            case .tooLong:
                begin()
                line.escaped(arguments.text(file))
                line.text(": longer than ")
                line.number(ConfigFile.maxBytes)
                line.text(" bytes")
                end(to: .error)
                return nil
            case .failed(let error):
                begin()
                line.escaped(arguments.text(file))
                line.text(": ")
                line.bytes(System.errorText(error))
                end(to: .error)
                return nil
            }
        }
        switch ConfigFile.parse(ByteView(text, count)) {
        case .settings(let settings):
            return settings
        case .bad(let error):
            begin()
            error.write(file: file == nil ? ByteView("built-in") : arguments.text(file!), to: &line)
            end(to: .error)
            return nil
        }
    }

    /// Runs the broker until it is asked to stop.
    private mutating func serve(_ settings: Settings) -> Int32 {
        let plan = Plan(settings, rows: rows)
        guard plan.fits else {
            begin()
            line.text("needs ")
            line.number(plan.total)
            line.text(" bytes of memory, memory_budget is ")
            line.number(plan.budget)
            line.text("; --plan shows what takes them")
            end(to: .error)
            return Exit.usage
        }
        let descriptors = settings.limits.maxConnections + settings.listenerCount + Program.spareDescriptors
        let allowed = System.raiseDescriptors(to: descriptors)
        guard allowed >= descriptors else {
            begin()
            line.text("max_connections needs ")
            line.number(descriptors)
            line.text(" descriptors, the system allows ")
            line.number(allowed)
            end(to: .error)
            return Exit.failure
        }
        guard let base = System.map(plan.total), let io = LinuxIO() else {
            begin()
            line.text("the system does not give the ")
            line.number(plan.total)
            line.text(" bytes of the plan")
            end(to: .error)
            return Exit.failure
        }
        var arena = Arena(base: base, capacity: plan.total, rows: rows)
        arena.touch(pageBytes: System.pageBytes)
        var server = Server(io, &arena, settings: settings)
        arena.freeze()
        if let (address, error) = server.open() {
            begin()
            line.text("cannot listen on ")
            line.address(address)
            line.text(": ")
            line.bytes(error > 0 ? System.errorText(error) : ByteView("out of descriptors or memory"))
            end(to: .error)
            return Exit.failure
        }
        server.reportReady(arenaBytes: arena.used)
        while server.turn() {}
        server.shutDown()
        return Exit.success
    }

    /// Standard streams, epoll, signals, and one that is accepted only to be turned away.
    private static var spareDescriptors: Int { 8 }

    private mutating func writeHelp() {
        let usage: StaticString = """
            swiftlet: MQTT broker with a fixed amount of memory

            usage: swiftlet [-c] [FILE]    run what the board config FILE says (- is standard input);
                                           without FILE, a broker for this machine on port 1883
                   swiftlet --plan [FILE]  print the memory plan; fails when it is over memory_budget
                   swiftlet --help         this text
                   swiftlet --version      version and processor family

            A board config has lines of `key value`; lines that begin with # are comments. Keys:

            """
        System.write(ByteView(usage), to: .output)
        let defaults = Settings()
        var i: UInt8 = 0
        while let option = Option(rawValue: i) {
            let row = option.row
            line.text("  ")
            line.column(row.name, width: 30)
            row.kind.describe(to: &line)
            if row.kind.hasDefault {
                line.text(", default ")
                line.number(defaults.limits[option])
            }
            end(to: .output)
            line.spaces(32)
            line.text(row.help)
            end(to: .output)
            i += 1
        }
    }

    private mutating func begin() { line.text("swiftlet: ") }

    private mutating func end(to stream: System.Stream) {
        System.write(line.ended(), to: stream)
        line.removeAll()
    }
}
