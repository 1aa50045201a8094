import Base
import CPlatform
import Runtime

extension LinuxIO: ClientIO {
    public mutating func connect(_ remote: Address, from local: Address?) -> IOResult {
        var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        return withUnsafeMutableBytes(of: &bytes) { space in
            let start = space.baseAddress!.assumingMemoryBound(to: UInt8.self)
            remote.copyBytes(to: start)
            guard let local else { return result(swl_connect(start, remote.port, nil, 0)) }
            local.copyBytes(to: start + 16)
            return result(swl_connect(start, remote.port, start + 16, local.port))
        }
    }

    public mutating func connectLocal(_ path: ByteView) -> IOResult {
        result(withCString(path) { swl_connect_local($0) })
    }

    public mutating func connected(_ descriptor: Int32) -> IOResult { result(swl_connect_result(descriptor)) }

    public mutating func resolve(_ name: ByteView, token: UInt32) {
        precondition(resolver != nil, "a name, and nobody to look it up")
        resolver?.ask(name, token: token)
    }

    public mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution {
        resolver?.resolution(addresses, capacity: capacity) ?? .unavailable
    }

    /// What there is to read from a pipe or the like, which is not a socket.
    public mutating func read(_ descriptor: Int32, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> IOResult {
        let got = swl_read(descriptor, target, count)
        return got == 0 ? .closed(isOrderly: true) : result(got)
    }

    public mutating func readFile(
        _ descriptor: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> IOResult {
        result(swl_read_at(descriptor, target, count, offset))
    }
}
