import Base
import Runtime
import Wire

// After the storm: everybody comes back, then everybody leaves, and the broker must be as it was.
extension Simulation {
    /// What is done in one step of the parts behind the first.
    mutating func settle() {
        switch part {
        case .calming: comeBack()
        case .clearing: clear()
        case .checking, .acting, .finished: break
        case .leaving: comeToLeave()
        }
    }

    /// Goes on to the next part when this one is done.
    mutating func goOn() {
        checkInsults()
        if part == .acting {
            guard stepNumber >= scenario.stepCount else { return }
            pauseLeftMs = 0
            server.io.faults = Faults()
            server.io.isCutOff = false
            far.calm(&server.io)
            takeFar()
            see(.calming, 0)
            begin(.calming)
            return
        }
        // Longer than any rest that the server gives itself or others, or the network takes.
        guard isQuiet, now.msSince(lastActivity) > 4000, part != .clearing || topicToClear == Vocabulary.topicCount
        else {
            if now.msSince(partBegan) > 600_000, part != .finished {
                violation(.neverAtRest, 0)
                part = .finished
            }
            return
        }
        switch part {
        case .acting, .finished: break
        case .calming:
            see(.resting, 0)
            begin(.checking)
            connect(checker, isClean: true)
        case .checking:
            if clients[checker].phase == .connected, !hasAskedForAll {
                hasAskedForAll = true
                subscribe(checker, UInt8(Vocabulary.allTopics), .atLeastOnce)
                lastActivity = now
            } else if clients[checker].phase == .absent {
                connect(checker, isClean: true)
            } else {
                see(.resting, checker) { $0.flag = true }
                begin(.clearing)
            }
        case .clearing: begin(.leaving)
        case .leaving:
            // Connections on which nothing ever came have their time, too.
            advance(byMs: 65_000)
            checkPools()
            part = .finished
        }
    }

    private mutating func begin(_ next: Part) {
        part = next
        partBegan = now
        lastActivity = now
        var i = 0
        while i < clientCount {
            clients[i].readsAgainAt = nil
            if next == .leaving { clients[i].hasVanished = true }
            i += 1
        }
    }

    private var checker: Int { clientCount - 1 }

    private var isQuiet: Bool {
        var i = 0
        while i < clientCount {
            if !clients[i].isAtRest { return false }
            if clients[i].phase != .absent, server.io.peerUnsent(clients[i].peer) > 0 { return false }
            i += 1
        }
        return isFarQuiet
    }

    /// Nothing waits for a remote, but for what a lazy connection need not send yet.
    private var isFarQuiet: Bool {
        var i = 0
        while i < scenario.bridge.count {
            let connection = scenario.bridge[i]
            let use = server.spoolUse(i)
            let mayWait = connection.isLazy ? connection.threshold - 1 : 0
            if use.messages > mayWait || use.underWay > 0 { return false }
            if !connection.isLazy, !server.isBridgeUp(i) { return false }
            i += 1
        }
        return far.isQuiet(server.io)
    }

    private mutating func comeBack() {
        var i = 0
        while i < clientCount {
            if clients[i].phase == .absent, !clients[i].isAtRest { connect(i, isClean: clients[i].isClean) }
            i += 1
        }
    }

    /// Each retained message is cleared by the client whose topic it is.
    private mutating func clear() {
        comeBack()
        guard topicToClear < Vocabulary.topicCount else { return }
        let owner = topicToClear % scenario.clientCount
        switch clients[owner].phase {
        case .absent: connect(owner, isClean: true)
        case .connecting: break
        case .connected:
            publish(owner, topic: UInt8(topicToClear), qos: .atLeastOnce, isRetained: true, length: 0)
            topicToClear += 1
        }
    }

    /// One after the other leaves, comes once more with a clean session, and leaves for good.
    private mutating func comeToLeave() {
        var i = 0
        while i < clientCount {
            defer { i += 1 }
            switch clients[i].phase {
            case .absent: if clients[i].hasVanished { connect(i, isClean: true) }
            case .connecting: break
            case .connected:
                if !clients[i].isClean { clients[i].hasVanished = true }
                let comesAgain = !clients[i].isClean
                leave(i)
                clients[i].isClean = true
                clients[i].hasVanished = comesAgain
            }
        }
    }

    /// A packet that must end the connection has been with the server for long.
    private mutating func checkInsults() {
        var i = 0
        while i < clientCount {
            if clients[i].hasInsulted, clients[i].phase != .absent, clients[i].output.count == 0,
                now.msSince(clients[i].lastSent) > 90_000
            {
                violation(.insultIgnored, i)
                clients[i].hasInsulted = false
            }
            i += 1
        }
    }

    /// What may be told of connections below `$SYS` that was not told at the start.
    private var toldSince: Int {
        var count = 0
        var i = 0
        while i < scenario.bridge.count {
            let connection = scenario.bridge[i]
            count += !scenario.bridge.isWarm ? 6 : connection.isLazy ? 2 : 0
            // What may wait for ever, in as many slabs as it likes.
            if connection.isLazy { count += 15 * connection.threshold }
            i += 1
        }
        return count
    }

    private mutating func checkPools() {
        var i = 0
        while let use = server.poolUse(i) {
            if use.inUse < usedAtStart[i] || use.inUse > usedAtStart[i] + toldSince { violation(.notGivenBack, i) }
            if use.inUse > use.highWater || use.highWater > use.capacity { violation(.pool, i) }
            i += 1
        }
    }
}
