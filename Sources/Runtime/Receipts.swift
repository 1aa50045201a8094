import Base
import Wire

/// Which messages from the broker are still to be acknowledged: in the order in which they came, for that is the order
/// in which PUBACK and PUBREC must go out [MQTT-4.6.0-2, MQTT-4.6.0-3], whenever the owner is done with each.
///
/// What was not acknowledged when a connection ended comes again with the next one, if the broker kept the session.
/// Until then its receipt is old: nothing is sent for it, and a repetition is not a new message.
struct Receipts: ~Copyable {
    private struct Receipt {
        var packetID: UInt16
        var qos: QoS
        /// The owner is done with it.
        var isDone: Bool
        /// It came by an earlier connection.
        var isOld: Bool
        /// The acknowledgement was sent.
        var isSent: Bool
    }

    private let ring: UnsafeMutablePointer<Receipt>
    private let capacity: UInt32
    /// Tickets from here up to `end` are in the ring.
    private var begin: UInt32 = 0
    private var end: UInt32 = 0
    private var oldCount = 0

    init(_ arena: inout Arena, count: Int) {
        // A power of two, so that tickets may wrap.
        var capacity: UInt32 = 1
        while capacity < UInt32(count) { capacity *= 2 }
        self.capacity = capacity
        ring = arena.carve("receipts", key: "max_incoming_inflight", count: Int(capacity), of: Receipt.self)
    }

    /// Whether a further message can be noted.
    var hasRoom: Bool { end &- begin < capacity || self[begin].pointee.isOld }
    var isEmpty: Bool { end == begin }

    private subscript(_ ticket: UInt32) -> UnsafeMutablePointer<Receipt> { ring + Int(ticket & (capacity - 1)) }

    /// Notes a message that was not there before; there is room.
    mutating func add(_ packetID: UInt16, _ qos: QoS) -> UInt32 {
        // An old one has waited for a repetition that did not come.
        if end &- begin == capacity { dropFirst() }
        self[end].pointee = Receipt(packetID: packetID, qos: qos, isDone: false, isOld: false, isSent: false)
        end &+= 1
        return end &- 1
    }

    /// Whether the message is a repetition of one that the owner has already; it is acknowledged when that is done.
    mutating func renew(_ publish: Publish) -> Bool {
        guard oldCount > 0, let ticket = find(publish.packetID, publish.qos) else { return false }
        if !publish.isDuplicate, publish.qos == .atLeastOnce {
            // Another message with the same id: the broker does not know the old one any more.
            forget(ticket)
            return false
        }
        self[ticket].pointee.isOld = false
        oldCount -= 1
        return true
    }

    /// The message that was noted last was none: nothing is owed for it.
    mutating func takeBack(_ ticket: UInt32) {
        precondition(end &- 1 == ticket, "another message was noted since")
        end &-= 1
    }

    /// The owner is done with a message. Tickets of sessions that are gone mean nothing.
    mutating func done(_ ticket: UInt32) {
        guard ticket &- begin < end &- begin else { return }
        self[ticket].pointee.isDone = true
    }

    /// The next acknowledgement that may be sent, if any.
    mutating func next() -> (packetID: UInt16, qos: QoS)? {
        var ticket = begin
        while ticket != end {
            let receipt = self[ticket]
            if !receipt.pointee.isOld, !receipt.pointee.isSent {
                guard receipt.pointee.isDone else { break }
                receipt.pointee.isSent = true
                let answer = (receipt.pointee.packetID, receipt.pointee.qos)
                trim()
                return answer
            }
            ticket &+= 1
        }
        return nil
    }

    /// The connection has ended.
    mutating func connectionEnded() {
        oldCount = 0
        var ticket = begin
        while ticket != end {
            if !self[ticket].pointee.isSent {
                self[ticket].pointee.isOld = true
                oldCount += 1
            }
            ticket &+= 1
        }
    }

    /// The broker has forgotten the session.
    mutating func removeAll() {
        begin = end
        oldCount = 0
    }

    private func find(_ packetID: UInt16, _ qos: QoS) -> UInt32? {
        var ticket = begin
        while ticket != end {
            let receipt = self[ticket].pointee
            if receipt.isOld, receipt.packetID == packetID, receipt.qos == qos { return ticket }
            ticket &+= 1
        }
        return nil
    }

    private mutating func forget(_ ticket: UInt32) {
        oldCount -= 1
        self[ticket].pointee.isOld = false
        self[ticket].pointee.isSent = true
        trim()
    }

    private mutating func trim() {
        while begin != end, self[begin].pointee.isSent { begin &+= 1 }
    }

    private mutating func dropFirst() {
        if self[begin].pointee.isOld { oldCount -= 1 }
        begin &+= 1
        trim()
    }
}
