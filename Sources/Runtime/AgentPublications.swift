import Base
import Client
import Config
import Wire

// Values that are published again and again.
extension Agent where Net: ~Copyable {
    /// Reads the files and starts the programs whose time has come. Before the first connection there is nobody to
    /// tell.
    mutating func publishDue() {
        guard wasConnected else { return }
        while let index = memory.schedule.next(now: now) {
            if memory.queue.line(index).kind == .publishExec {
                memory.schedule.setBusy(index, true)
                startSource(index)
            } else {
                publishFile(index)
            }
        }
    }

    /// A value that waited for the broker until it was dropped is not there, though it was published.
    mutating func noteLost() {
        let lost = memory.link.counters.droppedFull &+ memory.link.counters.droppedExpired
        guard memory.link.isUp, lost != lostMessages else { return }
        lostMessages = lost
        memory.schedule.lost()
    }

    private mutating func publishFile(_ index: Int) {
        memory.scratch.removeAll()
        var words = memory.queue.line(index).words
        guard let word = words.next() else { preconditionFailure("a publication without a file") }
        let path = place(word)
        let start = memory.scratch.count
        // One byte more than may be published tells that there are more.
        let limit = min(settings.limits.maxPacketBytes, memory.scratch.room - 1)
        switch io.readSource(path, into: memory.scratch.start + start, capacity: limit + 1) {
        case .done(let count):
            memory.scratch.extend(by: min(count, limit))
            publish(index, memory.scratch.written.dropFirst(start), isCut: count > limit)
        case .failed(let error):
            reportNotPublished(index, "unreadable", error: error)
        case .again, .closed, .exhausted, .absent:
            reportNotPublished(index, "unreadable")
        }
    }

    /// Publishes a value, which may stand in the scratch, unless it is the same as the last one and only others are
    /// wanted.
    mutating func publish(_ index: Int, _ bytes: ByteView, isCut: Bool) {
        let line = memory.queue.line(index)
        let value = bytes.withoutLineEnd
        // Half a value would be a wrong one; and an empty one would make the broker forget the last.
        if isCut || value.isEmpty {
            reportNotPublished(index, isCut ? "too-long" : "empty")
            return
        }
        if line.options.onChangeOnly, !memory.schedule.isNew(index, value) { return }
        let topic = place(line.topic)
        if send(topic, value, QoS(rawValue: line.qos) ?? .atMostOnce, retain: line.retain) {
            memory.schedule.published(index, value)
        } else {
            memory.schedule.missed(index)
        }
    }
}
