import Base
import Wire

/// All sessions, found by client id [MQTT-3.1.3-2].
struct SessionTable: ~Copyable {
    private var pool: Pool<Session>
    /// Client ids and user names.
    private var texts: Slabs
    /// By session index: empty for an anonymous client. Nil where no access file asks for it.
    private let userNames: UnsafeMutablePointer<Stored>?
    private let buckets: UnsafeMutablePointer<Handle<Session>>
    private let bucketMask: UInt32
    private let hash: KeyedHash

    private static var textBytes: Int { 24 }

    init(_ arena: inout Arena, maxClients: Int, maxClientIDBytes: Int, keepsUserNames: Bool, hash: KeyedHash) {
        pool = Pool(&arena, "sessions", key: "global_max_clients", count: maxClients)
        // Two slabs each hold what ids have in the field (a UUID behind a prefix), one holds most user names, and one
        // long id and one long name must fit in any case.
        let longest = (maxClientIDBytes + SessionTable.textBytes - 1) / SessionTable.textBytes
        let count = keepsUserNames ? 3 * maxClients + 2 * longest : 2 * maxClients + longest
        texts = Slabs(
            &arena, "client names", key: "global_max_clients", count: count, bytes: SessionTable.textBytes)
        // One or two sessions each, when all are there: they are told apart by their hashes.
        let bucketCount = powerOfTwo(atLeast: (maxClients + 1) / 2)
        buckets = arena.carve(
            "session buckets", key: "global_max_clients", count: bucketCount, of: Handle<Session>.self)
        bucketMask = UInt32(bucketCount - 1)
        let names = arena.carve(
            "user names", key: "global_max_clients", count: keepsUserNames ? maxClients : 0, of: Stored.self)
        userNames = keepsUserNames ? names : nil
        self.hash = hash
    }

    var inUse: Int { pool.inUse }
    var use: PoolUse { pool.use("sessions") }
    var textUse: PoolUse { texts.use("client-names") }

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
    mutating func insert(_ clientID: ByteView, link: Handle<SessionLink>, isClean: Bool) -> Handle<Session>? {
        guard pool.hasRoom(), let text = texts.store(clientID) else { return nil }
        let idHash = hash.hash(clientID)
        let bucket = bucket(idHash)
        guard let handle = pool.take(
            Session(
                clientID: text, idHash: idHash, nextInBucket: buckets[bucket], link: link, isClean: isClean))
        else { preconditionFailure("a free record was there") }
        buckets[bucket] = handle
        userNames?[handle.index] = .empty
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
        texts.free(session.pointee.clientID)
        texts.free(userName(of: handle))
        pool.give(handle)
    }

    func clientID(of handle: Handle<Session>, equals id: ByteView) -> Bool {
        texts.equals(pool[handle].pointee.clientID, id)
    }

    /// Whether the client has this user name; an empty one stands for having none.
    func userName(of handle: Handle<Session>, equals name: ByteView) -> Bool {
        texts.equals(userName(of: handle), name)
    }

    /// False when there is none, when it does not fit, or when it has a character with a meaning in topics.
    func writeUserName(of handle: Handle<Session>, to writer: inout ByteWriter) -> Bool {
        write(userName(of: handle), to: &writer)
    }

    func writeClientID(of handle: Handle<Session>, to writer: inout ByteWriter) -> Bool {
        write(pool[handle].pointee.clientID, to: &writer)
    }

    private func write(_ name: Stored, to writer: inout ByteWriter) -> Bool {
        guard name.count > 0 else { return false }
        var reader = ChainReader(name)
        while let run = reader.next(in: texts) {
            guard run.count <= writer.room, !TopicName.hasSpecial(run) else { return false }
            writer.bytes(run)
        }
        return true
    }

    /// A user name to give to a session; nil when there is no room for it.
    mutating func storeUserName(_ name: ByteView) -> Stored? { texts.store(name) }
    mutating func freeUserName(_ name: Stored) { texts.free(name) }

    mutating func setUserName(_ handle: Handle<Session>, _ name: Stored) {
        guard let userNames else {
            precondition(name.count == 0, "user names are not kept")
            return
        }
        texts.free(userNames[handle.index])
        userNames[handle.index] = name
    }

    private func userName(of handle: Handle<Session>) -> Stored { userNames?[handle.index] ?? .empty }

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
