import Base
import CPlatform
import Runtime

/// What command-line tools want of Linux.
extension System {
    /// A variable of the environment; `name` has a zero byte behind it.
    public static func environment(_ name: ByteView) -> ByteView? {
        guard let value = swl_environment(UnsafeRawPointer(name.start).assumingMemoryBound(to: CChar.self)) else {
            return nil
        }
        return text(value)
    }

    public static var processID: Int { Int(swl_process_id()) }

    /// Seconds since 1970, and nanoseconds of the second.
    public static func wallTime() -> (seconds: UInt32, nanoseconds: UInt32) {
        var nanoseconds: UInt32 = 0
        let seconds = swl_wall_time(&nanoseconds)
        return (seconds, nanoseconds)
    }

    /// Address space that becomes memory only where it is touched. Nil when there is not enough.
    public static func reserve(_ bytes: Int) -> UnsafeMutableRawPointer? { swl_reserve(bytes) }

    /// Signals end the process as if they had never been held: all, or all but SIGTERM and SIGINT.
    public static func endBySignals(includingStop: Bool) { _ = swl_end_by_signals(includingStop ? 1 : 0) }

    /// Nothing that is opened later becomes a standard stream.
    public static func fillStandardStreams() -> Bool { swl_fill_standard_streams() >= 0 }

    public enum Opened {
        /// A descriptor, and its length when it can be read from the first byte on whenever wanted.
        case file(Int32, bytes: Int?)
        case failed(Int32)
    }

    /// Opens a file for reading; `path` has a zero byte behind it.
    public static func open(_ path: ByteView) -> Opened {
        let descriptor = swl_open(UnsafeRawPointer(path.start).assumingMemoryBound(to: CChar.self))
        guard descriptor >= 0 else { return .failed(error(descriptor)) }
        return opened(descriptor)
    }

    /// As `open`, of a descriptor that is open already.
    public static func opened(_ descriptor: Int32) -> Opened {
        let bytes = swl_streamable_bytes(descriptor)
        if bytes >= 0 { return .file(descriptor, bytes: Int(bytes)) }
        return Int(bytes) == SWL_IRREGULAR ? .file(descriptor, bytes: nil) : .failed(error(bytes))
    }

    /// An empty file in memory.
    public static func memoryFile() -> Opened {
        let descriptor = swl_memory_file()
        return descriptor >= 0 ? .file(descriptor, bytes: 0) : .failed(error(descriptor))
    }

    /// Waits for some bytes and reads them; `bytes(0)` at the end.
    public static func readSome(
        _ descriptor: Int32, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> FileResult {
        let got = swl_read(descriptor, target, capacity)
        return got >= 0 ? .bytes(Int(got)) : .failed(error(got))
    }

    public static func close(_ descriptor: Int32) { _ = swl_close(descriptor) }

    /// One write: `done` with the bytes that were written, `again`, `closed` when nobody reads, `failed`.
    public static func writeSome(_ view: ByteView, to descriptor: Int32) -> IOResult {
        let written = swl_write(descriptor, view.start, view.count)
        switch Int(written) {
        case 0...: return .done(Int(written))
        case SWL_AGAIN: return .again
        case SWL_CLOSED: return .closed(isOrderly: false)
        default: return .failed(error(written))
        }
    }

    /// Whether a write of `pipeBytes` would not block.
    public static func isWritable(_ descriptor: Int32) -> Bool { swl_is_writable(descriptor) > 0 }
    public static func waitUntilWritable(_ descriptor: Int32) { _ = swl_wait_writable(descriptor) }
    /// What a pipe takes at once when it takes anything (`PIPE_BUF`).
    public static var pipeBytes: Int { 4096 }
}
