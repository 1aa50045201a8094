import Base
import Runtime
import Sim
import Wire

/// Watches a link through the eyes of its owner and of the remote broker: what was promised arrives, in order, not
/// twice where that is promised, and attempts to connect keep their distance.
public struct LinkOracle {
    public private(set) var findings: [String] = []
    let seed: UInt32
    let settings: LinkSettings
    var step = 0
    var counters: LinkCounters
    var hasSentAll = false
    /// Counts the remote's sessions.
    var epoch = 0
    var out = Direction()
    var back = Direction()
    /// The end of the last attempt, until the next one; and how many attempts in a row came to nothing.
    var endedAt: Tick?
    var upSince: Tick?
    var failures = 0

    /// Messages in one direction.
    struct Direction {
        /// How often the sender has begun to send it, and the session in which it did so last.
        var sent: [Key: (message: SimMessage, fresh: Int, epoch: Int, isOwed: Bool)] = [:]
        var arrivals: [Key: Int] = [:]
        var inEpoch: [Key: Int] = [:]
        var last: [UInt8: UInt16] = [:]
    }

    public init(_ simulation: borrowing LinkSimulation) {
        seed = simulation.seed
        settings = simulation.settings
        counters = simulation.counters
    }

    public mutating func watch(_ simulation: borrowing LinkSimulation) {
        step = simulation.stepNumber
        counters = simulation.counters
        hasSentAll = simulation.hasSentAll
        for i in 0..<simulation.observationCount { see(simulation[i]) }
    }

    mutating func find(_ rule: String) { findings.append("seed=\(seed) step=\(step) rule=\(rule)") }

    mutating func see(_ seen: Observation) {
        let isRemote = seen.client >= 8
        switch seen.kind {
        case .publishing: isRemote ? sentBack(seen) : sent(seen)
        case .delivered: isRemote ? arrived(seen) : arrivedBack(seen)
        case .acknowledged: back.sent[Key(seen.message!)]!.isOwed = true
        case .connected where isRemote: if !seen.flag { newSession() }
        case .connected: upSince = seen.at
        case .called, .lookup: attempted(seen.at)
        case .ended where !isRemote:
            attempted(seen.at)
            ended(seen.at)
            // The first of several brokers is back, and is gone to at once.
            if seen.code == 1 { endedAt = nil }
        case .restarted where seen.flag: newSession()
        case .violated: find("\(Observation.Violation(rawValue: seen.code)!) seen by \(seen.client)")
        case .resting: checkAll()
        default: break
        }
    }

    mutating func newSession() {
        epoch += 1
        out.inEpoch = [:]
        // What the remote has forgotten it does not send again.
        for key in back.sent.keys where back.arrivals[key] == nil && !back.sent[key]!.isOwed {
            back.sent[key]!.epoch = -1
        }
    }

    // To the remote.

    mutating func sent(_ seen: Observation) {
        out.sent[Key(seen.message!)] = (seen.message!, 1, epoch, seen.message!.qos != .atMostOnce)
    }

    mutating func arrived(_ seen: Observation) {
        let message = seen.message!
        let key = Key(message)
        guard let model = out.sent[key], model.message == message, seen.qos == message.qos,
            seen.filter == message.topic, seen.isRetained == message.isRetained
        else {
            find("a message that nobody sent")
            return
        }
        guard seen.code == 0 else { return }
        let isFirst = out.arrivals[key] == nil
        out.arrivals[key, default: 0] += 1
        out.inEpoch[key, default: 0] += 1
        if !isFirst, !seen.flag { find("again without DUP: \(key.number)") }
        if message.qos == .exactlyOnce, out.inEpoch[key]! > 1 { find("QoS 2 twice: \(key.number)") }
        guard isFirst else { return }
        if let last = out.last[message.qos.rawValue], last > key.number { find("out of order: \(key) after \(last)") }
        out.last[message.qos.rawValue] = key.number
    }

    // From the remote.

    mutating func sentBack(_ seen: Observation) {
        let key = Key(seen.message!)
        var model = back.sent[key] ?? (seen.message!, 0, epoch, false)
        if !seen.flag {
            model.fresh += 1
            if seen.qos != .atMostOnce { model.epoch = epoch }
        }
        if seen.qos == .atMostOnce { model.epoch = -1 }
        back.sent[key] = model
    }

    mutating func arrivedBack(_ seen: Observation) {
        let message = seen.message!
        let key = Key(message)
        guard let model = back.sent[key], model.message == message, seen.filter == message.topic else {
            find("a message that nobody sent back")
            return
        }
        let isFirst = back.arrivals[key] == nil
        if seen.qos != .atLeastOnce || !seen.flag || isFirst { back.arrivals[key, default: 0] += 1 }
        if back.arrivals[key]! > model.fresh { find("delivered twice: \(key.publisher):\(key.number)") }
        // Echoes of what was sent again come when they come.
        guard isFirst, key.publisher != 0 else { return }
        if let last = back.last[seen.qos.rawValue], last > key.number {
            find("out of order: \(key.publisher):\(key.number) after \(last)")
        }
        back.last[seen.qos.rawValue] = key.number
    }

    mutating func checkAll() {
        if !hasSentAll { find("not all was sent") }
        let lost = out.sent.filter { $0.value.isOwed && out.arrivals[$0.key] == nil }
        if lost.count > Int(counters.droppedFull) + Int(counters.droppedExpired) {
            find("lost: \(lost.keys.map(\.number).sorted())")
        }
        if !settings.dropsOldest, counters.droppedFull > 0 { find("dropped though the policy says no") }
        if settings.queueExpiryMs == 0, counters.droppedExpired > 0 { find("expired though nothing does") }
        for (key, model) in back.sent where model.epoch >= 0 || model.isOwed {
            if back.arrivals[key] == nil { find("lost \(key.publisher):\(key.number)") }
        }
    }

    // Attempts.

    mutating func ended(_ at: Tick) {
        if let since = upSince, at.msSince(since) >= 10_000 { failures = 0 }
        upSince = nil
        endedAt = at
    }

    mutating func attempted(_ at: Tick) {
        guard let ended = endedAt else { return }
        endedAt = nil
        var span = settings.retryMs
        for _ in 0..<failures where span < settings.maxRetryMs { span = min(span * 2, settings.maxRetryMs) }
        failures += 1
        let wait = at.msSince(ended)
        if wait < span / 2 { find("tried again after \(wait) ms, though \(failures) attempts have failed") }
        // The owner looks once a second.
        if wait > span + 2000 { find("not tried again for \(wait) ms") }
    }
}
