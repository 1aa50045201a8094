import Base
import CPlatform

extension System {
    public static var inputIsTerminal: Bool { swl_is_terminal(standardInput) > 0 }

    private static var standardInput: Int32 { 0 }

    /// One line of standard input, without its end, be it Windows' own. A terminal is asked for it by `prompt`, and
    /// shows nothing of it. It is too long when it fills `capacity`.
    public static func readSecret(
        prompt: StaticString, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> FileResult {
        let text = ByteView(prompt)
        let count: Int
        if inputIsTerminal {
            let got = swl_read_hidden(standardInput, text.start, text.count, target, capacity)
            guard got >= 0 else { return .failed(error(got)) }
            count = Int(got)
        } else {
            // Byte by byte: what follows the line is for whoever reads after this.
            var filled = 0
            while filled < capacity, filled == 0 || target[filled - 1] != UInt8(ascii: "\n") {
                let got = swl_read(standardInput, target + filled, 1)
                guard got >= 0 else { return .failed(error(got)) }
                if got == 0 { break }
                filled += 1
            }
            count = filled
        }
        guard count > 0, target[count - 1] == UInt8(ascii: "\n") else {
            return count == capacity ? .tooLong : .bytes(count)
        }
        let isWindows = count > 1 && target[count - 2] == UInt8(ascii: "\r")
        return .bytes(count - (isWindows ? 2 : 1))
    }
}
