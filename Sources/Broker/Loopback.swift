import Base
import Config
import Engine
import Wire

/// The loopback channel: how a bridge, in the same process, is a client of the broker. What a client on the network
/// says in packets it says in calls, `subscribe`, `publish` and `release` among them; what a client is sent it takes by
/// `nextForward`. The session, its access rules and the promises of QoS 1 and 2 are those of any client.
extension Broker {
    /// Opens the session of a bridge, which lasts as long as the broker. Without a user name it may read and write
    /// everything. Nil when another client has the id.
    public mutating func openLoopback(
        _ index: Int, clientID: ByteView, userName: ByteView?, now: Tick
    ) -> Handle<Session>? {
        guard sessions.find(clientID) == nil,
            let name = sessions.storeUserName(accessList.isOn ? userName ?? .empty : .empty),
            let session = sessions.insert(clientID, link: .none, isClean: false)
        else { return nil }
        sessions.setUserName(session, name)
        sessions[session].pointee.isBridge = true
        sessions[session].pointee.isTrusted = userName == nil
        sessions[session].pointee.spool = UInt8(index + 1)
        spools[index].session = session
        return session
    }

    /// The remote can be reached from now on, by the link.
    public mutating func remoteCame(_ index: Int, link: Handle<SessionLink>) {
        let spool = spools + index
        let session = sessions[spool.pointee.session]
        expiries.cancel(spool.pointee.session.index)
        session.pointee.link = link
        spool.pointee.isDraining = !session.pointee.queue.isEmpty
        spool.pointee.isLiveNext = false
        if spool.pointee.isDraining { markDirty(spool.pointee.session) } else { spool.pointee.topics.removeAll() }
    }

    /// The remote is out of reach. What is under way stays so: the link says when it has arrived after all.
    public mutating func remoteLeft(_ index: Int, now: Tick) {
        let spool = spools + index
        let handle = spool.pointee.session
        let session = sessions[handle]
        guard session.pointee.link.isSome else { return }
        session.pointee.link = .none
        joinLanes(spool)
        if !spool.pointee.limits.keepsQoS0 {
            let removed = removeQueued(handle) { _, delivery in delivery.flags.qos == .atMostOnce }
            spool.pointee.drops.offline &+= removed
            if removed > 0 { spool.pointee.hasGaps = true }
        }
        indexTopics(spool)
        scheduleExpiry(handle, now: now)
    }

    /// Forgets all that waits or is under way.
    public mutating func cleanSpool(_ index: Int) {
        let spool = spools + index
        let session = sessions[spool.pointee.session]
        var count: UInt32 = 0
        joinLanes(spool)
        while let delivery = session.pointee.inFlight.removeFirst(in: deliveries) {
            drop(delivery)
            count += 1
        }
        count += removeQueued(spool.pointee.session) { _, _ in true }
        spool.pointee.topics.removeAll()
        spool.pointee.drops.cleaned &+= count
        if count > 0 { spool.pointee.hasGaps = true }
    }

    /// Puts what is live behind the backlog.
    private func joinLanes(_ spool: UnsafeMutablePointer<Spool>) {
        let session = sessions[spool.pointee.session]
        while let delivery = spool.pointee.live.removeFirst(in: deliveries) {
            session.pointee.queue.append(delivery, in: deliveries)
        }
        spool.pointee.isDraining = false
    }

    /// Puts new limits in force, as far as they do not size memory.
    public mutating func useSpool(_ index: Int, _ limits: SpoolLimits) { spools[index].limits = limits }

    /// What is retained here and matches the filter is sent to the remote.
    public mutating func syncRetained(_ index: Int, _ filter: ByteView, _ qos: QoS) {
        sendRetained(spools[index].session, filter, qos: qos)
    }

    /// Whether anything was dropped that may have been retained; asking clears it.
    public mutating func takeGaps(_ index: Int) -> Bool {
        defer { spools[index].hasGaps = false }
        return spools[index].hasGaps
    }

    /// The link has lost something that may have been retained.
    public mutating func noteGaps(_ index: Int) { spools[index].hasGaps = true }

    public func isReachable(_ index: Int) -> Bool { sessions[spools[index].session].pointee.link.isSome }

    public func spoolDrops(_ index: Int) -> SpoolDrops { spools[index].drops }

    /// What waits, and what is under way.
    public func spoolUse(_ index: Int) -> (messages: Int, bytes: Int, underWay: Int) {
        let (messages, bytes) = waiting(spools + index)
        return (messages, bytes, Int(sessions[spools[index].session].pointee.inFlight.count))
    }
}

// What the spools may hold is kept free for them: the house cannot use it up, nor can they use up what is the house's.
extension Broker {
    /// Deliveries, messages and slabs that spools may still ask for.
    var spoolReserve: (records: Int, slabs: Int) {
        var (records, slabs) = (0, 0)
        var i = 0
        while i < spoolCount {
            let (messages, bytes) = waiting(spools + i)
            let limits = spools[i].limits
            records += max(0, limits.maxMessages - messages)
            slabs += max(
                0, SpoolLimits.slabs(messages: limits.maxMessages, bytes: limits.maxBytes)
                    - SpoolLimits.slabs(messages: messages, bytes: bytes))
            i += 1
        }
        return (records, slabs)
    }
}
