import Base
import CPlatform
import Runtime

extension LinuxIO: ClientIO {
    public mutating func connect(_ remote: Address, _ options: SocketOptions) -> IOResult {
        let opened = result(swl_open_tcp(remote.isV4 ? 1 : 0))
        guard case .done(let new) = opened else { return opened }
        let descriptor = Int32(new)
        let began = begin(descriptor, remote, options)
        guard began < 0 else { return .done(new) }
        _ = swl_close(descriptor)
        return result(began)
    }

    private func begin(_ descriptor: Int32, _ remote: Address, _ options: SocketOptions) -> Int32 {
        let kept = swl_keep_alive(
            descriptor, Int32(options.keepAliveIdleSeconds), Int32(options.keepAliveIntervalSeconds),
            Int32(options.keepAliveCount), Int32(options.userTimeoutMs))
        guard kept >= 0 else { return kept }
        if !options.device.isEmpty {
            let bound = withCString(options.device) { swl_bind_device(descriptor, $0) }
            guard bound >= 0 else { return bound }
        }
        var bytes: (UInt64, UInt64) = (0, 0)
        return withUnsafeMutableBytes(of: &bytes) { space in
            let start = space.baseAddress!.assumingMemoryBound(to: UInt8.self)
            if let local = options.localAddress {
                local.copyBytes(to: start)
                let bound = swl_bind(descriptor, start, local.port)
                guard bound >= 0 else { return bound }
            }
            remote.copyBytes(to: start)
            return swl_connect(descriptor, start, remote.port)
        }
    }

    public mutating func connectLocal(_ path: ByteView) -> IOResult {
        result(withCString(path) { swl_connect_local($0) })
    }

    public mutating func connected(_ descriptor: Int32) -> IOResult { result(swl_connect_result(descriptor)) }

    public mutating func resolve(_ name: ByteView, token: UInt32) {
        guard let (index, new) = resolver?.prepare(token) else {
            preconditionFailure("a name, and nobody to look it up")
        }
        if let new, new >= 0, !LinuxIO.watch(helper: index, new, epoll) { resolver?.drop(index) }
        resolver?.ask(index, name)
    }

    public mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution {
        resolver?.resolution(addresses, capacity: capacity) ?? .unavailable
    }

    public func errorText(_ error: Int32) -> ByteView { System.errorText(error) }

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
