import Base
import Config

extension ClientOptions {
    /// `mqtt://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC`, taken apart as mosquitto's tools do it: at the first slash, the
    /// first `@` before it, the first colon. Nothing is percent-decoded. An IPv6 address may stand in brackets.
    mutating func takeURL(_ url: ByteView) -> StaticString? {
        guard let (scheme, rest) = ClientOptions.split(url, "://") else { return ": expected mqtt://HOST/TOPIC" }
        if ClientOptions.isSame(scheme, "mqtts") { return ": mqtts needs TLS, which swiftlet does not have" }
        if ClientOptions.isSame(scheme, "ws") || ClientOptions.isSame(scheme, "wss") {
            return ": needs WebSocket, which swiftlet does not have"
        }
        guard ClientOptions.isSame(scheme, "mqtt") else { return ": expected mqtt://HOST/TOPIC" }
        guard let (place, topic) = ClientOptions.split(rest, "/") else { return ": the topic is missing" }
        if let problem = takeTopic(topic) { return problem }
        var hostAndPort = place
        if let (login, behind) = ClientOptions.split(place, "@") {
            hostAndPort = behind
            if let (name, secret) = ClientOptions.split(login, ":") {
                user = name
                password = secret
            } else {
                user = login
            }
        }
        port = 1883
        unixPath = nil
        return takePlace(hostAndPort)
    }

    private mutating func takePlace(_ place: ByteView) -> StaticString? {
        var portText: ByteView?
        if !place.isEmpty, place[0] == UInt8(ascii: "["), let end = place.firstIndex(of: UInt8(ascii: "]")) {
            host = place.slice(1, end)
            let behind = place.dropFirst(end + 1)
            if !behind.isEmpty { portText = behind[0] == UInt8(ascii: ":") ? behind.dropFirst(1) : behind }
        } else if let (name, text) = ClientOptions.split(place, ":") {
            host = name
            portText = text
        } else {
            host = place
        }
        guard let portText else { return nil }
        guard let number = ConfigValue.number(portText), number > 0, number <= 65_535 else {
            return ": expected a port, 1 to 65535"
        }
        port = UInt16(number)
        return nil
    }

    /// What stands in front of the first `mark` and behind it; nil when it is not there.
    private static func split(_ text: ByteView, _ mark: StaticString) -> (ByteView, ByteView)? {
        var i = 0
        while i < text.count {
            if text.dropFirst(i).starts(with: mark) {
                return (text.slice(0, i), text.dropFirst(i + mark.utf8CodeUnitCount))
            }
            i += 1
        }
        return nil
    }

    /// Whatever the letters' case; `word` has small ones.
    private static func isSame(_ text: ByteView, _ word: StaticString) -> Bool {
        let word = ByteView(word)
        guard text.count == word.count else { return false }
        var i = 0
        while i < text.count {
            if text[i] | 0x20 != word[i] { return false }
            i += 1
        }
        return true
    }
}
