import Base
import Sim
import Wire

@testable import Runtime

/// The far end of a connection: reads what the server says, and checks that it may say so.
struct Peer {
    /// Its number in the world.
    let end: Int
    /// Leaves what came unread.
    var isLazy = false
    private var unread: [UInt8] = []
    private var isWelcomed = false

    init(_ end: Int) { self.end = end }

    mutating func read(_ world: World) {
        while true {
            let came = withWriter(512) { writer in
                let count = world.server.io.peerReceive(end, writer.start, limit: 512)
                return ByteView(writer.start, count).array
            }
            if came.isEmpty { break }
            unread += came
        }
        while let count = withView(unread, { check($0, world.server.maxPacketBytes) }) { unread.removeFirst(count) }
    }

    /// The length of the packet in front, when it is all there.
    private mutating func check(_ bytes: ByteView, _ maxPacketBytes: Int) -> Int? {
        switch FrameReader.next(bytes, maxPacketBytes: maxPacketBytes) {
        case .needMore: return nil
        case .bad: preconditionFailure("the server sends what is no packet, or one that is too long")
        case .frame(let frame, let count):
            precondition(isWelcomed == (frame.type != .connack), "CONNACK comes once, and first [MQTT-3.2.0-1]")
            isWelcomed = true
            precondition(isRight(frame), "the server sends a packet that is wrong")
            return count
        }
    }

    private func isRight(_ frame: Frame) -> Bool {
        switch frame.type {
        case .connack: return frame.body.count == 2 && frame.body[0] <= 1 && frame.body[1] <= 5
        case .publish: if case .packet = Publish.decode(frame) { return true }
        case .puback, .pubrec, .pubrel, .pubcomp, .unsuback:
            if case .packet = Acknowledgement.decode(frame.body) { return true }
        case .suback:
            return frame.body.count >= 3 && frame.body.dropFirst(2).array.allSatisfy { $0 <= 2 || $0 == Suback.failure }
        case .pingresp: return frame.body.isEmpty
        case .connect, .subscribe, .unsubscribe, .pingreq, .disconnect: break
        }
        return false
    }
}
