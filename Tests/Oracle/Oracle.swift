import Base
import Broker
import Config
import Sim
import Wire

/// Watches a simulation through the clients' eyes and says when the broker breaks a promise.
///
/// It knows nothing of how the broker works. Where messages may be dropped, it counts them: no more may be missing than
/// the broker says that it has dropped.
public struct Oracle {
    /// A promise that was broken.
    public struct Finding: CustomStringConvertible {
        public let seed: UInt32
        public let step: Int
        public let client: Int
        public let rule: String

        public var description: String { "seed=\(seed) step=\(step) client=\(client) rule=\(rule)" }
    }

    public private(set) var findings: [Finding] = []
    let scenario: Scenario
    let limits: Limits
    var clients: [ClientModel]
    var messages: [Key: MessageModel] = [:]
    /// By topic, in the order in which they were sent. One client has the topic, so there is one order.
    var retained: [UInt8: [RetainedChange]] = [:]
    /// What the last client was sent as retained, by topic.
    var seenRetained: [UInt8: SimMessage] = [:]
    /// Counts events.
    var event = 0
    var step = 0
    var drops = DropCounters()
    /// The brokers that a bridge connects to.
    var remotes: [RemoteModel] = []

    public init(_ simulation: borrowing Simulation) {
        scenario = simulation.scenario
        limits = simulation.limits
        clients = Array(repeating: ClientModel(), count: Scenario.maxClients + 1)
        guard scenario.isBridge else { return }
        // Remotes publish as clients do, and have their numbers.
        clients = Array(repeating: ClientModel(), count: SimRemote.firstNumber + scenario.bridge.count)
        remotes = (0..<scenario.bridge.count).map { _ in RemoteModel() }
    }

    /// Looks at all that was observed in the last step.
    public mutating func watch(_ simulation: borrowing Simulation) {
        step = simulation.stepNumber
        drops = simulation.drops
        for i in remotes.indices {
            remotes[i].drops = simulation.spoolDrops(i)
            remotes[i].use = simulation.spoolUse(i)
            remotes[i].isUp = simulation.isBridgeUp(i)
            remotes[i].justArrived = []
        }
        for i in 0..<simulation.observationCount {
            event += 1
            see(simulation[i])
        }
        for i in remotes.indices {
            checkFull(i)
            checkReplaced(i)
        }
    }

    mutating func find(_ client: Int, _ rule: String) {
        findings.append(Finding(seed: scenario.seed, step: step, client: client, rule: rule))
    }

    mutating func see(_ seen: Observation) {
        let client = Int(seen.client)
        if client >= SimRemote.firstNumber {
            seeRemote(client - SimRemote.firstNumber, seen)
            return
        }
        switch seen.kind {
        case .connecting: connecting(client, seen)
        case .connected: connected(client, seen)
        case .refused, .insulting, .calming: break
        case .leaving: clients[client].hasLeft = true
        case .ended: ended(client, seen)
        case .publishing: publishing(client, seen)
        case .acknowledged: acknowledged(client, Key(seen.message!), seen.at)
        case .subscribing, .unsubscribing:
            clients[client].unconfirmed.append(.request)
            change(client, seen.filter) {
                if seen.kind == .subscribing { $0.removed = nil }
                $0.maxQoS = max($0.maxQoS, seen.qos.rawValue)
                $0.outstanding += 1
                $0.sureSince = nil
            }
        case .subscribed, .notSubscribed, .unsubscribed: answered(client, seen)
        case .pinging:
            clients[client].unconfirmed.append(.ping)
            clients[client].pingedAt = seen.at
        case .ponged:
            clients[client].aliveAt = clients[client].pingedAt
            confirm(client, seen.at) { if case .ping = $0 { true } else { false } }
        case .delivered: delivered(client, seen)
        case .violated: find(client, "\(Observation.Violation(rawValue: seen.code)!)")
        case .resting: if seen.flag { checkRetained() } else { checkAtRest(seen.at) }
        case .called, .callAnswered, .lookup, .lookedUp, .asked, .askedNoMore, .noted, .changed, .restarted: break
        }
    }

