import Base
import CPlatform
import Runtime

extension LinuxIO: Host {
    public mutating func spawn(
        _ text: ByteView, arguments: Int, variables: Int, _ ends: inout ProgramEnds
    ) -> IOResult {
        var numbers: (Int32, Int32, Int32, Int32) = (-1, -1, -1, -1)
        let process = withUnsafeMutableBytes(of: &numbers) { space in
            swl_spawn(
                text.start, Int32(arguments), Int32(variables), space.baseAddress!.assumingMemoryBound(to: Int32.self))
        }
        (ends.input, ends.output, ends.error, ends.report) = numbers
        return result(process)
    }

    public mutating func feed(_ descriptor: Int32, _ bytes: ByteView) -> IOResult {
        result(swl_write(descriptor, bytes.start, bytes.count))
    }

    public mutating func startError(_ report: Int32) -> Int32? {
        var error: Int32 = 0
        let got = withUnsafeMutableBytes(of: &error) { swl_read(report, $0.baseAddress!, 4) }
        return got == 4 ? error : nil
    }

    public mutating func end(_ process: Int32, isFinal: Bool) { _ = swl_end_group(process, isFinal ? 1 : 0) }

    public mutating func reap(_ process: Int32) -> ProgramEnd? {
        let status = Int(swl_reap(process))
        if status == SWL_AGAIN { return nil }
        precondition(status >= 0, "a program that was never started")
        return status < SWL_SIGNALLED
            ? .status(UInt8(status)) : .signal(UInt8(truncatingIfNeeded: status - Int(SWL_SIGNALLED)))
    }

    public mutating func readSource(
        _ path: ByteView, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> IOResult {
        let descriptor = LinuxIO.withPath(path) { swl_open_source($0) }
        guard descriptor >= 0 else { return result(descriptor) }
        defer { _ = swl_close(descriptor) }
        var count = 0
        // Some files below /sys give what they have in one piece only, and some in several.
        while count < capacity {
            let got = swl_read(descriptor, target + count, capacity - count)
            // From a pipe, what is there is all there is.
            if Int(got) == SWL_AGAIN || got == 0 { break }
            guard got > 0 else { return result(got) }
            count += Int(got)
        }
        return .done(count)
    }

    public mutating func put(_ bytes: ByteView, into path: ByteView) -> IOResult {
        let status = LinuxIO.withPath(path) { swl_put($0, bytes.start, bytes.count) }
        return Int(status) == SWL_IRREGULAR ? .absent : result(status)
    }

    public mutating func writeOutput(_ text: ByteView) -> IOResult {
        var count = 0
        // A pipe that is writable takes a page, and no more for certain.
        while count < text.count, swl_is_writable(LinuxIO.standardOutput) > 0 {
            let part = text.slice(count, min(text.count, count + LinuxIO.pipePageBytes))
            let written = swl_write(LinuxIO.standardOutput, part.start, part.count)
            guard written > 0 else { return result(written) }
            count += Int(written)
        }
        return .done(count)
    }

    private static var standardOutput: Int32 { 1 }
    /// POSIX's PIPE_BUF, as Linux has it.
    private static var pipePageBytes: Int { 4096 }

    /// `path` with a zero byte behind it.
    private static func withPath(_ path: ByteView, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        var space = InlineArray<512, UInt8>(repeating: 0)
        var span = space.mutableSpan
        return span.withUnsafeMutableBufferPointer { buffer in
            precondition(path.count < buffer.count, "a path that is too long")
            path.copy(to: buffer.baseAddress!)
            return body(UnsafeRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self))
        }
    }
}
