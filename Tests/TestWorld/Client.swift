import Base
import Testing

/// The far end of one connection. Bytes are written as in the standard's tables: hexadecimal, spaces where one likes.
package final class Client {
    package let world: World
    package let peer: Int

    package init(world: World, peer: Int) {
        self.world = world
        self.peer = peer
    }

    /// Sends, lets the server work, and answers all that came back.
    @discardableResult
    package func exchange(_ bytes: [UInt8]) -> [UInt8] {
        send(bytes)
        world.settle()
        return received()
    }

    package func send(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            let fits = world.server.io.peerSend(peer, ByteView(start, buffer.count))
            #expect(fits)
        }
    }

    package func received(limit: Int = Int.max) -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while all.count < limit {
            let wanted = min(chunk.count, limit - all.count)
            let count = chunk.withUnsafeMutableBufferPointer {
                world.server.io.peerReceive(peer, $0.baseAddress!, limit: wanted)
            }
            if count == 0 { break }
            all += chunk[..<count]
        }
        return all
    }

    package func leave(isOrderly: Bool = true) {
        world.server.io.peerClose(peer, isOrderly: isOrderly)
        world.settle()
    }

    package var isClosed: Bool {
        let isClosed = world.server.io.peerIsClosed(peer)
        return isClosed
    }

    /// Connects and takes the CONNACK.
    package func enter(_ id: String, clean: Bool = true, keepAlive: UInt16 = 0) -> Client {
        let reply = exchange(Packet.connect(id, clean: clean, keepAlive: keepAlive))
        #expect(reply.count == 4 && reply[0] == 0x20 && reply[3] == 0, "\(id) was not let in: \(reply)")
        return self
    }

    package func subscribe(_ filter: String, qos: UInt8 = 0) -> Client {
        #expect(exchange(Packet.subscribe(1, filter, qos: qos)) == [0x90, 3, 0, 1, qos])
        return self
    }
}

/// Packets as a client sends them.
package enum Packet {
    package static func text(_ s: String) -> [UInt8] { [UInt8(s.utf8.count >> 8), UInt8(s.utf8.count & 0xFF)] + s.utf8 }

    package static func framed(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = body.count
        repeat {
            length.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return [first] + length + body
    }

    package static func connect(_ id: String, clean: Bool = true, keepAlive: UInt16 = 0) -> [UInt8] {
        framed(0x10, text("MQTT") + [4, clean ? 2 : 0, UInt8(keepAlive >> 8), UInt8(keepAlive & 0xFF)] + text(id))
    }

    package static func subscribe(_ packetID: UInt8, _ filter: String, qos: UInt8) -> [UInt8] {
        framed(0x82, [0, packetID] + text(filter) + [qos])
    }

    package static func publish(
        _ topic: String, _ payload: [UInt8], qos: UInt8 = 0, packetID: UInt16 = 0, isDuplicate: Bool = false
    ) -> [UInt8] {
        let id = qos == 0 ? [] : [UInt8(packetID >> 8), UInt8(packetID & 0xFF)]
        return framed(0x30 | qos << 1 | (isDuplicate ? 8 : 0), text(topic) + id + payload)
    }

    /// PUBACK 0x40, PUBREC 0x50, PUBREL 0x62, PUBCOMP 0x70.
    package static func acknowledge(_ first: UInt8, _ packetID: UInt16) -> [UInt8] {
        [first, 2, UInt8(packetID >> 8), UInt8(packetID & 0xFF)]
    }

    package static let ping: [UInt8] = [0xC0, 0]
    package static let disconnect: [UInt8] = [0xE0, 0]
}
