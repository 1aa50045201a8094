import Base
import CPlatform
import Runtime

/// What a load generator wants of Linux.
extension System {
    /// The monotonic clock.
    public static func nanoseconds() -> UInt64 { swl_now_ns() }
    /// The processor time of this process.
    public static func cpuNanoseconds() -> UInt64 { swl_cpu_ns() }
    /// From here on `LinuxIO.pause` is as exact as the system can make it.
    public static func sharpenSleep() { _ = swl_sharpen_sleep() }

    /// A file of `/proc/PROCESS`, as far as `target` has room for it; nil when it cannot be read.
    public static func processFile(
        _ process: Int, _ name: StaticString, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> ByteView? {
        var path = Line(target, capacity: capacity)
        path.text("/proc/")
        path.number(process)
        path.text("/")
        path.text(name)
        path.byte(0)
        guard case .file(let descriptor, _) = open(path.view) else { return nil }
        defer { close(descriptor) }
        var count = 0
        while count < capacity {
            guard case .bytes(let got) = readSome(descriptor, into: target + count, capacity: capacity - count) else {
                return nil
            }
            if got == 0 { break }
            count += got
        }
        return ByteView(target, count)
    }
}

extension LinuxIO {
    /// Returns when `wait` would have an event to tell, or after so long.
    public mutating func pause(nanoseconds: UInt32) {
        precondition(swl_pause(epoll, nanoseconds) >= 0, "ppoll failed")
    }
}
