import Base
import Config
import Linux

extension Program {
    /// `--schema`: board-configs/SCHEMA.md.
    mutating func writeSchema() {
        let head: StaticString = """
            # Board configs

            What a board is, and every limit that it has. `swiftlet --schema` prints this file.

            A line is a key, a space, and its value, which goes to the end of the line; spaces and tabs around it do not
            count. A line that begins with `#` is a comment. A file has up to 65536 bytes. A key stands once, or once in
            a section, unless it may repeat.

            Bytes may have the units K (1024) and M (1024 K); seconds min, h, d, w, m (30 days) and y (365 days).

            Some keys begin a section, and the keys of that kind below it are for this one:

            - `listener`: `max_connections`, `bind_interface`, `socket_domain` and `protocol`; with
              `per_listener_settings true` also `allow_anonymous`, `password_file` and `acl_file`.
            - `connection`, of a bridge: all keys of connections, up to the next `connection` or `listener`.
            - `subscribe` and `publish`, of a client: what says how a line is done. Above the first it is for all lines.

            All other keys are for the whole board, wherever they stand.

            `base FILE` takes from another board config what this one does not say. Of keys that may stand several
            times, none is taken if one stands here; with a `listener` here, those of the base are left out with all
            that is theirs and who may come in by them, and so are lines of `subscribe`, or `publish`. A `connection`
            that both have is one, with the keys of both, by the same rule. A base may have a base itself; there are up
            to three, one below the other.

            `reload` means that a change holds from SIGHUP on; `restart`, that it needs a restart. A client needs one in
            any case. `password_file` and `acl_file` can be added by a restart only.

            The four limits that an owner should know come first, and are named.

            """
        System.write(ByteView(head), to: .output)
        var raw: UInt8 = 0
        while let group = KeyGroup(rawValue: raw) {
            raw += 1
            end(to: .output)
            line.text("## ")
            line.text(group.title)
            end(to: .output)
            end(to: .output)
            writeSchema(group, ofFour: true)
            writeSchema(group, ofFour: false)
        }
    }

    private mutating func writeSchema(_ group: KeyGroup, ofFour: Bool) {
        var raw: UInt8 = 0
        while let option = Option(rawValue: raw) {
            raw += 1
            guard group.contains(option), (option.firstLimit != nil) == ofFour else { continue }
            line.text("- `")
            line.text(option.row.name)
            line.text("`")
            if let alias = option.alias {
                line.text(", or `")
                line.text(alias)
                line.text("`")
            }
            line.text(": ")
            writeForm(option, group)
            line.text(option.row.kind.mayRepeat ? "; may repeat" : "")
            line.text(group == .clients || option.isFixed ? "; restart" : "; reload")
            if let limit = option.firstLimit {
                line.text("; limit: ")
                line.text(limit)
            } else if option.row.kind.hasDefault {
                line.text("; limit")
            }
            end(to: .output)
            line.text("  ")
            line.text(option.row.help)
            end(to: .output)
        }
    }
}

extension Option {
    /// Which of the four limits that an owner should know it is a part of.
    fileprivate var firstLimit: StaticString? {
        switch self {
        case .maxKeepAlive, .keepAliveInterval: "keep-alive"
        case .maxPacketSize, .messageSizeLimit, .bridgeMaxPacketSize: "longest message"
        case .offlineMessageExpiry, .persistentClientExpiration, .maxQueuedMessages, .maxQueuedBytes, .queuePolicy,
            .queueQoS0Messages, .spoolMessages, .spoolSize, .spoolExpiry, .spoolPolicy, .spoolQoS0:
            "what is kept for who is absent"
        case .maxSubscriptionsPerClient: "subscriptions per client"
        default: nil
        }
    }

    /// Whether a broker or a bridge takes a change of it by a restart only.
    fileprivate var isFixed: Bool {
        switch self {
        case .perListenerSettings, .connection, .remoteClientID, .localClientID, .localUsername, .notificationTopic,
            .spoolMessages, .spoolSize:
            true
        default: belongs(to: .broker) && needsRestart
        }
    }
}
