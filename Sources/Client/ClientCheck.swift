import Base
import Config
import Wire

/// What MQTT demands of a board of client mode, beyond what its lines look like.
public enum ClientCheck {
    /// What is wrong first; nil when nothing is. `scratch` has room for `ConfigFile.maxBytes`.
    public static func problem(_ settings: Settings, scratch: UnsafeMutablePointer<UInt8>) -> ConfigError? {
        let client = settings.client
        if !UTF8Text.isValid(client.clientID) { return wrong(.remoteClientID, "is not UTF-8") }
        if let name = client.username, !UTF8Text.isValid(name) { return wrong(.remoteUsername, "is not UTF-8") }
        if let topic = client.willTopic, !isName(topic) { return wrong(.willTopic, notName) }
        var lines = settings.actionLines
        while let line = lines.next() {
            if let (option, text) = problem(line, scratch) {
                return ConfigError(line: line.number, option, text)
            }
        }
        return nil
    }

    private static func problem(_ line: ActionLine, _ scratch: UnsafeMutablePointer<UInt8>) -> (Option, StaticString)? {
        let topic = ByteView(scratch, line.topic.copy(to: scratch))
        if line.kind.isPublication {
            if !isName(topic) { return (.publish, notName) }
        } else if TopicFilter.check(topic) != nil {
            return (.subscribe, "expected a topic filter: + alone in its level, # alone in the last, UTF-8")
        }
        if line.kind == .print {
            var words = line.words
            if let format = words.next(), MessageFormat.check(ByteView(scratch, format.copy(to: scratch))) != nil {
                return (.subscribe, "a FORMAT that is not understood")
            }
        }
        if let reply = line.options.replyTopic, !isName(reply) { return (.replyTopic, notName) }
        if let letters = line.options.deadLetterTopic, !isName(letters) { return (.deadLetterTopic, notName) }
        return nil
    }

    /// The number of the first line whose program hears what is published to `topic`, which is valid, or nil. What a
    /// program answers may so make it run again, for ever.
    public static func programHearing(
        _ topic: ByteView, _ settings: Settings, scratch: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var lines = settings.actionLines
        while let line = lines.next() {
            guard line.kind == .exec else { continue }
            if TopicFilter.matches(ByteView(scratch, line.topic.copy(to: scratch)), topic) { return line.number }
        }
        return nil
    }

    private static var notName: StaticString { "expected a topic without wildcards, UTF-8" }

    private static func isName(_ topic: ByteView) -> Bool { TopicName.check(topic) == nil }

    private static func wrong(_ option: Option, _ text: StaticString) -> ConfigError {
        ConfigError(line: 0, option, text)
    }
}
