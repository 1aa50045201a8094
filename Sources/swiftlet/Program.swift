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

/// The program from its arguments to its exit status. Applets and commands stand in files of their own.
struct Program {
    /// The words for the applet.
    let arguments: Arguments
    var loader: Loader
    /// For lines that are written outside the event loop.
    var line: Line
    let rows: UnsafeMutablePointer<PlanRow>

    private static var rowsBytes: Int { MemoryLayout<PlanRow>.stride * Arena.maxRows }
    private static var startupBytes: Int { rowsBytes + Line.logBytes + Loader.bytes }

    static func run(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
        System.holdSignals()
        guard let startup = System.map(startupBytes) else {
            System.write(ByteView("swiftlet: no memory to read the board config\n"), to: .error)
            return Exit.failure
        }
        let (applet, arguments) = Applet.choose(Arguments(argc, argv))
        var program = Program(arguments, startup)
        switch applet {
        case .broker: return program.runBroker()
        case .passwd: return program.runPasswd()
        case .pub: return program.runClient(.pub)
        case .sub: return program.runClient(.sub)
        case .bench: return program.runBench()
        }
    }

    /// `startup` is working memory: the plan's rows, one line of text, what is read from files.
    private init(_ arguments: Arguments, _ startup: UnsafeMutableRawPointer) {
        self.arguments = arguments
        rows = startup.assumingMemoryBound(to: PlanRow.self)
        let lineStart = startup + Program.rowsBytes
        line = Line(lineStart.assumingMemoryBound(to: UInt8.self), capacity: Line.logBytes)
        loader = Loader((lineStart + Line.logBytes).assumingMemoryBound(to: UInt8.self))
    }

    private mutating func runBroker() -> Int32 {
        switch Command.parse(arguments) {
        case .help:
            writeHelp()
            return Exit.success
        case .schema:
            writeSchema()
            return Exit.success
        case .version:
            writeVersion()
            return Exit.success
        case .wrong(let index, let problem):
            return refuse(arguments.text(index), problem)
        case .plan(let config):
            guard let settings = settings(config) else { return Exit.usage }
            return writePlan(settings)
        case .fixed(let config):
            guard let settings = settings(config) else { return Exit.usage }
            settings.writeFixed(&line) { System.write($0, to: .output) }
            return Exit.success
        case .check(let config):
            return check(config)
        case .importFile(let index):
            return importFile(index)
        case .run(let config):
            // What is opened next must not get what is logged and printed.
            guard System.fillStandardStreams() else { return Exit.failure }
            guard let settings = settings(config) else { return Exit.usage }
            return settings.mode == .client ? serveClient(settings, config) : serve(settings, config)
        }
    }

    mutating func writeVersion() {
        line.text("swiftlet ")
        line.text(Version.text)
        line.text(" ")
        line.bytes(System.machine)
        end(to: .output)
    }

    /// The settings of the board config that the command line names; says what is wrong with it and answers nil.
    mutating func settings(_ config: Command.Config) -> Settings? {
        guard let settings = loader.settings(config, arguments) else {
            writeProblem()
            return nil
        }
        return settings
    }

    /// What the loader could not do.
    mutating func writeProblem() {
        begin()
        line.bytes(loader.problem.view)
        end(to: .error)
    }

    /// Says what is wrong with a word of the command line.
    mutating func refuse(_ word: ByteView, _ problem: StaticString) -> Int32 {
        begin()
        line.escaped(word)
        line.text(problem)
        end(to: .error)
        return Exit.usage
    }

    mutating func begin() { line.text("swiftlet: ") }

    mutating func end(to stream: System.Stream) {
        System.write(line.ended(), to: stream)
        line.removeAll()
    }
}
