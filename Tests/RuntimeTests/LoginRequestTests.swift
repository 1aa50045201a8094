import Base
import Broker
import Testing

@testable import Runtime

/// The message that asks for a password to be compared.
@Suite struct LoginRequestTests {
    private func withView<R>(_ bytes: [UInt8], _ body: (ByteView) -> R) -> R {
        bytes.withUnsafeBufferPointer { body($0.isEmpty ? .empty : ByteView($0.baseAddress!, $0.count)) }
    }

    private func bytes(_ view: ByteView) -> [UInt8] { Array(UnsafeBufferPointer(start: view.start, count: view.count)) }

    /// The message for the first entry of a password file.
    private func encoded(_ line: String, token: UInt32, password: [UInt8]) -> [UInt8] {
        withView(Array(line.utf8)) { text in
            withView(password) { password in
                guard let entry = PasswordFile(text).find(ByteView("ann")) else { return [] }
                var space = [UInt8](repeating: 0, count: LoginRequest.maxBytes)
                return space.withUnsafeMutableBufferPointer { buffer in
                    var writer = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
                    LoginRequest(token: token, entry: entry, password: password).encode(to: &writer)
                    return bytes(writer.written)
                }
            }
        }
    }

    private let hash = String(repeating: "A", count: 86) + "=="

    @Test(arguments: [0, 1, 0x1234_5678, UInt32.max], [0, 1, 1024])
    func `what is asked arrives as it was`(token: UInt32, passwordBytes: Int) {
        let password = (0..<passwordBytes).map { UInt8(truncatingIfNeeded: $0) }
        for (line, kind, iterations) in [("ann:$7$70000$AQID$\(hash)", 7, 70_000), ("ann:$6$AQIDBAUG$\(hash)", 6, 1)] {
            withView(encoded(line, token: token, password: password)) { message in
                guard let request = LoginRequest.decode(message) else {
                    Issue.record("not read")
                    return
                }
                #expect(request.token == token)
                #expect(Int(request.kind.rawValue) == kind)
                #expect(request.iterations == iterations)
                #expect(bytes(request.salt) == Array((kind == 7 ? "AQID" : "AQIDBAUG").utf8))
                #expect(bytes(request.hash) == Array(hash.utf8))
                #expect(bytes(request.password) == password)
            }
        }
    }

    @Test func `the longest request fits in one message`() {
        let salt = String(repeating: "A", count: 86) + "=="
        let password = [UInt8](repeating: 1, count: LoginRequest.maxPasswordBytes)
        let message = encoded("ann:$7$100000$\(salt)$\(hash)", token: 1, password: password)
        #expect(message.count == LoginRequest.maxBytes)
    }

    @Test func `a message that is cut in front of the password is refused`() {
        let whole = encoded("ann:$7$101$AQID$\(hash)", token: 1, password: Array("pass".utf8))
        for count in 0..<(whole.count - 4) {
            #expect(withView(Array(whole[..<count])) { LoginRequest.decode($0) == nil }, "\(count) bytes")
        }
    }

    @Test func `a kind that there is not is refused`() {
        var whole = encoded("ann:$7$101$AQID$\(hash)", token: 1, password: [])
        for kind in UInt8.min...UInt8.max {
            whole[4] = kind
            #expect(withView(whole) { LoginRequest.decode($0) != nil } == (kind == 6 || kind == 7))
        }
    }
}
