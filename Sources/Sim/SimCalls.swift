import Base
import Runtime

// Connections of our own: the process calls, and the world decides what becomes of it.
extension SimIO: ClientIO {
    public mutating func connect(_ remote: Address, _ options: SocketOptions) -> IOResult {
        var i = 0
        while i < endpointCount, endpoints[i].state != .free { i += 1 }
        guard i < endpointCount else { return .exhausted }
        // `ENETUNREACH`.
        if isCutOff { return .failed(101) }
        endpoints[i].state = .calling
        endpoints[i].address = remote
        return .done(i + SimIO.firstDescriptor)
    }

    /// `ENOENT`.
    public mutating func connectLocal(_ path: ByteView) -> IOResult { .failed(2) }

    public mutating func connected(_ descriptor: Int32) -> IOResult {
        switch at(descriptor).pointee.state {
        case .calling: .again
        // `ECONNREFUSED`.
        case .refused: .failed(111)
        default: .done(0)
        }
    }

    public mutating func resolve(_ name: ByteView, token: UInt32) {
        var place = 0
        while place < lookups.count, lookups[place].state != .free, lookups[place].token != token { place += 1 }
        precondition(place < lookups.count, "too many names at a time")
        lookups[place] = SimLookup(state: .asked, token: token, name: name)
    }

    public mutating func resolution(_ addresses: UnsafeMutablePointer<Address>, capacity: Int) -> Resolution {
        let lookup = lookups[toldLookup]
        guard lookup.state == .told else { return .pending }
        lookups[toldLookup].state = .free
        guard case .addresses(let count) = lookup.answer else { return lookup.answer }
        let given = min(capacity, count)
        var i = 0
        while i < given {
            addresses[i] = lookup.addresses[i]
            i += 1
        }
        return .addresses(given)
    }

    public mutating func readFile(
        _ descriptor: Int32, offset: Int, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> IOResult { .done(0) }

    public func errorText(_ error: Int32) -> ByteView { ByteView("some error") }

    /// A wait tells of one answer.
    mutating func nextAnswer() -> Int? {
        var i = 0
        while i < lookups.count {
            // What nobody has asked for after it was told is of no interest.
            if lookups[i].state == .told { lookups[i].state = .free }
            i += 1
        }
        i = 0
        while i < lookups.count {
            if lookups[i].state == .answered {
                lookups[i].state = .told
                toldLookup = i
                return i
            }
            i += 1
        }
        return nil
    }
}

/// A name that is looked up.
struct SimLookup {
    var state = State.free
    var token: UInt32 = 0
    var name = ByteView.empty
    var answer = Resolution.unavailable
    var addresses = InlineArray<4, Address>(repeating: .any)

    enum State: UInt8 {
        case free
        case asked
        /// The world knows of it.
        case noticed
        case answered
        case told
    }
}

/// The world's side of such calls.
extension SimIO {
    /// The next call that the world has not been told of.
    mutating func peerNextCall() -> Int? {
        var i = 0
        while i < endpointCount {
            if endpoints[i].state == .calling, !endpoints[i].isNoticed {
                endpoints[i].isNoticed = true
                return i
            }
            i += 1
        }
        return nil
    }

    func peerAddress(_ peer: Int) -> Address { endpoints[peer].address }

    mutating func peerAccept(_ peer: Int) { endpoints[peer].state = .accepted }

    /// The peer is done with the call.
    mutating func peerRefuse(_ peer: Int) {
        endpoints[peer].state = .refused
        endpoints[peer].isForgotten = true
    }

    /// The next name that the world has not been told of.
    mutating func peerNextLookup() -> Int? {
        var i = 0
        while i < lookups.count {
            if lookups[i].state == .asked {
                lookups[i].state = .noticed
                return i
            }
            i += 1
        }
        return nil
    }

    /// Answers a lookup, if it is still of interest.
    mutating func peerResolve(_ index: Int, _ answer: Resolution, _ addresses: InlineArray<4, Address>) {
        guard lookups[index].state == .noticed else { return }
        lookups[index].state = .answered
        lookups[index].answer = answer
        lookups[index].addresses = addresses
    }
}
