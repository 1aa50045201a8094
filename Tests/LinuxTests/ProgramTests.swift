import Base
import Foundation
import Linux
import Runtime
import TestSupport
import Testing

/// Programs as the system runs them. One after the other, since their processes are children of the whole test.
@Suite(.serialized) struct ProgramTests {
    /// A program, and what became of it.
    private struct Run {
        var end: ProgramEnd
        var output = ""
        var errors = ""
        var startError: Int32?
        var process: Int32 = 0

        var status: Int? { if case .status(let status) = end { Int(status) } else { nil } }
        var signal: Int? { if case .signal(let signal) = end { Int(signal) } else { nil } }
    }

    /// Runs a program to its end, and feeds it meanwhile. `onStart` may end it.
    private func run(
        _ words: [String], variables: [String] = [], input: [UInt8] = [], seconds: Double = 10,
        onStart: (inout LinuxIO, Int32) -> Void = { _, _ in }
    ) throws -> Run {
        var io = LinuxIO(verifiesPasswords: false, logsToStandardError: false, logsToSyslog: false)!
        let text = Array((words + variables).map { $0 + "\0" }.joined().utf8)
        var ends = ProgramEnds()
        let started = text.withUnsafeBufferPointer {
            io.spawn(
                ByteView($0.baseAddress!, $0.count), arguments: words.count, variables: variables.count, &ends)
        }
        guard case .done(let process) = started else { throw NotStarted() }
        onStart(&io, Int32(process))
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var fed = 0
        var isFeeding = true
        let deadline = Date(timeIntervalSinceNow: seconds)
        while Date() < deadline {
            if isFeeding {
                let part = Array(input[fed..<min(input.count, fed + 4096)])
                let result = part.withUnsafeBufferPointer { buffer in
                    buffer.isEmpty ? IOResult.done(0) : io.feed(ends.input, ByteView(buffer.baseAddress!, buffer.count))
                }
                if case .done(let count) = result { fed += count }
                if case .closed = result { fed = input.count }
                if fed == input.count {
                    io.close(ends.input)
                    isFeeding = false
                }
            }
            output += take(ends.output, &io)
            errors += take(ends.error, &io)
            if let end = io.reap(Int32(process)) {
                output += take(ends.output, &io)
                errors += take(ends.error, &io)
                if isFeeding { io.close(ends.input) }
                let startError = io.startError(ends.report)
                io.close(ends.output)
                io.close(ends.error)
                io.close(ends.report)
                return Run(
                    end: end, output: String(decoding: output, as: UTF8.self),
                    errors: String(decoding: errors, as: UTF8.self), startError: startError, process: Int32(process))
            }
            usleep(1000)
        }
        io.end(Int32(process), isFinal: true)
        throw NotEnded()
    }

    private struct NotStarted: Error {}
    private struct NotEnded: Error {}

