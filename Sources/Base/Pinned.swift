/// Keeps what it is a part of where it stands in memory: a pool, and all that has pools, up to the server.
// Structures without this are values to the compiler: where it optimises for size it copied the whole broker, some 700
// bytes, to the stack for each call of a method that only reads, nine times for a message.
@_rawLayout(like: UInt8)
@frozen public struct Pinned: ~Copyable {
    public init() {}
    // Has to be there, for Embedded Swift to know that there is nothing to do.
    deinit {}
}
