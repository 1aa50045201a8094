import Base
import Wire

/// Packets as a client writes them, put together the plain way from what they say.
enum Packet {
    static func connect(_ connect: Connect) -> [UInt8] {
        let isOld = connect.level == .v31
        var flags: UInt8 = connect.cleanSession ? 0x02 : 0
        if let will = connect.will { flags |= 0x04 | will.qos.rawValue << 3 | (will.retain ? 0x20 : 0) }
        if connect.userName != nil { flags |= 0x80 }
        if connect.password != nil { flags |= 0x40 }
        let level = connect.level.rawValue | (connect.isBridge ? 0x80 : 0)
        var bytes = field(isOld ? "MQIsdp".array : "MQTT".array) + [level, flags] + int16(connect.keepAlive)
        bytes += field(connect.clientID.array)
        if let will = connect.will { bytes += field(will.topic.array) + field(will.payload.array) }
        if let name = connect.userName { bytes += field(name.array) }
        if let password = connect.password { bytes += field(password.array) }
        return bytes
    }

    static func subscribe(_ subscribe: Subscribe) -> [UInt8] {
        var requests = subscribe
        var count = 0
        var bytes = int16(subscribe.packetID)
        while let request = requests.next() {
            bytes += field(request.filter.array) + [request.qos.rawValue]
            count += 1
        }
        precondition(count == subscribe.count, "a SUBSCRIBE that counts its filters wrong")
        return bytes
    }

    static func unsubscribe(_ unsubscribe: Unsubscribe) -> [UInt8] {
        var filters = unsubscribe
        var bytes = int16(unsubscribe.packetID)
        while let filter = filters.next() { bytes += field(filter.array) }
        return bytes
    }

    static func publish(_ publish: Publish) -> [UInt8] {
        let id = publish.qos == .atMostOnce ? [] : int16(publish.packetID)
        return field(publish.topic.array) + id + publish.payload.array
    }

    static func framed(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
        var bytes = [first]
        var rest = body.count
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes + body
    }

    static func int16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
    static func field(_ text: [UInt8]) -> [UInt8] { int16(UInt16(text.count)) + text }
}
