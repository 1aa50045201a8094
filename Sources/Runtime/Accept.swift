import Base
import Broker
import Config
import Wire

extension Server where Net: ~Copyable {
    /// Connections taken from one listener in one turn, so that a storm does not starve those already served.
    private var acceptsPerTurn: Int { 32 }
    private var acceptRestMs: UInt32 { 1000 }

    mutating func accept(_ listener: Int) {
        var accepted = 0
        while accepted < acceptsPerTurn, mayAccept() {
            accepted += 1
            var peer = Address.any
            switch io.accept(memory.listeners[listener].descriptor, from: &peer) {
            case .done(let descriptor):
                acceptedThisSecond += 1
                welcome(Int32(descriptor), peer, listener)
            case .again:
                return
            case .closed:
                // The peer had left before its turn came.
                continue
            case .exhausted, .absent, .failed:
                restAccepting(until: now.advanced(byMs: acceptRestMs))
                reportListener(.acceptFailed, listener)
                return
            }
        }
    }

    /// False once `max_connect_rate` is reached; then the system keeps the others waiting for the rest of the second.
    private mutating func mayAccept() -> Bool {
        guard settings.limits.maxConnectRate > 0 else { return true }
        if now.msSince(acceptSecond) >= 1000 {
            acceptSecond = now
            acceptedThisSecond = 0
        }
        if acceptedThisSecond < settings.limits.maxConnectRate { return true }
        restAccepting(until: acceptSecond.advanced(byMs: 1000))
        return false
    }

    private mutating func restAccepting(until: Tick) {
        acceptRestsUntil = until
        watchListeners(0)
    }

    private mutating func welcome(_ descriptor: Int32, _ peer: Address, _ listener: Int) {
        let limit = memory.listeners[listener].settings.maxConnections
        let fresh = Connection(descriptor: descriptor, peer: peer, listener: UInt8(listener), now: now)
        guard limit == 0 || memory.listeners[listener].connectionCount < limit,
            let handle = memory.connections.take(fresh)
        else {
            counters.refused &+= 1
            io.close(descriptor)
            return
        }
        guard case .done = io.watch(descriptor, interest: Event.readable, token: handle.raw) else {
            counters.refused &+= 1
            memory.connections.give(handle)
            io.close(descriptor)
            return
        }
        memory.listeners[listener].connectionCount += 1
        counters.accepted.add(1)
        updateDeadline(handle)
    }
}
