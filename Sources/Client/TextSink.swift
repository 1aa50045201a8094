import Base

/// Where text of any length goes, piece by piece.
public protocol TextSink: ~Copyable {
    mutating func write(_ bytes: ByteView)
}
