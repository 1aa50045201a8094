/// The packets in `bytes`, each whole.
package func packets(_ bytes: [UInt8]) -> [[UInt8]] {
    var found: [[UInt8]] = []
    var rest = bytes[...]
    while rest.count >= 2 {
        var (count, shift, header) = (0, 0, 1)
        for byte in rest.dropFirst() {
            count |= Int(byte & 0x7F) << shift
            shift += 7
            header += 1
            if byte < 0x80 { break }
        }
        found.append(Array(rest.prefix(header + count)))
        rest = rest.dropFirst(header + count)
    }
    return found
}

/// Topics and payloads of the PUBLISH packets of QoS 0 in `bytes`, as text.
package func values(_ bytes: [UInt8]) -> [String: String] {
    var found: [String: String] = [:]
    for packet in packets(bytes) where packet[0] & 0xF6 == 0x30 {
        let header = 2 + packet.dropFirst().prefix { $0 >= 0x80 }.count
        let body = Array(packet.dropFirst(header))
        let end = 2 + Int(body[0]) << 8 + Int(body[1])
        found[String(decoding: body[2..<end], as: UTF8.self)] = String(decoding: body[end...], as: UTF8.self)
    }
    return found
}
