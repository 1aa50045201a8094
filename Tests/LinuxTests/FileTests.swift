import Base
import Foundation
import Linux
import Runtime
import TestSupport
import Testing

/// Files that actions write and publications read.
@Suite(.serialized) final class FileTests {
    private let folder: String
    private var io: LinuxIO

    init() throws {
        folder = NSTemporaryDirectory() + "swiftlet-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        io = LinuxIO(verifiesPasswords: false, logsToStandardError: false, logsToSyslog: false)!
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func path(_ name: String) -> String { folder + "/" + name }

    private func put(_ text: String, into name: String) -> IOResult {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            let view = bytes.isEmpty ? .empty : ByteView(bytes.baseAddress!, bytes.count)
            return Array(path(name).utf8).withUnsafeBufferPointer {
                io.put(view, into: ByteView($0.baseAddress!, $0.count))
            }
        }
    }

    private func read(_ path: String, capacity: Int = 4096) -> String? {
        var buffer = [UInt8](repeating: 0, count: capacity)
        let result = buffer.withUnsafeMutableBufferPointer { target in
            Array(path.utf8).withUnsafeBufferPointer {
                io.readSource(ByteView($0.baseAddress!, $0.count), into: target.baseAddress!, capacity: capacity)
            }
        }
        guard case .done(let count) = result else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private func text(_ name: String) -> String? { try? String(contentsOfFile: path(name), encoding: .utf8) }

    private func isDone(_ result: IOResult) -> Bool { if case .done = result { true } else { false } }
    private func error(_ result: IOResult) -> Int32? { if case .failed(let error) = result { error } else { nil } }

    @Test(arguments: ["", "1", "longer than before", String(repeating: "x", count: 100_000)])
    func `what a file has is replaced whole`(new: String) throws {
        try "what was there".write(toFile: path("f"), atomically: false, encoding: .utf8)
        #expect(isDone(put(new, into: "f")))
        #expect(text("f") == new)
    }

    @Test func `a file that is not there is made`() {
        #expect(isDone(put("new", into: "f")))
        #expect(text("f") == "new")
    }

    @Test func `a file in a folder that is not there is an error`() {
        #expect(error(put("x", into: "no/f")) == ENOENT)
    }

    @Test func `a link is not followed`() throws {
        try "kept".write(toFile: path("f"), atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("f"))
        #expect(error(put("x", into: "link")) == ELOOP)
        #expect(text("f") == "kept")
    }

    @Test func `a link to nothing makes no file`() throws {
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("f"))
        #expect(!isDone(put("x", into: "link")))
        #expect(text("f") == nil)
    }

    @Test func `a folder takes no bytes`() throws {
        try FileManager.default.createDirectory(atPath: path("d"), withIntermediateDirectories: true)
        #expect(error(put("x", into: "d")) == EISDIR)
    }

    @Test func `a pipe that nobody reads is an error, and nothing waits`() {
        mkfifo(path("pipe"), 0o600)
        #expect(error(put("x", into: "pipe")) == ENXIO)
    }

    @Test func `a file is read from its beginning, and no more of it than is asked for`() throws {
        try "0123456789".write(toFile: path("f"), atomically: false, encoding: .utf8)
        #expect(read(path("f")) == "0123456789")
        #expect(read(path("f"), capacity: 4) == "0123")
    }

    @Test func `files that the system makes up can be read`() throws {
        #expect(try #require(read("/proc/loadavg")).split(separator: " ").count == 5)
    }

    @Test func `reading from a pipe that nobody writes does not wait`() {
        mkfifo(path("pipe"), 0o600)
        #expect(read(path("pipe")) == "")
    }

    @Test func `a file that is not there cannot be read`() { #expect(read(path("f")) == nil) }
}
