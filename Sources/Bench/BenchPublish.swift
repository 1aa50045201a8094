import Base
import Runtime
import Wire

// What publishers send, and what becomes of it.
extension Bench {
    /// What becomes of a message of QoS 1 or 2 on its way.
    enum Flight: UInt8 {
        case settled
        /// PUBACK or PUBREC is to come.
        case published
        /// PUBCOMP is to come.
        case released
    }

    /// Appends to the batch what a client has to say by itself.
    @inline(never) mutating func produce(_ index: Int, _ now: UInt64) {
        guard clients[index].unsent == 0 else { return }
        switch clients[index].role {
        case .publisher: produceMessages(index, now)
        case .subscriber, .session: if clients[index].state != .awaitingConnack { produceSubscriptions(index) }
        case .keeper: if clients[index].state != .awaitingConnack { produceOfKeeper(index, now) }
        case .caller, .idle: break
        }
    }

    /// Whether there is more that `produce` would append.
    @inline(never) func canProduce(_ index: Int) -> Bool {
        switch clients[index].role {
        case .publisher:
            clients[index].sent < limit(index)
                && (workload.qos == .atMostOnce || clients[index].sent - clients[index].settled < workload.window)
        case .keeper:
            keepsRetained(index) && clients[index].sent < retainedOfKeeper
                && clients[index].sent - clients[index].settled < Bench.maxKeeperWindow
        case .subscriber, .session, .caller, .idle: false
        }
    }

    /// Messages of a publisher whose time has come.
    private func limit(_ index: Int) -> Int {
        guard stage == .measured, workload.kind == .stream else { return 0 }
        if workload.rate == 0 { return workload.messages }
        return due > index ? (due - index - 1) / roster.publishers + 1 : 0
    }

    private mutating func produceMessages(_ index: Int, _ now: UInt64) {
        let limit = limit(index)
        let topicCount = workload.topics(ofPublisher: index)
        while clients[index].sent < limit, batch.count < memory.chunkBytes {
            let number = clients[index].sent
            if workload.qos != .atMostOnce {
                guard number - clients[index].settled < workload.window else { break }
                flight(index, number).pointee = Flight.published.rawValue
            } else {
                settled += 1
            }
            let topic = workload.publishers > workload.topics
                ? index % workload.topics : index + number % topicCount * workload.publishers
            batch.bytes(topics.head(topic))
            if workload.qos != .atMostOnce { batch.int16(Bench.packetID(number)) }
            // What the broker had no room for counts from when it was due.
            let time = clients[index].isHeldUp ? dueTime(number * roster.publishers + index) : now
            let payload = Payload(publisher: UInt32(index), number: UInt32(number), time: time)
            payloads.write(payload, to: batch.start + batch.count)
            batch.extend(by: payloads.count)
            clients[index].sent += 1
            result.sent += 1
        }
        if workload.rate > 0 { clients[index].isHeldUp = clients[index].sent < limit }
    }

    /// When a message is due, counted over all publishers.
    func dueTime(_ message: Int) -> UInt64 {
        began + UInt64(message) * 1_000_000_000 / UInt64(workload.rate)
    }

    /// Sends the messages whose time has come since the last call.
    mutating func publishDue<Net: BenchIO & ~Copyable>(_ io: inout Net) {
        let now = io.nanoseconds()
        let passed = (now - began) * UInt64(workload.rate) / 1_000_000_000 + 1
        let nowDue = Int(truncatingIfNeeded: min(passed, UInt64(totals.sent)))
        let first = due
        guard nowDue > first else { return }
        due = nowDue
        let count = min(nowDue - first, roster.publishers)
        var i = 0
        while i < count, failure == nil {
            let index = (first + i) % roster.publishers
            i += 1
            if clients[index].unsent > 0 { clients[index].isHeldUp = true } else { serve(index, now, &io) }
        }
    }

    private func flight(_ index: Int, _ number: Int) -> UnsafeMutablePointer<UInt8> {
        let place = clients[index].role == .keeper ? roster.publishers : index
        let window = clients[index].role == .keeper ? Bench.maxKeeperWindow : workload.window
        return flights + place * Bench.flightsPerClient(workload) + number % window
    }

