import Base
import TestSupport
import Testing

func withView<R>(_ bytes: [UInt8], _ body: (ByteView) throws -> R) rethrows -> R {
    try bytes.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return try body(.empty) }
        return try body(ByteView(start, buffer.count))
    }
}

func withView<R>(_ text: String, _ body: (ByteView) throws -> R) rethrows -> R { try withView(Array(text.utf8), body) }

/// What `build` writes to a line of `capacity` bytes, as text.
func lineText(capacity: Int = 512, isEnded: Bool = false, _ build: (inout Line) -> Void) -> String {
    var space = [UInt8](repeating: 0, count: capacity)
    return space.withUnsafeMutableBufferPointer { buffer in
        var line = Line(buffer.baseAddress!, capacity: capacity)
        build(&line)
        return (isEnded ? line.ended() : line.view).text
    }
}

/// For loops too long to `#expect` in each round.
func fail(_ what: Comment, at location: SourceLocation = #_sourceLocation) {
    Issue.record(what, sourceLocation: location)
}
