import Base
import CPlatform

/// What a program needs of Linux before and beside its event loop.
public enum System {
    /// To be called first: from here on SIGHUP and SIGUSR1, which would end a program that is only starting, wait for
    /// the event loop.
    public static func holdSignals() {
        precondition(swl_hold_signals() >= 0, "the system does not block signals")
    }

    /// Zeroed memory from the system, or nil when there is not enough. Only for start-up.
    public static func map(_ bytes: Int) -> UnsafeMutableRawPointer? { swl_map(bytes) }
    /// The same for an arena, all of which will be touched: that is quicker so where the system has huge pages.
    public static func mapArena(_ bytes: Int) -> UnsafeMutableRawPointer? { swl_map_arena(bytes) }
    public static var pageBytes: Int { Int(swl_page_bytes()) }

    /// The processor family the program was built for, in OpenWrt's terms.
    public static var machine: ByteView { text(swl_machine()) }

    /// What this machine is called on its network.
    public static var hostName: ByteView { text(swl_host_name()) }

    public enum FileResult {
        case bytes(Int)
        case tooLong
        case failed(Int32)
    }

    /// Reads a whole file, or standard input when `path` is `-`, into `target`; `capacity` is more than it may have.
    public static func read(
        _ path: UnsafePointer<CChar>, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> FileResult {
        let isStandardInput = path[0] == CChar(bitPattern: UInt8(ascii: "-")) && path[1] == 0
        let descriptor = isStandardInput ? 0 : swl_open(path)
        guard descriptor >= 0 else { return .failed(error(descriptor)) }
        defer { if !isStandardInput { _ = swl_close(descriptor) } }
        return read(descriptor, into: target, capacity: capacity)
    }

    static func read(_ descriptor: Int32, into target: UnsafeMutablePointer<UInt8>, capacity: Int) -> FileResult {
        var count = 0
        while count < capacity {
            let got = swl_read(descriptor, target + count, capacity - count)
            guard got >= 0 else { return .failed(error(got)) }
            if got == 0 { return .bytes(count) }
            count += Int(got)
        }
        return .tooLong
    }

    public enum Stream: Int32 {
        case output = 1
        case error = 2
    }

    /// Writes all of `view`, or as much as the system takes before it fails.
    public static func write(_ view: ByteView, to stream: Stream) {
        var written = 0
        while written < view.count {
            let count = swl_write(stream.rawValue, view.start + written, view.count - written)
            guard count > 0 else { return }
            written += Int(count)
        }
    }

    /// Gives up the chance of more rights by running some program. To be called before others are started.
    public static func giveUpNewPrivileges() { swl_no_new_privileges() }

    /// Makes room for `count` open descriptors; answers how many there may be.
    public static func raiseDescriptors(to count: Int) -> Int { Int(swl_raise_descriptors(Int32(count))) }

    /// The system's words for an error number.
    public static func errorText(_ error: Int32) -> ByteView { text(swl_error_text(error)) }

    /// The bytes of a C string, which stay where they are.
    public static func text(_ start: UnsafePointer<CChar>) -> ByteView {
        var count = 0
        while start[count] != 0 { count += 1 }
        return start.withMemoryRebound(to: UInt8.self, capacity: count) { ByteView($0, count) }
    }

    /// The error number in a result of the shim; the classes have none of their own that matters here.
    static func error(_ result: Int32) -> Int32 { Int(result) <= SWL_FAILED ? Int32(SWL_FAILED) - result : 0 }
}
