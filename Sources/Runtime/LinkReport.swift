import Base
import Wire

// What a line of the log says of a link.
extension Line {
    /// `HOST:PORT`, or the path of a unix socket.
    @inline(never) mutating func field(_ key: StaticString, _ endpoint: LinkSettings.Endpoint) {
        guard endpoint.path.isEmpty else {
            field(key, endpoint.path)
            return
        }
        self.key(key)
        let isV6 = endpoint.host.firstIndex(of: UInt8(ascii: ":")) != nil
        if isV6 { text("[") }
        escaped(endpoint.host)
        if isV6 { text("]") }
        text(":")
        number(Int(endpoint.port))
    }
}

extension LinkEnd {
    /// A word for it, as in the log.
    var name: StaticString {
        switch self {
        case .notFound: "name-not-found"
        case .notResolved: "name-not-resolved"
        case .unreachable: "unreachable"
        case .timedOut: "timed-out"
        case .refused(let code): code.refusal
        case .closed: CloseReason.endOfStream.name
        case .lost: CloseReason.networkError.name
        case .silent: CloseReason.keepAliveExpired.name
        case .violation(let reason): reason.name
        case .fileFailed: "file-failed"
        case .primaryIsBack: "primary-is-back"
        case .disconnected: CloseReason.disconnect.name
        }
    }
}

extension Link {
    /// Why a connection of this link, or an attempt to have one, has ended.
    func write<Net: ClientIO & ~Copyable>(_ reason: LinkEnd, to line: inout Line, _ io: borrowing Net) {
        line.field("reason", reason.name)
        if case .unreachable(let error) = reason { line.field("error", io.errorText(error)) }
        if case .refused(let code) = reason { line.field("code", Int(code.rawValue)) }
    }

    /// What the link is doing, in a word.
    var phase: StaticString {
        switch state {
        case .idle: "idle"
        case .waiting: "waiting"
        case .resolving: "resolving"
        case .connecting: "connecting"
        case .awaitingConnack: "awaiting-connack"
        case .up: "up"
        case .leaving: "leaving"
        }
    }

    /// Changes with `phase`.
    var phaseNumber: UInt8 { state.rawValue }
}
