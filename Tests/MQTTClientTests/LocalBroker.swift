import Base
import Config
import Glibc
import Linux
import Runtime

/// A broker on a free port of this machine, on a thread of its own.
final class LocalBroker: @unchecked Sendable {
    let port: UInt16
    private let stopped = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    private var thread = pthread_t()

    /// `lines` are added to a board config that lets everybody in.
    init(port: UInt16 = LocalBroker.freePort(), _ lines: String = "") {
        self.port = port
        stopped.pointee = 0
        let text = "listener \(port) 127.0.0.1\nallow_anonymous true\nsys_interval 1\n\(lines)\n"
        let run = Run(text: Array(text.utf8), stopped: stopped)
        let argument = Unmanaged.passRetained(run).toOpaque()
        pthread_create(
            &thread, nil,
            {
                Unmanaged<Run>.fromOpaque($0!).takeRetainedValue().serve()
                return nil
            }, argument)
        while !LocalBroker.answers(port) { usleep(2000) }
    }

    /// Ends it, and every connection.
    func stop() {
        // The loop wakes once a second at least, to publish its state.
        stopped.pointee = 1
        _ = LocalBroker.answers(port)
        pthread_join(thread, nil)
    }

    // Linux gives out none of these by itself, so nobody takes one while its broker is away. One suite takes from here.
    private static let ports: Range<UInt16> = 8_000..<10_000
    private nonisolated(unsafe) static var nextPort = ports.lowerBound + UInt16(getpid() % Int32(ports.count))

    static func freePort() -> UInt16 {
        for _ in ports {
            let port = nextPort
            nextPort = port + 1 < ports.upperBound ? port + 1 : ports.lowerBound
            if Loopback.canListen(port) { return port }
        }
        preconditionFailure("no port is free")
    }

    private static func answers(_ port: UInt16) -> Bool {
        let socket = Loopback.connect(port)
        if socket >= 0 { close(socket) }
        return socket >= 0
    }
}

private final class Run {
    let text: [UInt8]
    let stopped: UnsafeMutablePointer<Int32>

    init(text: [UInt8], stopped: UnsafeMutablePointer<Int32>) {
        self.text = text
        self.stopped = stopped
    }

    func serve() {
        text.withUnsafeBufferPointer { text in
            guard case .settings(let settings) = ConfigFile.parse(ByteView(text.baseAddress!, text.count)) else {
                preconditionFailure("a bad board config")
            }
            let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
            let bytes = Plan(settings, rows: rows).total
            let memory = calloc(1, bytes)!
            var arena = Arena(base: memory, capacity: bytes, rows: rows)
            guard let resolver = NameResolver(startingServer: { _ in }), let io = LinuxIO(resolver: resolver) else {
                preconditionFailure("no descriptors")
            }
            var server = Server(io, &arena, settings: settings)
            server.commitAccess(settings, passwords: InlineArray(repeating: nil), acls: InlineArray(repeating: nil))
            precondition(server.open() == nil, "the port is taken")
            while stopped.pointee == 0 { _ = server.turn() }
            server.shutDown()
            free(memory)
            rows.deallocate()
        }
    }
}
