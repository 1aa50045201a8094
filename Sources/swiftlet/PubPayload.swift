import Base
import Linux

/// What a message of `swiftlet pub` says.
enum PubPayload {
    case text(ByteView)
    /// A file that is read when it is sent.
    case file(Int32, bytes: Int)
    case lines
    /// It cannot be had: the file, what is wrong with it, the exit status.
    case failed(ByteView, StaticString, ByteView, Int32)

    /// Opens what the options name. What can be read only once is read, into a file in memory.
    static func open(_ options: ClientOptions) -> PubPayload {
        switch options.payload {
        case .none, .empty: return .text(.empty)
        case .text: return .text(options.payloadWord)
        case .lines: return .lines
        case .file: return use(System.open(options.payloadWord), options.payloadWord)
        case .standardInput: return use(System.opened(0), ByteView("standard input"))
        }
    }

    private static func use(_ opened: System.Opened, _ name: ByteView) -> PubPayload {
        switch opened {
        case .file(let descriptor, let bytes?):
            return bytes > maxBytes ? tooLong(name) : .file(descriptor, bytes: bytes)
        case .file(let descriptor, nil):
            return collect(descriptor, name)
        case .failed(let error):
            return .failed(name, ": ", System.errorText(error), ClientExit.fileFailed)
        }
    }

    private static func collect(_ descriptor: Int32, _ name: ByteView) -> PubPayload {
        guard case .file(let memory, _) = System.memoryFile(), let space = System.reserve(pieceBytes) else {
            return .failed(name, ": no memory", .empty, Exit.failure)
        }
        let piece = space.assumingMemoryBound(to: UInt8.self)
        var total = 0
        while true {
            switch System.readSome(descriptor, into: piece, capacity: pieceBytes) {
            case .bytes(0):
                return .file(memory, bytes: total)
            case .bytes(let count):
                total += count
                guard total <= maxBytes else { return tooLong(name) }
                guard write(ByteView(piece, count), to: memory) else {
                    return .failed(name, ": no memory", .empty, Exit.failure)
                }
            case .tooLong: return tooLong(name)
            case .failed(let error): return .failed(name, ": ", System.errorText(error), ClientExit.fileFailed)
            }
        }
    }

    private static func write(_ bytes: ByteView, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard case .done(let count) = System.writeSome(rest, to: descriptor), count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func tooLong(_ name: ByteView) -> PubPayload {
        .failed(name, ": longer than a message can be", .empty, ClientExit.tooLong)
    }

    private static var pieceBytes: Int { 65_536 }
    /// The most that MQTT allows, without a topic.
    private static var maxBytes: Int { 268_435_455 }
}
