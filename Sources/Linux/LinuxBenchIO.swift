import Base
import CPlatform
import Runtime

extension LinuxIO: BenchIO {
    public mutating func nanoseconds() -> UInt64 { swl_now_ns() }
    public mutating func cpuNanoseconds() -> UInt64 { swl_cpu_ns() }

    /// From here on `pause` is as exact as the system can make it.
    public mutating func sharpenPauses() { _ = swl_sharpen_sleep() }

    public mutating func pause(nanoseconds: UInt32) {
        precondition(swl_pause(epoll, nanoseconds) >= 0, "ppoll failed")
    }

    public mutating func processFile(
        _ process: Int, _ name: StaticString, _ target: UnsafeMutablePointer<UInt8>, _ capacity: Int
    ) -> ByteView? {
        var path = Line(target, capacity: capacity)
        path.text("/proc/")
        path.number(process)
        path.text("/")
        path.text(name)
        path.byte(0)
        guard case .file(let descriptor, _) = System.open(path.view) else { return nil }
        defer { System.close(descriptor) }
        var count = 0
        while count < capacity {
            let (next, room) = (target + count, capacity - count)
            guard case .bytes(let got) = System.readSome(descriptor, into: next, capacity: room) else { return nil }
            if got == 0 { break }
            count += got
        }
        return ByteView(target, count)
    }
}
