import Base
import Client
import Config
import TestSupport
import Testing

/// What may be written to a file.
struct WriteCheckTests {
    /// What is wrong with a payload for a line with these keys; nil when nothing is.
    private func problem(_ payload: [UInt8], _ keys: String = "") -> String? {
        let config = Array("mode client\nsubscribe t write /f\n\(keys)".utf8)
        return config.withUnsafeBufferPointer { text in
            guard case .settings(let settings) = ConfigFile.parse(ByteView(text.baseAddress!, text.count)) else {
                return "a board config that is wrong"
            }
            var lines = settings.actionLines
            guard let line = lines.next() else { return "no line" }
            return payload.withUnsafeBufferPointer { bytes in
                let view = bytes.isEmpty ? .empty : ByteView(bytes.baseAddress!, bytes.count)
                return WriteCheck.check(view, line.options).problem?.description
            }
        }
    }

    private func problem(_ payload: String, _ keys: String) -> String? { problem(Array(payload.utf8), keys) }

    @Test func `printable text is, and nothing else where no line says more`() {
        for byte in UInt8.min...UInt8.max {
            #expect(problem([byte]) == (byte >= 0x20 && byte < 0x7F ? nil : "not-printable"), "\(byte)")
        }
        #expect(problem([]) == "empty")
    }

    @Test func `a value that is longer than write_size is not`() {
        #expect(problem("12345678", "write_size 8") == nil)
        #expect(problem("123456789", "write_size 8") == "too-long")
        #expect(problem("123456789", "write_size 8\nwrite_format any") == "too-long")
    }

    @Test func `anything is where that is asked for`() {
        #expect(problem([0, 10, 255], "write_format any") == nil)
        #expect(problem([], "write_format any") == nil)
    }

    @Test(arguments: [
        ("0", nil), ("255", nil), ("-5", nil), ("007", nil), ("256", "out-of-range"), ("-6", "out-of-range"),
        ("", "empty"), ("-", "not-a-number"), ("1.5", "not-a-number"), ("1 ", "not-a-number"), ("+1", "not-a-number"),
        ("0x1", "not-a-number"), ("1\n", "not-a-number"), ("99999999999999999999", "not-a-number"),
    ] as [(String, String?)])
    func `a number must be one, and within its range`(payload: String, expected: String?) {
        #expect(problem(payload, "write_format number -5 255") == expected)
    }

    @Test(arguments: [
        ("on", nil), ("off", nil), ("timer", nil), ("", "empty"), ("o", "unknown-word"), ("onn", "unknown-word"),
        ("on|off", "unknown-word"), ("ON", "unknown-word"), ("|", "unknown-word"),
    ] as [(String, String?)])
    func `a word must be one of those that there are`(payload: String, expected: String?) {
        #expect(problem(payload, "write_format word on|off|timer") == expected)
    }
}
