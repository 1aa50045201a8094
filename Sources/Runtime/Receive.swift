import Base
import Broker
import Engine
import Wire

extension Server where Net: ~Copyable {
    /// One receive, and whatever whole packets it completes. When there is more, the system will say so again.
    /// No more is taken than the message store can hold, whatever it is, unless it is to be dropped.
    mutating func receive(_ handle: Handle<Connection>, evenIfStoreIsFull: Bool = false) {
        let connection = memory.connections[handle]
        let held = Int(connection.pointee.input.count)
        let free = memory.window + held
        let admissible = evenIfStoreIsFull ? Int.max : max(leastReceive, memory.broker.admissibleBytes)
        let room = min(memory.windowBytes - held, admissible)
        switch io.receive(connection.pointee.descriptor, free, room) {
        case .done(let count):
            counters.bytesReceived.add(count)
            take(handle, ByteView(free, count))
        case .again:
            return
        case .closed(let isOrderly):
            close(handle, isOrderly ? .endOfStream : .networkError)
        case .exhausted, .absent, .failed:
            close(handle, .networkError)
        }
    }

    /// So that a client can connect, subscribe and acknowledge while the store is full.
    private var leastReceive: Int { 64 }

    /// `fresh` stands in the window, with room in front of it for what came before.
    private mutating func take(_ handle: Handle<Connection>, _ fresh: ByteView) {
        let connection = memory.connections[handle]
        let held = Int(connection.pointee.input.count)
        guard held > 0 else {
            process(handle, fresh)
            return
        }
        // While the packet is known to be incomplete the new bytes are only put to the others, so that a long packet
        // in many pieces is copied twice and no more.
        if held + fresh.count < Int(connection.pointee.inputTotal) {
            keep(handle, fresh)
            return
        }
        takeUp(handle, with: fresh.count)
    }

    /// Goes on with what was put aside, and `freshCount` bytes that stand in the window behind the room for it.
    mutating func takeUp(_ handle: Handle<Connection>, with freshCount: Int = 0) {
        let connection = memory.connections[handle]
        let held = Int(connection.pointee.input.count)
        memory.packets.copy(connection.pointee.input, to: memory.window)
        memory.packets.free(&connection.pointee.input)
        connection.pointee.inputTotal = 0
        process(handle, ByteView(memory.window, held + freshCount))
        updateInterest(handle)
    }

    private mutating func process(_ handle: Handle<Connection>, _ bytes: ByteView) {
        let connection = memory.connections[handle]
        if memory.replies.room < bytes.count { flushAll() }
        var rest = bytes
        while !rest.isEmpty, !connection.pointee.isClosing {
            switch FrameReader.next(rest, maxPacketBytes: maxPacketBytes, level: connection.pointee.machine.level) {
            case .frame(let frame, let byteCount):
                counters.packetsReceived.add(1)
                perform(handle, frame)
                if connection.pointee.isWaitingForLogin {
                    putBack(handle, rest)
                    return
                }
                rest = rest.dropFirst(byteCount)
                connection.pointee.lastPacket = now
                if frame.type == .publish, countMessage(connection), !connection.pointee.isClosing {
                    throttle(handle, rest)
                    return
                }
                if memory.broker.wantsFlush() { flushAll() }
            case .needMore(let total):
                connection.pointee.inputTotal = UInt32(total)
                connection.pointee.inputSince = now
                keep(handle, rest)
                updateDeadline(handle)
                return
            case .bad(let reason):
                close(handle, reason)
            }
        }
    }

    /// Leaves the rest of what came for when the second is over.
    private mutating func throttle(_ handle: Handle<Connection>, _ rest: ByteView) {
        memory.connections[handle].pointee.isThrottled = true
        if !rest.isEmpty { keep(handle, rest) }
        guard !memory.connections[handle].pointee.isClosing else { return }
        updateInterest(handle)
        updateDeadline(handle)
    }

    /// A CONNECT whose password is to be compared, and whatever came behind it.
    private mutating func putBack(_ handle: Handle<Connection>, _ bytes: ByteView) {
        memory.connections[handle].pointee.inputSince = now
        keep(handle, bytes)
        guard !memory.connections[handle].pointee.isClosing else { return }
        updateInterest(handle)
        askNextLogin()
    }

    /// Puts an incomplete packet aside. When the buffers are used up, the packet that has been incomplete longest makes
    /// room: it is the least likely to be finished.
    private mutating func keep(_ handle: Handle<Connection>, _ bytes: ByteView) {
        while !memory.connections[handle].pointee.isClosing {
            if memory.packets.append(bytes, to: &memory.connections[handle].pointee.input) { return }
            close(oldestInput() ?? handle, .serverFull)
        }
    }

    /// The connection whose packet was begun first. Looks at all; needed only when buffers are exhausted.
    private func oldestInput() -> Handle<Connection>? {
        var oldest: Handle<Connection>?
        var index = 0
        while index < memory.connections.capacity {
            defer { index += 1 }
            guard let handle = memory.connections.handle(at: index) else { continue }
            let connection = memory.connections[handle]
            guard !connection.pointee.input.isEmpty else { continue }
            if let known = oldest,
                !connection.pointee.inputSince.isBefore(memory.connections[known].pointee.inputSince)
            {
                continue
            }
            oldest = handle
        }
        return oldest
    }
}
