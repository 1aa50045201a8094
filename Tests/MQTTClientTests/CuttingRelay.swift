import Glibc

/// A relay in front of a broker that cuts each connection when it has carried so many bytes, in the middle of whatever
/// that is. What was read from one side and not written to the other is lost, as in a network.
final class CuttingRelay: @unchecked Sendable {
    let port: UInt16
    private let broker: UInt16
    private let listener: Int32
    private var thread = pthread_t()
    // Read and written by both threads; a turn more or less does not matter.
    private var isMended = false
    private var isEnding = false
    private(set) var cuts = 0
    private var random: UInt64

    init(to broker: UInt16, seed: UInt64) {
        self.broker = broker
        random = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        (listener, port) = Loopback.listen()
        pthread_create(
            &thread, nil,
            {
                Unmanaged<CuttingRelay>.fromOpaque($0!).takeRetainedValue().serve()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }

    /// From now on nothing is cut.
    func mend() { isMended = true }

    func end() {
        isEnding = true
        pthread_join(thread, nil)
        close(listener)
    }

    private struct Pair {
        let near: Int32
        let far: Int32
        var left: Int
    }

    private func serve() {
        var pairs: [Pair] = []
        var space = [UInt8](repeating: 0, count: 4096)
        while !isEnding {
            var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            for pair in pairs {
                polled.append(pollfd(fd: pair.near, events: Int16(POLLIN), revents: 0))
                polled.append(pollfd(fd: pair.far, events: Int16(POLLIN), revents: 0))
            }
            guard poll(&polled, nfds_t(polled.count), 10) > 0 else { continue }
            var kept: [Pair] = []
            for (i, pair) in pairs.enumerated() {
                var pair = pair
                let isAlive = (polled[2 * i + 1].revents == 0 || carry(pair.near, pair.far, &pair.left, &space))
                    && (polled[2 * i + 2].revents == 0 || carry(pair.far, pair.near, &pair.left, &space))
                if isAlive {
                    kept.append(pair)
                } else {
                    close(pair.near)
                    close(pair.far)
                }
            }
            pairs = kept
            if polled[0].revents != 0 {
                let near = accept(listener, nil, nil)
                pairs.append(Pair(near: near, far: Loopback.connect(broker), left: 300 + Int(draw() % 600)))
            }
        }
        for pair in pairs {
            close(pair.near)
            close(pair.far)
        }
    }

    /// False when the connection is over.
    private func carry(_ from: Int32, _ to: Int32, _ left: inout Int, _ space: inout [UInt8]) -> Bool {
        let count = recv(from, &space, space.count, 0)
        guard count > 0 else { return false }
        let carried = isMended ? count : min(count, left)
        left -= carried
        guard send(to, space, carried, Int32(MSG_NOSIGNAL)) == carried else { return false }
        if carried < count { cuts += 1 }
        return carried == count
    }

    private func draw() -> UInt64 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return random
    }
}

/// Sockets of this machine.
enum Loopback {
    static func listen() -> (listener: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(listener, $0, length) == 0 && Glibc.listen(listener, 16) == 0)
                _ = getsockname(listener, $0, &length)
            }
        }
        return (listener, UInt16(bigEndian: name.sin_port))
    }

    static func canListen(_ port: UInt16) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var name = address(port)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && Glibc.listen(socket, 1) == 0
            }
        }
    }

    /// Below zero when nobody listens there.
    static func connect(_ port: UInt16) -> Int32 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = address(port)
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 { return socket }
        close(socket)
        return -1
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return name
    }
}
