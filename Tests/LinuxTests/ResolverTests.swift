import Base
import Foundation
import Linux
import Runtime
import TestSupport
import Testing

/// Helpers that look up names, as the system runs them. Their only question is for a name that is too long, which they
/// answer by themselves: in a copy of a process of many threads the C library may not be called.
extension ProgramTests {
    private func children() -> Set<Int32> {
        var found: Set<Int32> = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = Int32(name),
                let stat = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
                let end = stat.lastIndex(of: ")")
            else { continue }
            let words = stat[end...].split(separator: " ")
            if words[1] != "Z", Int32(words[2]) == getpid() { found.insert(process) }
        }
        return found
    }

    private func ask(_ io: inout LinuxIO, token: UInt32) {
        let name = [UInt8](repeating: UInt8(ascii: "a"), count: 300)
        name.withUnsafeBufferPointer { io.resolve(ByteView($0.baseAddress!, $0.count), token: token) }
    }

    /// The tokens of answers, and what they are, in the order in which they come.
    private func answers(_ io: inout LinuxIO, count: Int, seconds: Double = 10) -> [String] {
        var events = [Event](repeating: Event(token: 0, flags: 0), count: 8)
        var addresses = [Address](repeating: .any, count: 8)
        var told: [String] = []
        let deadline = Date(timeIntervalSinceNow: seconds)
        while told.count < count, Date() < deadline {
            let count = io.wait(&events, capacity: 8, timeoutMs: 100)
            for event in events.prefix(count) where event.flags == Event.resolved {
                told.append("\(event.token) \(io.resolution(&addresses, capacity: 8))")
            }
        }
        return told
    }

    @Test func `Each token has a process of its own, which answers it alone`() {
        let before = children()
        var io = LinuxIO(resolvers: 2, logsToStandardError: false, logsToSyslog: false)!
        defer { io.end() }
        let helpers = children().subtracting(before)
        #expect(helpers.count == 2)
        ask(&io, token: 32)
        ask(&io, token: 33)
        #expect(Set(answers(&io, count: 2)) == ["32 notFound", "33 notFound"])
        // One of them does not get on. The other one's answers come all the same.
        let stopped = helpers.min()!
        kill(stopped, SIGSTOP)
        ask(&io, token: 32)
        ask(&io, token: 33)
        let first = answers(&io, count: 1)
        #expect(first == ["33 notFound"] || first == ["32 notFound"])
        #expect(answers(&io, count: 1, seconds: 0.3) == [])
        kill(stopped, SIGCONT)
        #expect(Set(answers(&io, count: 1) + first) == ["32 notFound", "33 notFound"])
    }

    @Test func `An answer to a question that was replaced by another is not one to this`() {
        var io = LinuxIO(resolvers: 1, logsToStandardError: false, logsToSyslog: false)!
        defer { io.end() }
        ask(&io, token: 32)
        ask(&io, token: 32)
        #expect(answers(&io, count: 2, seconds: 0.5) == ["32 notFound"])
        ask(&io, token: 32)
        var events = [Event](repeating: Event(token: 0, flags: 0), count: 8)
        var addresses = [Address](repeating: .any, count: 8)
        #expect(io.wait(&events, capacity: 8, timeoutMs: 5000) == 1 && events[0].flags == Event.resolved)
        ask(&io, token: 32)
        guard case .pending = io.resolution(&addresses, capacity: 8) else {
            Issue.record("it is")
            return
        }
        #expect(answers(&io, count: 1) == ["32 notFound"])
    }

    @Test func `A helper that is killed is one that cannot tell, and the next question starts another`() throws {
        let before = children()
        var io = LinuxIO(resolvers: 1, logsToStandardError: false, logsToSyslog: false)!
        defer { io.end() }
        let first = try #require(children().subtracting(before).first)
        kill(first, SIGSTOP)
        ask(&io, token: 32)
        kill(first, SIGKILL)
        #expect(answers(&io, count: 1) == ["32 unavailable"])
        ask(&io, token: 32)
        #expect(answers(&io, count: 1) == ["32 notFound"])
        let second = try #require(children().subtracting(before).first)
        #expect(second != first && !FileManager.default.fileExists(atPath: "/proc/\(first)"))
        // Killed while nobody asks, too.
        kill(second, SIGKILL)
        #expect(answers(&io, count: 1, seconds: 0.3) == [])
        ask(&io, token: 32)
        #expect(answers(&io, count: 1) == ["32 notFound"])
    }

    @Test func `A helper holds nothing open but its end of the socket, whenever it was started`() throws {
        let before = children()
        var io = LinuxIO(resolvers: 1, logsToStandardError: false, logsToSyslog: false)!
        defer { io.end() }
        var helper = try #require(children().subtracting(before).first)
        for _ in 0..<2 {
            ask(&io, token: 32)
            #expect(answers(&io, count: 1) == ["32 notFound"])
            helper = try #require(children().subtracting(before).first)
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(helper)/fd")
            #expect(open.count == 1)
            kill(helper, SIGKILL)
            #expect(answers(&io, count: 1, seconds: 0.3) == [])
        }
    }
}
