import Base

/// Which topics wait in a spool, by hash. Entries are never taken out one by one: what has left the spool meanwhile may
/// still be named, so that a topic is taken for one that waits rather than the other way round.
struct TopicIndex {
    private struct Slot {
        /// Zero while the slot is free.
        var hash: UInt32 = 0
        /// The message of the topic that came last.
        var delivery = Handle<Delivery>.none
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: UInt32
    private var count: UInt32 = 0
    /// A topic found no room: from here on all are taken for ones that wait.
    private var isOverfull = false

    /// For `count` topics, with as many free slots between them.
    init(_ arena: inout Arena, count: Int) {
        let capacity = powerOfTwo(atLeast: 2 * count)
        slots = arena.carve("spool topics", key: "spool_messages", count: capacity, of: Slot.self)
        mask = UInt32(capacity - 1)
        if !arena.isMeasuring { removeAll() }
    }

    mutating func removeAll() {
        slots.initialize(repeating: Slot(), count: Int(mask) + 1)
        count = 0
        isOverfull = false
    }

    /// Notes the topic's latest message. False when the index is too full; then it is to be built anew.
    mutating func insert(_ hash: UInt32, _ delivery: Handle<Delivery>) -> Bool {
        let slot = slots + place(of: hash)
        if slot.pointee.hash == 0 {
            guard count < mask - mask / 4 else {
                isOverfull = true
                return false
            }
            count += 1
        }
        slot.pointee = Slot(hash: TopicIndex.key(hash), delivery: delivery)
        return true
    }

    func contains(_ hash: UInt32) -> Bool { isOverfull || slots[place(of: hash)].hash != 0 }

    /// None when no message of the topic is known.
    func find(_ hash: UInt32) -> Handle<Delivery> { slots[place(of: hash)].delivery }

    /// The slot that has the hash, or the free one that it may take.
    private func place(of hash: UInt32) -> Int {
        let key = TopicIndex.key(hash)
        var place = key & mask
        while slots[Int(place)].hash != 0, slots[Int(place)].hash != key { place = (place + 1) & mask }
        return Int(place)
    }

    private static func key(_ hash: UInt32) -> UInt32 { hash == 0 ? 1 : hash }
}
