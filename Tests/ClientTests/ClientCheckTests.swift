import Base
import Client
import Config
import Testing

/// What MQTT demands of a board of client mode, beyond what its lines look like.
struct ClientCheckTests {
    private func problem(_ config: String) -> String { problem(Array(config.utf8)) }

    private func problem(_ config: [UInt8]) -> String {
        let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: ConfigFile.maxBytes)
        let space = UnsafeMutablePointer<UInt8>.allocate(capacity: Line.logBytes)
        defer {
            scratch.deallocate()
            space.deallocate()
        }
        return (Array("mode client\n".utf8) + config).withUnsafeBufferPointer { buffer in
            guard case .settings(let settings) = ConfigFile.parse(ByteView(buffer.baseAddress!, buffer.count)) else {
                return "not read"
            }
            guard let error = ClientCheck.problem(settings, scratch: scratch) else { return "" }
            var line = Line(space, capacity: Line.logBytes)
            error.write(file: ByteView("board.conf"), to: &line)
            return String(decoding: UnsafeBufferPointer(start: line.view.start, count: line.count), as: UTF8.self)
        }
    }

    @Test(arguments: [
        "", "subscribe a/+/# print", "publish a/b every 1s file /x", "subscribe \"a b\" exec /x\nreply_topic a b",
        "will_topic a/b\nclientid ä\nusername ö",
    ])
    func `What MQTT allows is right`(config: String) { #expect(problem(config) == "") }

    @Test(arguments: ["a+", "+a/b", "a/#/b", "a#", "\"a/#\\\"\""])
    func `A filter that is none is refused`(filter: String) {
        let expected = "expected a topic filter: + alone in its level, # alone in the last, UTF-8"
        #expect(problem("\nsubscribe \(filter) print") == "board.conf:3: subscribe: \(expected)")
    }

    @Test(arguments: [
        ("publish a/+ every 1s file /x", "2: publish"), ("subscribe a exec /x\nreply_topic a/#", "2: reply_topic"),
        ("reply_topic +\nsubscribe a exec /x", "3: reply_topic"),
        ("subscribe a write /x\ndead_letter_topic #", "2: dead_letter_topic"), ("will_topic a/+", " will_topic"),
    ])
    func `A topic with wildcards is refused where something is published`(config: String, place: String) {
        #expect(problem(config) == "board.conf:\(place): expected a topic without wildcards, UTF-8")
    }

    @Test func `A format that is not understood is refused`() {
        #expect(problem("subscribe a print \"%t %p\"") == "")
        for format in ["%", "%y", "\\q"] {
            let error = "board.conf:2: subscribe: a FORMAT that is not understood"
            #expect(problem("subscribe a print \(format)") == error, "\(format)")
        }
    }

    @Test func `Text that is not UTF-8 is refused`() {
        // A lone continuation byte cannot come from a Swift string.
        for key in ["remote_clientid", "remote_username"] {
            #expect(problem(Array("\(key) a".utf8) + [0x80]) == "board.conf: \(key): is not UTF-8")
        }
    }
}
