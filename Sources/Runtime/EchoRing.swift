import Base

/// Hashes of what was sent to a broker that knows nothing of bridges, and sends it back when it is subscribed to. What
/// comes back is recognised, once.
struct EchoRing {
    private let hashes: UnsafeMutablePointer<UInt32>
    private let hash: KeyedHash
    private let capacity = EchoRing.size
    /// Where the next one goes.
    private var end = 0
    /// Behind the last one that came back: echoes come in the order in which they were sent.
    private var expected = 0

    /// As many as can be under way to a broker far away and back.
    private static var size: Int { 1024 }

    init(_ arena: inout Arena, hash: KeyedHash) {
        hashes = arena.carve("echoes", key: "topic", count: capacity, of: UInt32.self)
        self.hash = hash
        if !arena.isMeasuring { removeAll() }
    }

    /// What was sent does not come back any more: the remote has forgotten whom to send it to.
    mutating func removeAll() { hashes.initialize(repeating: 0, count: capacity) }

    /// The hash of a message. `begin` with the topic as the broker has it, then the payload in pieces of any length.
    func begin(_ topic: ByteView) -> UInt32 { hash.hash(topic) }
    func extended(_ sum: UInt32, _ piece: ByteView) -> UInt32 {
        // Independent of where the pieces are cut.
        var sum = sum
        var i = 0
        while i < piece.count {
            sum = (sum ^ UInt32(piece[i])) &* 0x0100_0193
            i += 1
        }
        return sum
    }

    /// A message was sent.
    mutating func sent(_ sum: UInt32) {
        hashes[end] = EchoRing.awaited(sum)
        end = end + 1 == capacity ? 0 : end + 1
    }

    /// As a hash stands in the ring, where zero is no hash, and the lowest bit says that it has come back.
    private static func awaited(_ sum: UInt32) -> UInt32 { (sum | 2) & ~1 }

    /// Whether a message that has come is one that was sent, and did not come back before: unless it is sent again, for
    /// want of an acknowledgement.
    mutating func takeBack(_ sum: UInt32, isDuplicate: Bool) -> Bool {
        let wanted = EchoRing.awaited(sum)
        var i = 0
        while i < capacity {
            let place = expected + i < capacity ? expected + i : expected + i - capacity
            if hashes[place] == wanted || isDuplicate && hashes[place] == wanted | 1 {
                hashes[place] = wanted | 1
                expected = place + 1 == capacity ? 0 : place + 1
                return true
            }
            i += 1
        }
        return false
    }
}
