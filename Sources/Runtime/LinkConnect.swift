import Base
import Engine
import Wire

// From a name to a connection that CONNACK has accepted.
extension Link {
    /// The next endpoint of this attempt, whose address may have to be looked up first.
    @inline(never) mutating func tryEndpoint<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        while triedEndpoints < settings.endpointCount {
            triedEndpoints += 1
            endpoint = (endpoint + 1) % settings.endpointCount
            guard prepare(endpoint, &io) else {
                state = .resolving
                stateDue = now.advanced(byMs: resolveMs)
                return
            }
            if heed(race.advance(now, &io), &io) { return }
        }
        end(failure, &io)
    }

    /// How long the answer to a question for a name is waited for. Usually whoever looks it up gives up earlier.
    private var resolveMs: UInt32 { 30_000 }

    /// Gets ready for the addresses of an endpoint; false when its name has to be looked up first.
    mutating func prepare<Net: ClientIO & ~Copyable>(_ index: Int, _ io: inout Net) -> Bool {
        let place = settings.endpoints[index]
        race.prepare(
            Race.Rules(path: place.path, socket: settings.socket, token: token, timeoutMs: settings.connectTimeoutMs))
        if !place.path.isEmpty {
            race.add(.local)
        } else if let address = Address(parsing: place.host, port: place.port) {
            race.add(address)
        } else if place.host.equals("localhost") {
            race.add(Address(v4: Address.loopback.words.3, port: place.port))
            race.add(Address(words: (0, 0, 0, 1), port: place.port))
        } else {
            io.resolve(place.host, token: token)
            return false
        }
        return true
    }

    /// The answer to `resolve` has come.
    mutating func resolved<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        guard state == .resolving || state == .up && isProbeAsked else { return }
        var addresses = InlineArray<8, Address>(repeating: .any)
        var span = addresses.mutableSpan
        let resolution = span.withUnsafeMutableBufferPointer {
            io.resolution($0.baseAddress!, capacity: $0.count)
        }
        switch resolution {
        case .addresses(let count):
            let port = settings.endpoints[isProbeAsked ? 0 : endpoint].port
            var i = 0
            while i < count {
                addresses[i].port = port
                race.add(addresses[i])
                i += 1
            }
            race.interleave()
        case .notFound: failure = .notFound
        case .unavailable: failure = .notResolved
        case .pending: return
        }
        if isProbeAsked {
            isProbeAsked = false
            heedProbe(race.advance(now, &io), &io)
        } else if case .addresses = resolution {
            proceed(race.advance(now, &io), &io)
        } else {
            tryEndpoint(&io)
        }
    }

    /// Goes on with what the race has come to, or else with the next endpoint.
    mutating func proceed<Net: ClientIO & ~Copyable>(_ outcome: Race.Outcome, _ io: inout Net) {
        if !heed(outcome, &io) { tryEndpoint(&io) }
    }

    /// False when no address of the endpoint is left.
    private mutating func heed<Net: ClientIO & ~Copyable>(_ outcome: Race.Outcome, _ io: inout Net) -> Bool {
        switch outcome {
        case .running: state = .connecting
        case .won(let new): introduce(new, &io)
        case .lost(let reason):
            failure = reason
            return false
        }
        return true
    }

    /// There is a connection: sends CONNECT.
    private mutating func introduce<Net: ClientIO & ~Copyable>(_ new: Int32, _ io: inout Net) {
        descriptor = new
        interest = Event.writable
        state = .awaitingConnack
        stateDue = now.advanced(byMs: settings.connectTimeoutMs)
        machine = ClientConnection(level: settings.connect.level)
        lastHeard = now
        settings.connect.encode(to: &output)
        send(&io)
    }

    /// The connection is no good. One that CONNACK has not accepted was only one of several attempts.
    mutating func giveUp<Net: ClientIO & ~Copyable>(_ reason: LinkEnd, _ io: inout Net) {
        guard state == .awaitingConnack else {
            end(reason, &io)
            return
        }
        forgetConnection(&io)
        race.reject(reason, now)
        proceed(race.advance(now, &io), &io)
    }

    /// CONNACK has come.
    mutating func answered<Net: ClientIO & ~Copyable>(_ answer: Connack, _ io: inout Net) -> LinkEvent? {
        guard answer.code == .accepted else {
            // That would be so of all of them, and the owner may have another level to offer.
            guard answer.code != .unacceptableProtocol else { return ended(.refused(answer.code), &io) }
            // Another broker may say yes.
            forgetConnection(&io)
            failure = .refused(answer.code)
            tryEndpoint(&io)
            return told()
        }
        state = .up
        upSince = now
        scheduleProbe()
        counters.connects &+= 1
        // What a session has subscribed to comes unasked.
        hasSubscribed = answer.sessionPresent
        if !answer.sessionPresent {
            // [MQTT-3.1.2-6] What the broker does not remember it does not repeat.
            receipts.removeAll()
            inbound.removeAll(in: &inboundIDs)
        }
        return .connected(sessionPresent: answer.sessionPresent)
    }

    /// The connection, or the attempt to have one, is over.
    @inline(never) mutating func end<Net: ClientIO & ~Copyable>(_ reason: LinkEnd, _ io: inout Net) {
        race.close(&io)
        if state == .up || state == .leaving, now.msSince(upSince) >= settings.stableMs { backoff.succeeded() }
        state = .idle
        untold = reason
        isProbeAsked = false
        isYielding = false
        forgetConnection(&io)
    }

    /// The connection has gone: nothing of it is left but what the next one must repeat.
    private mutating func forgetConnection<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        if descriptor >= 0 {
            io.close(descriptor)
            descriptor = -1
        }
        machine.closed()
        peerEnd = nil
        isBlocked = false
        isBroken = false
        isDrained = true
        skip = nil
        isRefusing = false
        hasMoreToSend = false
        isPingWanted = false
        isPingOwed = false
        hasSubscribed = false
        hasDisconnected = false
        taken = 0
        filled = 0
        sent = 0
        output.removeAll()
        control.removeAll()
        receipts.connectionEnded()
        inbound.connectionEnded()
        outbox.connectionEnded()
    }

    /// As `giveUp`; what the owner is to be told, unless there is another attempt.
    mutating func failed<Net: ClientIO & ~Copyable>(_ reason: LinkEnd, _ io: inout Net) -> LinkEvent? {
        giveUp(reason, &io)
        return told()
    }

    /// As `end`; what the owner is to be told.
    mutating func ended<Net: ClientIO & ~Copyable>(_ reason: LinkEnd, _ io: inout Net) -> LinkEvent? {
        end(reason, &io)
        return told()
    }

    /// What the owner has not been told yet.
    mutating func told() -> LinkEvent? {
        guard let reason = untold else { return nil }
        untold = nil
        return .ended(reason)
    }
}
