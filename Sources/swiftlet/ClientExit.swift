import Base
import Linux
import Runtime
import Wire

/// Exit status of `swiftlet pub` and `sub`, beside those that all applets have. Every cause has one of its own.
enum ClientExit {
    static var notFound: Int32 { 3 }
    static var notResolved: Int32 { 4 }
    static var unreachable: Int32 { 5 }
    static var timedOut: Int32 { 6 }
    static var lost: Int32 { 7 }
    static var silent: Int32 { 8 }
    static var violation: Int32 { 9 }
    static var tooLong: Int32 { 10 }
    static var fileFailed: Int32 { 11 }
    static var denied: Int32 { 12 }
    static var outputClosed: Int32 { 13 }
    /// Added to the code of CONNACK, 1 to 5.
    static var refused: Int32 { 20 }
    /// mosquitto_sub's, too.
    static var timeIsUp: Int32 { 27 }

    static func status(_ reason: LinkEnd) -> Int32 {
        switch reason {
        case .notFound: notFound
        case .notResolved: notResolved
        case .unreachable: unreachable
        case .timedOut: timedOut
        case .refused(let code): refused + Int32(code.rawValue)
        case .closed, .lost: lost
        case .silent: silent
        case .violation(.packetTooLarge): tooLong
        case .violation: violation
        case .fileFailed: fileFailed
        case .disconnected, .primaryIsBack: Exit.success
        }
    }

    /// What happened, in words.
    static func write(_ reason: LinkEnd, to line: inout Line) {
        switch reason {
        case .notFound: line.text("there is no such host")
        case .notResolved: line.text("the host's name cannot be looked up")
        case .unreachable(let error): line.bytes(System.errorText(error))
        case .timedOut: line.text("no answer")
        case .refused(let code):
            line.text("refused: ")
            switch code {
            case .accepted: break
            case .unacceptableProtocol: line.text("unacceptable protocol version")
            case .identifierRejected: line.text("identifier rejected")
            case .serverUnavailable: line.text("broker unavailable")
            case .badUserNameOrPassword: line.text("bad user name or password")
            case .notAuthorised: line.text("not authorised")
            }
        case .closed: line.text("the broker closed the connection")
        case .lost: line.text("the connection was lost")
        case .silent: line.text("the broker does not answer any more")
        case .violation(let reason):
            line.text("the broker sent what it must not: ")
            line.text(reason.name)
        case .fileFailed: line.text("the file cannot be read to its end")
        case .disconnected, .primaryIsBack: line.text("disconnected")
        }
    }
}