    private mutating func checkAtRest(_ now: Tick) {
        checkDelivered(now)
        for i in remotes.indices { checkRemote(i) }
    }

    // Sessions.

    mutating func connecting(_ client: Int, _ seen: Observation) {
        clients[client].connectSentAt = seen.at
        clients[client].isClean = seen.flag
        clients[client].hasLeft = false
        clients[client].will = seen.message
        clients[client].unconfirmed = []
        if seen.flag {
            clients[client].beginEpoch()
            clients[client].surelyHasSession = false
        }
        if let will = seen.message {
            messages[Key(will)] = MessageModel(
                message: will, firstSent: event, sentAt: seen.at, timesSent: 1,
                candidates: mayWrite(client, will.topic) ? candidates(will) : [])
        }
    }

    mutating func connected(_ client: Int, _ seen: Observation) {
        let isPresent = seen.flag
        if isPresent, !clients[client].mayHaveSession { find(client, "a session from nowhere") }
        let expiryMs = UInt32(limits.persistentClientExpirationSeconds) * 1000
        if !clients[client].isClean, clients[client].surelyHasSession, let since = clients[client].absentSince {
            if !isPresent, expiryMs == 0 || seen.at.msSince(clients[client].aliveAt) < expiryMs {
                find(client, "session lost")
            }
            if isPresent, expiryMs > 0, knowsEnd(client),
                clients[client].connectSentAt.msSince(since) > expiryMs + expiryMs / 4 + 2000
            {
                find(client, "session not expired")
            }
        }
        if !isPresent, !clients[client].isClean { clients[client].beginEpoch() }
        if clients[client].isSessionDoubtful {
            clients[client].doubtSession()
            for (key, model) in messages where Int(key.publisher) == client && model.confirmedAt == nil {
                messages[key]!.mayRepeat = true
            }
        }
        clients[client].isConnected = true
        clients[client].aliveAt = clients[client].connectSentAt
        clients[client].connection += 1
        clients[client].mayHaveSession = !clients[client].isClean
        clients[client].surelyHasSession = !clients[client].isClean
    }

    /// Whether the server knew of the end of the last connection at once.
    func knowsEnd(_ client: Int) -> Bool { scenario.isFaultless && clients[client].ending != .halfOpen }

    mutating func ended(_ client: Int, _ seen: Observation) {
        let ending = Observation.Ending(rawValue: seen.code)!
        if let will = clients[client].will, clients[client].isConnected {
            if !clients[client].hasLeft {
                // It is published at the latest when the client comes back.
                messages[Key(will)]!.confirmedAt = seen.at
            } else if ending == .orderly, scenario.isFaultless, !scenario.isTight, limits.maxMessageRate == 0 {
                // Nothing kept the server from reading DISCONNECT, so nobody may ever get it [MQTT-3.14.4-3].
                messages[Key(will)] = nil
            }
        }
        let expirySeconds = UInt32(limits.persistentClientExpirationSeconds)
        if !clients[client].isConnected, expirySeconds > 0,
            seen.at.msSince(clients[client].aliveAt) >= expirySeconds * 1000
        {
            clients[client].isSessionDoubtful = true
        }
        clients[client].will = nil
        if !clients[client].isClean { clients[client].mayHaveSession = true }
        clients[client].absentSince = seen.at
        clients[client].ending = ending
        clients[client].isConnected = false
        clients[client].unconfirmed = []
        clients[client].required = clients[client].required.filter { $0.value > 0 }
        for filter in clients[client].subscriptions.keys { clients[client].subscriptions[filter]!.outstanding = 0 }
        if clients[client].isClean { clients[client].beginEpoch() }
    }
}
