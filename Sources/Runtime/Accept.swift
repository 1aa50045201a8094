import Base
import Broker
import Wire

extension Server where Net: ~Copyable {
    /// Connections taken from one listener in one turn, so that a storm does not starve those already served.
    private var acceptsPerTurn: Int { 32 }
    private var acceptRestMs: UInt32 { 1000 }

    mutating func accept(_ listener: Listener) {
        var accepted = 0
        while accepted < acceptsPerTurn {
            accepted += 1
            var peer = Address.any
            switch io.accept(listener.descriptor, from: &peer) {
            case .done(let descriptor):
                welcome(Int32(descriptor), peer)
            case .again:
                return
            case .closed:
                // The peer had left before its turn came.
                continue
            case .exhausted, .failed:
                acceptRestsUntil = now.advanced(byMs: acceptRestMs)
                watchListeners(0)
                reportAcceptFailure(listener.address)
                return
            }
        }
    }

    private mutating func welcome(_ descriptor: Int32, _ peer: Address) {
        guard let handle = memory.connections.take(Connection(descriptor: descriptor, peer: peer, now: now)) else {
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
        updateDeadline(handle)
    }

    mutating func watchListeners(_ interest: UInt32) {
        var i = 0
        while i < listenerCount {
            io.rewatch(listeners[i].descriptor, interest: interest, token: UInt32(i))
            i += 1
        }
    }
}
