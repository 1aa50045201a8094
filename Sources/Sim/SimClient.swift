import Base
import Wire

/// A client that keeps to the standard, on a network that does not. What it sends and how it takes what comes stands in
/// `Simulation`'s extensions.
struct SimClient {
    let number: UInt8
    var phase = Phase.absent
    /// The connection's number in `SimIO`.
    var peer = 0
    var isClean = true
    var keepAliveSeconds: UInt16 = 0
    var lastSent = Tick.zero
    /// It reads nothing before.
    var readsAgainAt: Tick?
    /// Nothing from the server is to come any more but the end.
    var hasInsulted = false
    /// It has forgotten a session that the server may still have: until CONNACK says that it is gone, no other will do.
    var mustBeClean = false
    var isPinging = false
    /// It vanished from a connection that the server may still take for alive, so it has to come back.
    var hasVanished = false
    var lastPacketID: UInt16 = 0
    var lastNumber: UInt16 = 0
    /// Messages of QoS 1 and 2 that are not done, in the order in which they were sent.
    var outgoing = Few<Outgoing>(filling: Outgoing())
    /// Ids of QoS 2 messages that came and are not released.
    var incoming = Few<UInt16>(filling: 0)
    /// How many of them, in front, came on an earlier connection. The server may have forgotten them with a session
    /// that has expired.
    var oldIncoming = 0
    var requests = Few<Request>(filling: Request())
    /// The part of a packet that has come, and what the network did not take yet.
    var input: ByteWriter
    var output: ByteWriter

    enum Phase: UInt8 {
        case absent
        /// CONNECT is sent.
        case connecting
        case connected
    }

    struct Outgoing {
        var packetID: UInt16 = 0
        var message = SimMessage.clearing(0, qos: .atMostOnce)
        /// PUBREC has come.
        var isReceived = false
    }

    struct Request {
        var packetID: UInt16 = 0
        var filter: UInt8 = 0
        var qos = QoS.atMostOnce
        var isSubscribe = true
    }

    static var maxOutgoing: Int { 8 }
    static var maxRequests: Int { 4 }
    static var bufferBytes: Int { 8192 }

    init(number: UInt8, input: UnsafeMutablePointer<UInt8>, output: UnsafeMutablePointer<UInt8>) {
        self.number = number
        self.input = ByteWriter(input, capacity: SimClient.bufferBytes)
        self.output = ByteWriter(output, capacity: SimClient.bufferBytes)
    }

    /// `c0`, `c1`, …
    func writeID(_ writer: inout ByteWriter) {
        writer.int16(2)
        writer.byte(UInt8(ascii: "c"))
        writer.byte(UInt8(ascii: "0") + number)
    }

    mutating func nextPacketID() -> UInt16 {
        repeat {
            lastPacketID = lastPacketID == 40 ? 1 : lastPacketID + 1
        } while isInUse(lastPacketID)
        return lastPacketID
    }

    private func isInUse(_ id: UInt16) -> Bool {
        var i = 0
        while i < outgoing.count {
            if outgoing[i].packetID == id { return true }
            i += 1
        }
        i = 0
        while i < requests.count {
            if requests[i].packetID == id { return true }
            i += 1
        }
        return false
    }

    func outgoingIndex(_ id: UInt16) -> Int? {
        var i = 0
        while i < outgoing.count {
            if outgoing[i].packetID == id { return i }
            i += 1
        }
        return nil
    }

    func requestIndex(_ id: UInt16, isSubscribe: Bool) -> Int? {
        var i = 0
        while i < requests.count {
            if requests[i].packetID == id, requests[i].isSubscribe == isSubscribe { return i }
            i += 1
        }
        return nil
    }

    func incomingIndex(_ id: UInt16) -> Int? {
        var i = 0
        while i < incoming.count {
            if incoming[i] == id { return i }
            i += 1
        }
        return nil
    }

    /// Forgets what a session holds.
    mutating func forgetSession() {
        outgoing.removeAll()
        incoming.removeAll()
        oldIncoming = 0
    }

    /// Whether it has nothing more to wait for.
    var isAtRest: Bool {
        switch phase {
        case .absent: isClean && !hasVanished
        case .connecting: false
        case .connected: outgoing.count == 0 && requests.count == 0 && !isPinging && output.count == 0
        }
    }
}

/// A short list of fixed room.
struct Few<Element> {
    private var elements: InlineArray<64, Element>
    private(set) var count = 0

    init(filling: Element) { elements = InlineArray(repeating: filling) }

    static var capacity: Int { 64 }

    subscript(_ index: Int) -> Element {
        get {
            precondition(index < count)
            return elements[index]
        }
        set {
            precondition(index < count)
            elements[index] = newValue
        }
    }

    mutating func append(_ element: Element) {
        elements[count] = element
        count += 1
    }

    mutating func remove(at index: Int) {
        precondition(index < count)
        var i = index + 1
        while i < count {
            elements[i - 1] = elements[i]
            i += 1
        }
        count -= 1
    }

    mutating func removeAll() { count = 0 }
}
