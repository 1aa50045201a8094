import Base
import Broker
import Config
import Engine
import Wire

/// Where the check of a connection's password stands.
enum LoginState: UInt8 {
    /// Not needed, or not yet.
    case none
    /// CONNECT is put back and waits for others' passwords to be compared.
    case waiting
    /// The hash is being computed.
    case asked
    case granted
}

// CONNECT with a password is put back into the connection's input, which is not read on. When the verdict is there it
// is taken up again, as if it had only just come.
extension Server where Net: ~Copyable {
    /// Begins a new set of access files, which `keepAccess` fills and `commitAccess` puts in force.
    public mutating func beginAccess() { accessBytesUsed = 0 }

    /// Copies a file, which has been checked, to where it stays; nil when `max_access_size` does not suffice.
    public mutating func keepAccess(_ text: ByteView) -> ByteView? {
        guard accessBytesUsed + text.count <= memory.accessBytes else { return nil }
        let start = memory.accessText + (1 - memory.accessHalf) * memory.accessBytes + accessBytesUsed
        text.copy(to: start)
        accessBytesUsed += text.count
        return ByteView(start, text.count)
    }

    /// From here on the new files rule: by access index, the texts that `keepAccess` gave.
    public mutating func commitAccess(
        _ settings: Settings, passwords: InlineArray<9, ByteView?>, acls: InlineArray<9, ByteView?>
    ) {
        memory.accessHalf = 1 - memory.accessHalf
        memory.broker.removeAllAccess()
        var i = 0
        while i < settings.accessCount {
            memory.broker.addAccess(
                i, allowsAnonymous: settings.access(i).allowAnonymous, passwords: passwords[i], acl: acls[i])
            i += 1
        }
    }

    enum Login {
        case enter
        case wait
        case refuse(CloseReason)
    }

    func accessIndex(_ handle: Handle<Connection>) -> Int {
        memory.listeners[Int(memory.connections[handle].pointee.listener)].accessIndex
    }

    /// Whether the client of a CONNECT may come in now.
    mutating func login(_ handle: Handle<Connection>, _ connect: Connect) -> Login {
        let connection = memory.connections[handle]
        switch memory.broker.admission(connect, accessIndex: accessIndex(handle)) {
        case .granted:
            return .enter
        case .refused(let reason):
            if reason == .badUserNameOrPassword { memory.failedLogins.failed(connection.pointee.peer, now: now) }
            return .refuse(reason)
        case .depends:
            if connection.pointee.login == .granted {
                memory.failedLogins.succeeded(connection.pointee.peer)
                return .enter
            }
            if memory.failedLogins.mustWait(connection.pointee.peer, now: now) { return .refuse(.tooManyFailedLogins) }
            connection.pointee.login = .waiting
            memory.logins.append(handle, in: memory.connections)
            return .wait
        }
    }

    /// Has the next waiting password compared, if none is being compared now.
    mutating func askNextLogin() {
        while !isLoginAsked, let handle = memory.logins.removeFirst(in: memory.connections) {
            let connection = memory.connections[handle]
            connection.pointee.login = .none
            // The window is free between two connections.
            let count = Int(connection.pointee.input.count)
            memory.packets.copy(connection.pointee.input, to: memory.window)
            guard case .frame(let frame, _) = FrameReader.next(
                ByteView(memory.window, count), maxPacketBytes: maxPacketBytes),
                case .packet(let connect) = Connect.decode(frame.body)
            else { preconditionFailure("a CONNECT that was understood before") }
            // The file may have changed since.
            guard case .depends(let entry) = memory.broker.admission(connect, accessIndex: accessIndex(handle)),
                let password = connect.password,
                password.count <= LoginRequest.maxPasswordBytes
            else {
                denyLogin(handle)
                continue
            }
            connection.pointee.login = .asked
            isLoginAsked = true
            io.verify(LoginRequest(token: handle.raw, entry: entry, password: password))
        }
    }

    /// The verdict on the password that was asked about.
    mutating func finishLogin(_ handle: Handle<Connection>, isGranted: Bool) {
        isLoginAsked = false
        if let connection = memory.connections.find(handle), connection.pointee.login == .asked,
            !connection.pointee.isClosing
        {
            if isGranted {
                connection.pointee.login = .granted
                takeUp(handle)
            } else {
                denyLogin(handle)
            }
        }
        askNextLogin()
    }

    private mutating func denyLogin(_ handle: Handle<Connection>) {
        memory.failedLogins.failed(memory.connections[handle].pointee.peer, now: now)
        refuse(handle, .badUserNameOrPassword)
    }
}
