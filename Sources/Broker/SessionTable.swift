import Base

/// All sessions, found by client id [MQTT-3.1.3-2].
struct SessionTable: ~Copyable {
    private var pool: Pool<Session>
    /// Client ids.
    private var texts: Slabs
    private let buckets: UnsafeMutablePointer<Handle<Session>>
    private let bucketMask: UInt32
    private let hash: KeyedHash

    /// Most ids (`mosq-` and 18 characters, a UUID without dashes) take one or two.
    private static var textBytes: Int { 24 }

    init(_ arena: inout Arena, maxClients: Int, maxClientIDBytes: Int, hash: KeyedHash) {
        pool = Pool(&arena, "sessions", key: "global_max_clients", count: maxClients)
        // A client with the longest id takes `maxClientIDBytes`; two slabs each is what ids need in the field, and one
        // long id must fit in any case.
        let longest = (maxClientIDBytes + SessionTable.textBytes - 1) / SessionTable.textBytes
        texts = Slabs(
            &arena, "client ids", key: "global_max_clients", count: 2 * maxClients + longest,
            bytes: SessionTable.textBytes)
        let count = powerOfTwo(atLeast: maxClients)
        buckets = arena.carve("session buckets", key: "global_max_clients", count: count, of: Handle<Session>.self)
        bucketMask = UInt32(count - 1)
        self.hash = hash
    }

    var inUse: Int { pool.inUse }

    func handle(at index: Int) -> Handle<Session>? { pool.handle(at: index) }

    subscript(_ handle: Handle<Session>) -> UnsafeMutablePointer<Session> { pool[handle] }

    func find(_ clientID: ByteView) -> Handle<Session>? {
        let wanted = hash.hash(clientID)
        var handle = buckets[bucket(wanted)]
        while handle.isSome {
            let session = pool[handle]
            if session.pointee.idHash == wanted, texts.equals(session.pointee.clientID, clientID) { return handle }
            handle = session.pointee.nextInBucket
        }
        return nil
    }

    /// A new session; nil when there is no room for it. The client id must not be in the table.
    mutating func insert(_ clientID: ByteView, link: Handle<Link>, isClean: Bool) -> Handle<Session>? {
        var text = Chain()
        guard pool.free > 0, texts.append(clientID, to: &text) else { return nil }
        let idHash = hash.hash(clientID)
        let bucket = bucket(idHash)
        guard let handle = pool.take(
            Session(
                clientID: text, idHash: idHash, nextInBucket: buckets[bucket], link: link, isClean: isClean))
        else { preconditionFailure("a free record was there") }
        buckets[bucket] = handle
        return handle
    }

    /// Takes the session out and gives its record back. Nothing may hang on it any more.
    mutating func remove(_ handle: Handle<Session>) {
        let session = pool[handle]
        let bucket = bucket(session.pointee.idHash)
        if buckets[bucket] == handle {
            buckets[bucket] = session.pointee.nextInBucket
        } else {
            var before = pool[buckets[bucket]]
            while before.pointee.nextInBucket != handle { before = pool[before.pointee.nextInBucket] }
            before.pointee.nextInBucket = session.pointee.nextInBucket
        }
        texts.free(&session.pointee.clientID)
        pool.give(handle)
    }

    /// Calls `body` with the client id's bytes, one piece after the other.
    func readClientID(_ handle: Handle<Session>, _ body: (ByteView) -> Void) {
        var reader = ChainReader(pool[handle].pointee.clientID)
        while let run = reader.next(in: texts) { body(run) }
    }

    private func bucket(_ hash: UInt32) -> Int { Int(hash & bucketMask) }
}

/// The smallest power of two that is not less than `count`.
func powerOfTwo(atLeast count: Int) -> Int {
    var power = 1
    while power < count { power *= 2 }
    return power
}
