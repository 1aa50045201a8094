import Base
import Client
import Linux
import Runtime
import Wire

/// `swiftlet pub` and `swiftlet sub`: from the command line to the exit status.
extension Program {
    mutating func runClient(_ tool: ClientOption.Tools) -> Int32 {
        guard System.fillStandardStreams(), let start = System.reserve(ClientMemory.bytes) else {
            return failClient("no memory")
        }
        let memory = ClientMemory(start)
        var command = ClientCommand(tool, memory)
        if let problem = command.read(arguments) {
            begin()
            problem.write(to: &line)
            end(to: .error)
            return Exit.usage
        }
        let options = command.options
        if options.wantsHelp {
            writeClientHelp(tool)
            return Exit.success
        }
        if options.wantsVersion {
            writeVersion()
            return Exit.success
        }
        return tool == .pub ? publish(options, memory) : subscribe(options, memory)
    }

    mutating func failClient(_ problem: StaticString) -> Int32 {
        begin()
        line.text(problem)
        end(to: .error)
        return Exit.failure
    }

    private mutating func subscribe(_ options: ClientOptions, _ memory: ClientMemory) -> Int32 {
        guard var session = ClientSession.open(options, memory, rows: rows, line) else {
            return failClient("no memory")
        }
        // SIGTERM and SIGINT are events.
        System.endBySignals(includingStop: false)
        guard let output = Output(mayBlock: isWatchable(Output.descriptor, Sub.outputToken, &session)) else {
            return failClient("no memory")
        }
        var sub = Sub(session, output, options, ClientEnvironment.zone(in: memory.zone))
        return sub.run()
    }

    private mutating func publish(_ options: ClientOptions, _ memory: ClientMemory) -> Int32 {
        guard let topic = options.topic else { preconditionFailure("checked before") }
        // Signals end it as they end mosquitto_pub, whatever it is doing.
        System.endBySignals(includingStop: true)
        let payload = PubPayload.open(options)
        if case .failed(let name, let problem, let detail, let status) = payload {
            begin()
            line.escaped(name)
            line.text(problem)
            line.bytes(detail)
            end(to: .error)
            return status
        }
        guard var session = ClientSession.open(options, memory, rows: rows, line), let input = LineInput() else {
            return failClient("no memory")
        }
        System.endBySignals(includingStop: true)
        let mayWait = options.payload == .lines && isWatchable(LineInput.descriptor, PubLines.token, &session)
        var pub = Pub(session, PubLines(input, mayWait: mayWait), options, topic, payload)
        return pub.run()
    }

    /// Whether a descriptor is one that may have to be waited for: the system watches no other.
    private func isWatchable(_ descriptor: Int32, _ token: UInt32, _ session: inout ClientSession) -> Bool {
        if case .done = session.io.watch(descriptor, interest: 0, token: token) { return true }
        return false
    }
}