    mutating func takeAcknowledgement(_ frame: Frame, _ index: Int) {
        let id: UInt16
        switch Acknowledgement.decode(frame.body) {
        case .bad(let reason):
            fail(.violation(reason))
            return
        case .packet(let packetID): id = packetID
        }
        switch clients[index].role {
        case .subscriber:
            guard frame.type == .pubrel, unreleased > 0 else { break }
            unreleased -= 1
            Acknowledgement.encode(.pubcomp, packetID: id, to: &batch)
            return
        case .publisher, .keeper:
            guard advance(frame.type, id, index) else { break }
            return
        case .session, .idle, .caller: break
        }
        fail(.strayAcknowledgement)
    }

    /// False when there is no message that this could be the answer to.
    private mutating func advance(_ type: PacketType, _ id: UInt16, _ index: Int) -> Bool {
        let oldest = clients[index].settled
        let ahead = (Int(id) - 1 - oldest % 65_535 + 65_535) % 65_535
        guard oldest + ahead < clients[index].sent else { return false }
        let flight = flight(index, oldest + ahead)
        let qos = clients[index].role == .keeper ? qosOfKeeper : workload.qos
        switch type {
        case .puback:
            guard qos == .atLeastOnce, flight.pointee == Flight.published.rawValue else { return false }
            flight.pointee = Flight.settled.rawValue
        case .pubrec:
            guard qos == .exactlyOnce, flight.pointee == Flight.published.rawValue else { return false }
            flight.pointee = Flight.released.rawValue
            Acknowledgement.encode(.pubrel, packetID: id, to: &batch)
        case .pubcomp:
            guard qos == .exactlyOnce, flight.pointee == Flight.released.rawValue else { return false }
            flight.pointee = Flight.settled.rawValue
        default: return false
        }
        while clients[index].settled < clients[index].sent,
            self.flight(index, clients[index].settled).pointee == Flight.settled.rawValue
        {
            clients[index].settled += 1
            if clients[index].role == .publisher { settled += 1 }
        }
        if clients[index].role == .keeper { checkReady(index) }
        return true
    }
}

// The keeper sets what is retained before the measured phase, and removes it behind it.
extension Bench {
    var retainedOfKeeper: Int { workload.retained + workload.unrelatedRetained }

    /// It wants to know that the broker has everything.
    private var qosOfKeeper: QoS { workload.qos == .exactlyOnce ? .exactlyOnce : .atLeastOnce }

    private func keepsRetained(_ index: Int) -> Bool {
        switch stage {
        case .setUp: clients[index].state == .preparing && clients[index].granted == workload.unrelatedFilters
        case .cleaning: true
        case .measured, .settling: false
        }
    }

    private mutating func produceOfKeeper(_ index: Int, _ now: UInt64) {
        produceSubscriptions(index)
        guard keepsRetained(index) else { return }
        while clients[index].sent < retainedOfKeeper, batch.count < memory.chunkBytes,
            clients[index].sent - clients[index].settled < Bench.maxKeeperWindow
        {
            let number = clients[index].sent
            var space = InlineArray<256, UInt8>(repeating: 0)
            var span = space.mutableSpan
            span.withUnsafeMutableBufferPointer { buffer in
                var topic = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
                if number < workload.retained {
                    text.writeRetained(number, to: &topic)
                } else {
                    text.writeUnrelatedRetained(number - workload.retained, to: &topic)
                }
                appendRetained(number, topic.written, now)
            }
            flight(index, number).pointee = Flight.published.rawValue
            clients[index].sent += 1
        }
    }

    /// An empty payload removes what is retained [MQTT-3.3.1-10].
    private mutating func appendRetained(_ number: Int, _ topic: ByteView, _ now: UInt64) {
        let isRemoval = stage == .cleaning
        let layout = PublishLayout(
            qos: qosOfKeeper, retain: true, isDuplicate: false, packetID: Bench.packetID(number),
            topicFieldBytes: topic.count + 2, payloadBytes: isRemoval ? 0 : payloads.count)
        layout.encodeHeader(to: &batch)
        batch.lengthPrefixed(topic)
        batch.int16(layout.packetID)
        guard !isRemoval else { return }
        payloads.write(Payload(publisher: 0, number: UInt32(number), time: now), to: batch.start + batch.count)
        batch.extend(by: payloads.count)
    }
}
