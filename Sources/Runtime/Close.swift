import Base
import Broker
import Engine
import Wire

extension Server where Net: ~Copyable {
    /// Ends a connection. What it has to say is still flushed; its slot is free only when the turn ends, so that
    /// nothing in this turn meets a stranger in its place.
    mutating func close(_ handle: Handle<Connection>, _ reason: CloseReason) {
        let connection = memory.connections[handle]
        guard !connection.pointee.isClosing else { return }
        reportClosed(handle, reason)
        if connection.pointee.session.isSome {
            memory.broker.disconnect(connection.pointee.session, isOrderly: reason == .disconnect, now: now)
            connection.pointee.session = .none
        }
        end(handle)
    }

    /// The part of closing that leaves the session alone. The connection is reclaimed once it has been flushed.
    mutating func end(_ handle: Handle<Connection>) {
        let connection = memory.connections[handle]
        connection.pointee.isClosing = true
        if connection.pointee.login == .waiting { memory.logins.remove(handle, in: memory.connections) }
        connection.pointee.machine.closed()
        memory.timers.cancel(handle.index)
        memory.packets.free(&connection.pointee.input)
        markDirty(handle)
    }

    /// Closes the sockets of ended connections and gives their slots back.
    mutating func reclaim() {
        while let handle = memory.ended.removeFirst(in: memory.connections) {
            let connection = memory.connections[handle]
            memory.packets.free(&connection.pointee.output)
            io.close(connection.pointee.descriptor)
            memory.listeners[Int(connection.pointee.listener)].connectionCount -= 1
            memory.connections.give(handle)
        }
    }

    /// Ends all connections and closes the listeners.
    public mutating func shutDown() {
        var index = 0
        while index < memory.connections.capacity {
            if let handle = memory.connections.handle(at: index) { close(handle, .shutdown) }
            index += 1
        }
        leaveBridges()
        flushAll()
        reclaim()
        index = 0
        while index < listenerCount {
            if memory.listeners[index].isWanted { closeListener(index) }
            index += 1
        }
        reportStopped()
    }
}
