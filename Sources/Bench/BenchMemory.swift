import Base
import Runtime
import Wire

/// Where packets come in and go out. All clients share what is received and what is sent next; a client has memory of
/// its own for the piece of a packet that is not all there, and for what the broker does not take yet. That is address
/// space, which becomes memory only where it is used.
struct BenchMemory {
    /// Where a read begins with what was carried over, and `chunkBytes` more.
    let received: UnsafeMutablePointer<UInt8>
    let batch: ByteWriter
    /// What one read takes at most, and what is written at once, more or less.
    let chunkBytes: Int
    /// The longest packet that any of our clients may get.
    let maxPacketBytes: Int
    private let carries: UnsafeMutablePointer<UInt8>
    private let unsent: UnsafeMutablePointer<UInt8>
    private let quietCarries: UnsafeMutablePointer<UInt8>
    private let quietUnsent: UnsafeMutablePointer<UInt8>
    private let unsentBytes: Int
    private let quietUnsentBytes: Int
    private let workers: Int

    /// Clients without messages get packets no longer than this.
    private static var quietPacketBytes: Int { 64 }

    init(_ arena: inout Arena, _ workload: Workload, _ roster: Roster, _ target: BenchTarget) {
        workers = roster.workers
        chunkBytes = roster.workers <= 200 ? 65_536 : 16_384
        let topicBytes = workload.prefix.count + TopicText.maxSuffixBytes
        maxPacketBytes = PublishLayout.maxHeaderBytes + 2 + topicBytes + 2 + workload.payload
        let longestID = ByteView("01234567890123456789012")
        let connectBytes = target.connect(longestID).byteCount
        let subscribeBytes = Subscribe.byteCount(filterBytes: topicBytes)
        // Acknowledgements of a whole read, and what else is sent with them.
        let batchBytes = 2 * chunkBytes + 2 * maxPacketBytes + connectBytes + Bench.maxAsked * subscribeBytes
        unsentBytes = batchBytes + chunkBytes + maxPacketBytes
        quietUnsentBytes = connectBytes + subscribeBytes
        func carve(_ name: StaticString, _ count: Int, _ bytes: Int) -> UnsafeMutablePointer<UInt8> {
            arena.carve(name, key: "clients", count: count, stride: bytes, alignment: 1)
                .assumingMemoryBound(to: UInt8.self)
        }
        received = carve("received", 1, chunkBytes + maxPacketBytes)
        batch = ByteWriter(carve("sent next", 1, batchBytes), capacity: batchBytes)
        carries = carve("packets in pieces", workers, maxPacketBytes)
        unsent = carve("unsent", workers, unsentBytes)
        quietCarries = carve("packets of idle clients in pieces", roster.count - workers, BenchMemory.quietPacketBytes)
        quietUnsent = carve("unsent of idle clients", roster.count - workers, quietUnsentBytes)
    }

    func maxPacketBytes(_ index: Int) -> Int { index < workers ? maxPacketBytes : BenchMemory.quietPacketBytes }
    func unsentBytes(_ index: Int) -> Int { index < workers ? unsentBytes : quietUnsentBytes }

    func carry(_ index: Int) -> UnsafeMutablePointer<UInt8> {
        index < workers
            ? carries + index * maxPacketBytes : quietCarries + (index - workers) * BenchMemory.quietPacketBytes
    }

    func unsent(_ index: Int) -> UnsafeMutablePointer<UInt8> {
        index < workers ? unsent + index * unsentBytes : quietUnsent + (index - workers) * quietUnsentBytes
    }
}