    private func take(_ descriptor: Int32, _ io: inout LinuxIO) -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let result = buffer.withUnsafeMutableBufferPointer { io.read(descriptor, $0.baseAddress!, $0.count) }
            guard case .done(let count) = result else { return all }
            all += buffer[..<count]
        }
    }

    /// Whether a process with this number is there, and no zombie.
    private func isAlive(_ process: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return !text.contains(") Z ")
    }

    /// Polls for up to ten seconds.
    private func until(_ condition: () -> Bool) -> Bool {
        for _ in 0..<10_000 {
            if condition() { return true }
            usleep(1000)
        }
        return false
    }

    private func ignoresTerm(_ process: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("SigIgn") }),
            let bits = UInt64(line.split(separator: "\t")[1], radix: 16)
        else { return false }
        return bits & 1 << (UInt64(SIGTERM) - 1) != 0
    }

    @Test func `a program gets its words as they are, and no shell looks at them`() throws {
        let run = try run(["printf", "[%s]", "a b", "$HOME", "", "*"])
        #expect(run.output == "[a b][$HOME][][*]")
        #expect(run.status == 0)
        #expect(run.startError == nil)
    }

    @Test func `its environment is ours, with its variables in front and in the place of ours`() throws {
        setenv("SWIFTLET_TEST_KEPT", "kept", 1)
        setenv("SWIFTLET_TEST_REPLACED", "old", 1)
        let run = try run(["env"], variables: ["SWIFTLET_TEST_REPLACED=new", "MQTT_TOPIC=a=b c"])
        let lines = run.output.split(separator: "\n")
        #expect(lines.prefix(2) == ["SWIFTLET_TEST_REPLACED=new", "MQTT_TOPIC=a=b c"])
        #expect(lines.filter { $0.hasPrefix("SWIFTLET_TEST_") }.count == 2)
        #expect(lines.contains("SWIFTLET_TEST_KEPT=kept"))
    }

    @Test(arguments: [0, 1, 65_536, 300_000])
    func `what it is fed comes out as it went in, however much a pipe holds`(count: Int) throws {
        let text = String(repeating: "x", count: count)
        #expect(try run(["cat"], input: Array(text.utf8)).output == text)
    }

    @Test func `a program that does not read what it is fed is no error`() throws {
        let run = try run(["true"], input: [UInt8](repeating: 0, count: 300_000))
        #expect(run.status == 0)
    }

    @Test func `output and errors come apart, and the status with them`() throws {
        let run = try run(["sh", "-c", "echo out; echo err >&2; exit 7"])
        #expect(run.output == "out\n")
        #expect(run.errors == "err\n")
        #expect(run.status == 7)
    }

    @Test(arguments: [(["/no/such/program"], ENOENT), (["no-such-program"], ENOENT), (["/etc/passwd"], EACCES)])
    func `a program that cannot be started says why`(words: [String], error: Int32) throws {
        let run = try run(words)
        #expect(run.startError == error)
        #expect(run.status == 127)
    }

    @Test func `a program that can be started and ends with 127 is none that cannot`() throws {
        let run = try run(["sh", "-c", "exit 127"])
        #expect(run.startError == nil)
        #expect(run.status == 127)
    }

    @Test func `it has none of our descriptors beside its standard streams`() throws {
        let path = "/proc/self/status"
        let file = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        let words = ["sh", "-c", "cd /proc/self/fd; for i in *; do readlink $i; done"]
        let links = try run(words).output.split(separator: "\n")
        #expect(links.filter { $0.hasPrefix("pipe:") }.count >= 3)
        for name in ["eventpoll", "signalfd", "/status"] { #expect(links.filter { $0.contains(name) } == []) }
    }

    @Test func `no signal is held back from it or ignored by it`() throws {
        let text = try run(["cat", "/proc/self/status"]).output
        for field in ["SigBlk", "SigIgn"] {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(field) })
            let bits = try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
            // The higher ones are the C library's own.
            #expect(bits & 0x7FFF_FFFF == 0, "\(line)")
        }
    }

    @Test func `it leads a process group of its own`() throws {
        let run = try run(["sh", "-c", "cut -d' ' -f5 /proc/self/stat"])
        #expect(run.output == "\(run.process)\n")
    }

    @Test func `a program that is asked to end ends, and so does what it waits for`() throws {
        let run = try run(["sh", "-c", "sleep 1000; true"]) { io, process in
            usleep(100_000)
            io.end(process, isFinal: false)
        }
        #expect(run.signal == 15)
    }

    @Test func `one that does not want to end is ended`() throws {
        let run = try run(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]) { io, process in
            #expect(until { ignoresTerm(process) })
            io.end(process, isFinal: false)
            usleep(100_000)
            io.end(process, isFinal: true)
        }
        #expect(run.signal == 9)
    }

    @Test func `what it has started and left behind ends with it`() throws {
        let run = try run(["sh", "-c", "for i in 1 2 3; do sleep 1000 & echo $!; done"])
        let left = run.output.split(separator: "\n").compactMap { Int32($0) }
        #expect(left.count == 3)
        #expect(until { left.filter(isAlive) == [] })
    }

    @Test func `nothing of a program is left when its end was told`() throws {
        let run = try run(["true"])
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(run.process)"))
    }
}
