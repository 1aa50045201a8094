import Base
import Wire

/// A broker far away, as much of it as a bridge gets to see: one session, and what it does with its packets. What it
/// does and how it takes what comes stands in `FarSide`'s extensions.
public struct SimRemote {
    let number: UInt8
    /// What it makes of the bit that says that a bridge connects.
    var knowledge = Knowledge.knows
    var mood = Mood.open
    /// When it behaves well again; nil for not by itself.
    var moodEnds: Tick?
    var names = Names.known
    /// Addresses at which nobody answers, and such as refuse; a bit for each.
    var blackHoles: UInt8 = 0
    var refusals: UInt8 = 0
    /// The highest QoS it grants.
    var maxQoS = QoS.exactlyOnce
    /// How many messages of QoS 1 and 2 it sends before it waits.
    var window = 5
    /// What the topics of the vocabulary are called here, where they are mapped.
    var vocabulary = InlineArray<10, RemoteName>(repeating: RemoteName.none)
    var isMapped = false
    /// The visit whose session it is; below zero when nobody is connected.
    var visit = -1
    var hasSession = false
    var isClean = true
    /// The session's client is known as a bridge.
    var isBridge = false
    var filters = InlineArray<8, Filter>(repeating: Filter())
    var filterCount = 0
    var lastPacketID: UInt16 = 0
    var lastNumber: UInt16 = 0
    /// QoS 1 and 2: what is under way, and behind it what waits.
    var outgoing = Few<Outgoing>(filling: Outgoing())
    var sentCount = 0
    /// Ids of QoS 2 messages that came and are not released.
    var incoming = Few<UInt16>(filling: 0)

    public static var maxRemotes: Int { 2 }
    /// Publishers and observations have numbers above those of clients.
    public static var firstNumber: Int { 8 }
    static var addressCount: Int { 4 }

    enum Knowledge: UInt8 {
        /// A bridge gets nothing back.
        case knows
        /// CONNACK says that there is no such protocol; without the bit all is well, and echoes.
        case refuses
        /// The same without a word.
        case hangsUp
    }

    public enum Mood: UInt8 {
        case open
        /// Nobody listens.
        case refusing
        /// Nothing gets through, in any direction.
        case blackHole
        /// Calls are accepted, and that is all.
        case mute
        case hangingUp
        /// CONNACK says that the broker is unavailable; that the user is not known.
        case busy, hostile
    }

    enum Names: UInt8 {
        case known
        case unknown
        /// No name server answers, and the resolver says so, or does not.
        case unavailable, silent
    }

    struct Filter {
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        var count = 0
        var qos = QoS.atMostOnce
    }

    struct Outgoing {
        var packetID: UInt16 = 0
        var message = SimMessage.clearing(0, qos: .atMostOnce)
        var name = RemoteName.none
        var qos = QoS.atMostOnce
        /// It was sent on an earlier connection, too.
        var isAgain = false
        /// PUBREC has come.
        var isReceived = false
    }

    init(number: UInt8) { self.number = number }

    mutating func forgetSession() {
        hasSession = false
        filterCount = 0
        outgoing.removeAll()
        sentCount = 0
        incoming.removeAll()
    }

    /// The QoS with which a message of this name goes to the session; nil when nothing has subscribed to it.
    func granted(_ name: RemoteName) -> QoS? {
        var best: QoS?
        var i = 0
        while i < filterCount {
            let filter = filters[i]
            i += 1
            let isMatch = filter.bytes.span.withUnsafeBufferPointer {
                name.isMatched(by: ByteView($0.baseAddress!, filter.count))
            }
            guard isMatch else { continue }
            if let known = best, known.rawValue >= filter.qos.rawValue { continue }
            best = filter.qos
        }
        return best
    }

    func filterIndex(_ view: ByteView) -> Int? {
        var i = 0
        while i < filterCount {
            let isSame = filters[i].bytes.span.withUnsafeBufferPointer {
                view.equals(ByteView($0.baseAddress!, filters[i].count))
            }
            if isSame { return i }
            i += 1
        }
        return nil
    }

    mutating func add(_ view: ByteView, _ qos: QoS) -> Bool {
        var index = filterCount
        if let known = filterIndex(view) {
            index = known
        } else {
            guard filterCount < filters.count, view.count <= 32 else { return false }
            filterCount += 1
        }
        filters[index].count = view.count
        filters[index].qos = qos
        var i = 0
        while i < view.count {
            filters[index].bytes[i] = view[i]
            i += 1
        }
        return true
    }

    mutating func remove(_ view: ByteView) {
        guard let index = filterIndex(view) else { return }
        filterCount -= 1
        filters[index] = filters[filterCount]
    }

    mutating func nextPacketID() -> UInt16 {
        repeat {
            lastPacketID = lastPacketID == 200 ? 1 : lastPacketID + 1
        } while outgoingIndex(lastPacketID) != nil
        return lastPacketID
    }

    func outgoingIndex(_ id: UInt16) -> Int? {
        var i = 0
        while i < outgoing.count {
            if outgoing[i].packetID == id { return i }
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
}

/// A connection to a remote, or a call that may become one.
struct Visit {
    var phase = Phase.free
    /// The connection's number in `SimIO`.
    var peer = 0
    var remote = 0
    /// Which of the remote's addresses was called.
    var address = 0
    /// When the call is answered.
    var answerAt = Tick.zero
    var lastHeard = Tick.zero
    var keepAliveSeconds: UInt16 = 0
    var readsAgainAt: Tick?
    /// Ends as soon as all is sent.
    var isEnding = false
    var input: ByteWriter
    var output: ByteWriter

    enum Phase: UInt8 {
        case free
        case calling
        /// CONNECT is to come.
        case open
        case connected
    }

    static var bufferBytes: Int { 8192 }

    init(input: UnsafeMutablePointer<UInt8>, output: UnsafeMutablePointer<UInt8>) {
        self.input = ByteWriter(input, capacity: Visit.bufferBytes)
        self.output = ByteWriter(output, capacity: Visit.bufferBytes)
    }
}
