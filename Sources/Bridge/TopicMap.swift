import Base
import Config
import Wire

/// What a topic of one broker is called at the other.
///
/// A line covers the topics that begin with its prefix and go on as its pattern says, and that have a name at the other
/// side which the line's filter there would match, too: one that is not empty, and hidden by a `$` from wildcards no
/// more than here [MQTT-4.7.2-1]. Behind a prefix, `#` does not stand for the level above it: `a/#` matches `a`, but
/// that does not begin with the prefix `a/`.
public enum TopicMap {
    /// Writes what `topic`, which is published here, is called there; false if the line does not send it. Nor does it
    /// send a name that is longer than the writer has room for.
    public static func remoteTopic(_ topic: ByteView, _ line: BridgeTopic, to writer: inout ByteWriter) -> Bool {
        line.sendsOut && swap(topic, line.localPrefix, line.remotePrefix, line.pattern, to: &writer)
    }

    /// Writes what `topic`, which is published there, is called here; false if the line does not take it.
    public static func localTopic(_ topic: ByteView, _ line: BridgeTopic, to writer: inout ByteWriter) -> Bool {
        line.takesIn && swap(topic, line.remotePrefix, line.localPrefix, line.pattern, to: &writer)
    }

    /// What is subscribed to here, so that the line can send it.
    public static func writeLocalFilter(_ line: BridgeTopic, to writer: inout ByteWriter) {
        writer.bytes(line.localPrefix)
        writer.bytes(line.pattern)
    }

    /// What is subscribed to there, so that the line can take it.
    public static func writeRemoteFilter(_ line: BridgeTopic, to writer: inout ByteWriter) {
        writer.bytes(line.remotePrefix)
        writer.bytes(line.pattern)
    }

    @inline(never) private static func swap(
        _ topic: ByteView, _ prefix: ByteView, _ other: ByteView, _ pattern: ByteView, to writer: inout ByteWriter
    ) -> Bool {
        guard topic.count >= prefix.count, topic.slice(0, prefix.count).equals(prefix) else { return false }
        let rest = topic.dropFirst(prefix.count)
        if pattern.isEmpty {
            guard rest.isEmpty else { return false }
        } else if prefix.isEmpty || other.isEmpty {
            // At one side it is the whole topic.
            guard !rest.isEmpty, TopicFilter.matches(pattern, rest) else { return false }
        } else {
            guard TopicFilter.levelsMatch(pattern, rest) else { return false }
        }
        guard other.count + rest.count <= writer.room else { return false }
        writer.bytes(other)
        writer.bytes(rest)
        return true
    }
}
