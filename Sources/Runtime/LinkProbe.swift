import Base
import Wire

// While another endpoint than the first serves: the way back.
extension Link {
    /// At most so long between two looks, if those before led to a connection that was not accepted.
    private var maxProbeMs: UInt32 { 3_600_000 }

    /// There is a connection. If a look has led to it, and yet not to the first endpoint, the next one waits longer.
    mutating func scheduleProbe() {
        if endpoint == 0 { probeMs = settings.primaryProbeMs }
        probeDue = now.advanced(byMs: probeMs)
    }

    /// When `probe` has something to do.
    var nextProbe: Tick? {
        if race.running > 0 { return race.due }
        return endpoint > 0 && !settings.isRoundRobin && settings.primaryProbeMs > 0 ? probeDue : nil
    }

    /// Looks whether the first endpoint accepts connections, if it is time.
    mutating func probe<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        guard let due = nextProbe, !now.isBefore(due) else { return }
        if race.running == 0 {
            probeDue = now.advanced(byMs: probeMs)
            isProbeAsked = !prepare(0, &io)
            if isProbeAsked { return }
        }
        heedProbe(race.advance(now, &io), &io)
    }

    mutating func heedProbe<Net: ClientIO & ~Copyable>(_ outcome: Race.Outcome, _ io: inout Net) {
        guard case .won(let descriptor) = outcome else { return }
        io.close(descriptor)
        guard state == .up else { return }
        probeMs = min(2 * probeMs, maxProbeMs)
        disconnect(&io)
        isYielding = true
    }
}
