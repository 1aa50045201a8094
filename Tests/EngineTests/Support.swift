import Base
import TestSupport
import Testing
import Wire

/// The one packet in `row`.
func withFrame<R>(_ row: String, _ body: (Frame) -> R) -> R {
    hex(row).withUnsafeBufferPointer { buffer in
        let view = ByteView(buffer.baseAddress!, buffer.count)
        guard case .frame(let frame, buffer.count) = FrameReader.next(view, maxPacketBytes: buffer.count) else {
            preconditionFailure("no packet: \(row)")
        }
        return body(frame)
    }
}

/// For loops too long to `#expect` in each round.
func fail(_ what: Comment, at location: SourceLocation = #_sourceLocation) {
    Issue.record(what, sourceLocation: location)
}
