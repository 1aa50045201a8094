import Base

/// What a line of mosquitto.conf is about. Listeners and connections are numbered from 1; listener 0 is the one that
/// mosquitto can have without a `listener` line.
enum ImportPlace: Equatable {
    case board
    case listener(Int)
    case connection(Int)

    /// Whether it is a listener or a connection that a line of this key begins.
    func isBelow(_ head: Option) -> Bool {
        switch self {
        case .board: false
        case .listener(let number): head == .listener && number > 0
        case .connection(let number): head == .connection && number > 0
        }
    }
}

struct ImportLine {
    /// From 1.
    let number: Int
    let key: ByteView
    let value: ByteView
    let place: ImportPlace
    /// Nil if the key is not known here, or not as one of mosquitto's.
    let option: Option?
    let foreign: ForeignOption?
}

/// The lines of a mosquitto.conf. There, keys of a listener count for the last one, even below a connection; those of a
/// connection, even below a listener; and all others count for all, wherever they stand. What has no counterpart stays
/// where it is.
struct ImportLines {
    private var lines: TextLines
    private let isPerListener: Bool
    private(set) var listenerCount = 0
    private(set) var connectionCount = 0
    private var section = ImportPlace.board

    init(_ text: ByteView, isPerListener: Bool) {
        lines = TextLines(text)
        self.isPerListener = isPerListener
    }

    @inline(never) mutating func next() -> ImportLine? {
        guard let line = lines.next() else { return nil }
        var (key, value) = line.firstWord
        let isInFront = key[0] == ImportUCI.frontMark
        if isInFront { key = key.dropFirst(1) }
        let foreign = ForeignOption.named(key)
        let option = foreign == nil ? Option.named(key) : nil
        if option == .listener {
            listenerCount += 1
            section = .listener(listenerCount)
        } else if option == .connection {
            connectionCount += 1
            section = .connection(connectionCount)
        }
        return ImportLine(
            number: lines.number, key: key, value: value,
            place: isInFront ? .listener(0) : place(key, option, foreign), option: option, foreign: foreign)
    }

    private func place(_ key: ByteView, _ option: Option?, _ foreign: ForeignOption?) -> ImportPlace {
        if key.starts(with: "bridge_") { return .connection(connectionCount) }
        if let foreign {
            let isOfListener = foreign.isOfListener || isPerListener && foreign == .plugins
            return isOfListener ? .listener(listenerCount) : section
        }
        guard let option else { return section }
        if option == .listener || option.isOfListener || isPerListener && option.isOfAccess {
            return .listener(listenerCount)
        }
        return option == .connection || option.isOfConnection ? .connection(connectionCount) : .board
    }
}
