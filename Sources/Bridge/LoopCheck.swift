import Base
import Config
import Wire

/// Lines of a bridge by which a message could come back to be sent again.
///
/// What one line sends to a broker, another may take from there, of the same connection or of one that goes to the same
/// broker. Within a connection that is an echo, which it suppresses, as long as the message returns under the name that
/// it left with; under another name, it must not be one that the connection sends. By two connections, it must not be
/// one that any but the second sends to that broker: whatever a connection publishes here is not sent by itself.
struct LoopCheck {
    /// The lines, in the order in which a message meets them.
    struct Loop {
        let out: Int
        let back: Int
    }

    private let settings: Settings
    private let scratch: UnsafeMutablePointer<UInt8>

    /// Five filters, of which each is what two have in common that are no longer than a board config.
    static var scratchBytes: Int { 5 * regionBytes }
    private static var regionBytes: Int { 2 * ConfigFile.maxBytes + 1 }

    init(_ settings: Settings, scratch: UnsafeMutablePointer<UInt8>) {
        self.settings = settings
        self.scratch = scratch
    }

    /// The first of them; nil if there are none. All lines have valid filters.
    func first() -> Loop? {
        var i = 0
        while i < settings.bridgeCount {
            let sender = settings.bridge(i)
            var j = 0
            while j < settings.bridgeCount {
                let taker = settings.bridge(j)
                if BridgeCheck.shareRemote(sender, taker), let loop = loop(sender, taker) { return loop }
                j += 1
            }
            i += 1
        }
        return nil
    }

    private func loop(_ sender: borrowing BridgeSettings, _ taker: borrowing BridgeSettings) -> Loop? {
        var outs = sender.topics
        while let out = outs.next() {
            guard out.sendsOut else { continue }
            let sent = filter(0, out.remotePrefix, out.pattern)
            var backs = taker.topics
            while let back = backs.next() {
                guard back.takesIn else { continue }
                guard let common = FilterOverlap.of(sent, filter(1, back.remotePrefix, back.pattern), at: region(2)),
                    let returned = returned(common, out, back),
                    !isTakenBefore(common, back, taker)
                else { continue }
                if sender.number == taker.number {
                    if swapsAlike(out, back) { continue }
                    if !sends(returned, sender) { continue }
                } else if !goesOut(returned, taker) {
                    continue
                }
                return Loop(out: out.number, back: back.number)
            }
        }
        return nil
    }

    /// What of the topics that both lines have there comes back here, and under which names; nil for nothing.
    private func returned(_ common: ByteView, _ out: BridgeTopic, _ back: BridgeTopic) -> ByteView? {
        // The level above `#` has no prefix.
        guard starts(common, out.remotePrefix), starts(common, back.remotePrefix) else { return nil }
        let filter = filter(3, back.localPrefix, common.dropFirst(back.remotePrefix.count))
        return filter.isEmpty ? nil : filter
    }

    /// Whether a line above `back` takes all of it: the first one that covers a topic has it.
    private func isTakenBefore(_ common: ByteView, _ back: BridgeTopic, _ taker: borrowing BridgeSettings) -> Bool {
        var lines = taker.topics
        while let line = lines.next(), line.number < back.number {
            guard line.takesIn, starts(common, line.remotePrefix) else { continue }
            let filter = filter(1, line.remotePrefix, line.pattern)
            if let taken = FilterOverlap.of(common, filter, at: region(4)), taken.equals(common) { return true }
        }
        return false
    }

    /// Whether what one line sends, the other gives the name it had. Both prefixes there begin the same topics, so the
    /// longer one begins with the shorter.
    private func swapsAlike(_ out: BridgeTopic, _ back: BridgeTopic) -> Bool {
        let isOutShorter = out.remotePrefix.count < back.remotePrefix.count
        let (short, long) = isOutShorter ? (out, back) : (back, out)
        let more = long.remotePrefix.dropFirst(short.remotePrefix.count)
        return long.localPrefix.equals(filter(1, short.localPrefix, more))
    }

    /// Whether anybody but `taker` sends some of these topics to its broker.
    private func goesOut(_ returned: ByteView, _ taker: borrowing BridgeSettings) -> Bool {
        var i = 0
        while i < settings.bridgeCount {
            let other = settings.bridge(i)
            if other.number != taker.number, BridgeCheck.shareRemote(other, taker), sends(returned, other) {
                return true
            }
            i += 1
        }
        return false
    }

    private func sends(_ topics: ByteView, _ bridge: borrowing BridgeSettings) -> Bool {
        var lines = bridge.topics
        while let line = lines.next() {
            guard line.sendsOut else { continue }
            let filter = filter(1, line.localPrefix, line.pattern)
            // As above, a topic without the prefix is not sent.
            if let sent = FilterOverlap.of(topics, filter, at: region(4)), starts(sent, line.localPrefix) {
                return true
            }
        }
        return false
    }

    private func starts(_ text: ByteView, _ prefix: ByteView) -> Bool {
        text.count >= prefix.count && text.slice(0, prefix.count).equals(prefix)
    }

    private func region(_ index: Int) -> UnsafeMutablePointer<UInt8> { scratch + index * LoopCheck.regionBytes }

    private func filter(_ index: Int, _ prefix: ByteView, _ pattern: ByteView) -> ByteView {
        prefix.copy(to: region(index))
        pattern.copy(to: region(index) + prefix.count)
        return ByteView(region(index), prefix.count + pattern.count)
    }
}
