import Config

/// Keys by the modes that have them, in the order in which they are told.
enum KeyGroup: UInt8 {
    case all, brokers, connections, clients, bridges

    var title: StaticString {
        switch self {
        case .all: "Keys of all boards"
        case .brokers: "Keys of brokers (mode broker, mode bridge)"
        case .connections: "Keys of a client, and of a bridge's connection"
        case .clients: "Keys of clients (mode client)"
        case .bridges: "Keys of a bridge (mode bridge)"
        }
    }

    /// Whether its defaults are those of client mode.
    var isOfClients: Bool { self == .connections || self == .clients }

    func contains(_ option: Option) -> Bool {
        option.belongs(to: .broker) == (self == .all || self == .brokers)
            && option.belongs(to: .client) == (self == .all || isOfClients)
            && option.belongs(to: .bridge) == (self != .clients)
    }
}
