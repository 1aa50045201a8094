import Base
import Engine
import Wire

// From a name to a connection that CONNACK has accepted.
extension Link {
    /// The next endpoint of this attempt, whose address may have to be looked up first.
    mutating func tryEndpoint<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        while endpoint < settings.endpointCount {
            let place = settings.endpoints[endpoint]
            endpoint += 1
            nextAddress = 0
            if !place.path.isEmpty {
                if began(io.connectLocal(place.path), &io) { return }
                continue
            }
            addressCount = 1
            if let address = Address(parsing: place.host, port: place.port) {
                addresses[0] = address
            } else if place.host.equals("localhost") {
                addresses[0] = Address(v4: Address.loopback.words.3, port: place.port)
                addresses[1] = Address(words: (0, 0, 0, 1), port: place.port)
                addressCount = 2
            } else {
                io.resolve(place.host, token: token)
                state = .resolving
                return
            }
            if tryAddress(&io) { return }
        }
        end(failure, &io)
    }

    /// Begins to connect to the next address of the endpoint that can be tried; false when there is none.
    private mutating func tryAddress<Net: ClientIO & ~Copyable>(_ io: inout Net) -> Bool {
        while nextAddress < addressCount {
            let address = addresses[nextAddress]
            nextAddress += 1
            if began(io.connect(address, settings.socket), &io) { return true }
        }
        return false
    }

    private mutating func began<Net: ClientIO & ~Copyable>(_ result: IOResult, _ io: inout Net) -> Bool {
        guard case .done(let new) = result else {
            failure = Link.end(result)
            return false
        }
        descriptor = Int32(new)
        interest = Event.writable
        guard case .done = io.watch(descriptor, interest: interest, token: token) else {
            io.close(descriptor)
            descriptor = -1
            failure = .lost
            return false
        }
        state = .connecting
        stateDue = now.advanced(byMs: settings.connectTimeoutMs)
        return true
    }

    private static func end(_ result: IOResult) -> LinkEnd {
        if case .failed(let error) = result { return .unreachable(error) }
        return .lost
    }

    /// The answer to `resolve` has come.
    mutating func resolved<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        guard state == .resolving else { return }
        let port = settings.endpoints[endpoint - 1].port
        var span = addresses.mutableSpan
        let resolution = span.withUnsafeMutableBufferPointer {
            io.resolution($0.baseAddress!, capacity: $0.count)
        }
        switch resolution {
        case .addresses(let count):
            addressCount = count
            var i = 0
            while i < count {
                addresses[i].port = port
                i += 1
            }
            if tryAddress(&io) { return }
        case .notFound:
            failure = .notFound
        case .unavailable:
            failure = .notResolved
        }
        tryEndpoint(&io)
    }

    /// The system knows what has become of the attempt to connect.
    mutating func finishConnecting<Net: ClientIO & ~Copyable>(_ io: inout Net) {
        let result = io.connected(descriptor)
        guard case .done = result else {
            abandonAddress(Link.end(result), &io)
            return
        }
        state = .awaitingConnack
        stateDue = now.advanced(byMs: settings.connectTimeoutMs)
        machine = ClientConnection(level: settings.connect.level)
        lastHeard = now
        output.removeAll()
        sent = 0
        settings.connect.encode(to: &output)
        send(&io)
    }

    /// This address does not answer; another one may.
    mutating func abandonAddress<Net: ClientIO & ~Copyable>(_ reason: LinkEnd, _ io: inout Net) {
        failure = reason
        io.close(descriptor)
        descriptor = -1
        if !tryAddress(&io) { tryEndpoint(&io) }
    }

    /// CONNACK has come.
    mutating func answered<Net: ClientIO & ~Copyable>(_ answer: Connack, _ io: inout Net) -> LinkEvent {
        guard answer.code == .accepted else {
            end(.refused(answer.code), &io)
            return takeUntold()
        }
        state = .up
        upSince = now
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
    mutating func end<Net: ClientIO & ~Copyable>(_ reason: LinkEnd, _ io: inout Net) {
        if descriptor >= 0 {
            io.close(descriptor)
            descriptor = -1
        }
        if state == .up, now.msSince(upSince) >= stableMs { backoff.succeeded() }
        state = .idle
        untold = reason
        machine.closed()
        peerEnd = nil
        isBlocked = false
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
        outbox.connectionEnded()
    }

    /// A broker that accepts connections only to end them is not tried any faster than one that is away.
    private var stableMs: UInt32 { 10_000 }

    mutating func takeUntold() -> LinkEvent {
        guard let reason = untold else { preconditionFailure("nothing to tell") }
        untold = nil
        return .ended(reason)
    }
}
