import Base
import Broker
import TestWorld
import Testing

@testable import Runtime

/// How an address from which logins fail is made to wait.
@Suite struct LoginBackoffTests {
    private let peer = Address(v4: 0x0A00_0001, port: 1)

    private func withBackoff(_ body: (inout LoginBackoff) -> Void) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        defer {
            memory.deallocate()
            rows.deallocate()
        }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
        var arena = Arena(base: memory, capacity: 4096, rows: rows)
        var backoff = LoginBackoff(&arena)
        body(&backoff)
    }

    /// Failures in a row, and how long the next login has to wait.
    @Test(arguments: [
        (1, 0), (3, 0), (4, 1000), (5, 2000), (6, 4000), (7, 8000), (8, 16_000), (9, 32_000), (10, 64_000),
        (11, 64_000),
        (100, 64_000),
    ])
    func `three failures are free, and each one more doubles the wait`(failures: Int, waitMs: UInt32) {
        for start: UInt32 in [0, UInt32.max - 500] {
            withBackoff { backoff in
                let last = Tick(ms: start)
                for _ in 0..<failures { backoff.failed(peer, now: last) }
                if waitMs > 0 {
                    #expect(backoff.mustWait(peer, now: last))
                    #expect(backoff.mustWait(peer, now: last.advanced(byMs: waitMs - 1)))
                }
                #expect(!backoff.mustWait(peer, now: last.advanced(byMs: waitMs)))
            }
        }
    }

    @Test func `a login that succeeds makes all forgotten`() {
        withBackoff { backoff in
            for _ in 0..<10 { backoff.failed(peer, now: .zero) }
            backoff.succeeded(peer)
            #expect(!backoff.mustWait(peer, now: .zero))
            for _ in 0..<3 { backoff.failed(peer, now: .zero) }
            #expect(!backoff.mustWait(peer, now: .zero))
        }
    }

    @Test func `an address is the same by any port, and another host is not`() {
        withBackoff { backoff in
            for port in 1...4 { backoff.failed(Address(v4: 0x0A00_0001, port: UInt16(port)), now: .zero) }
            #expect(backoff.mustWait(Address(v4: 0x0A00_0001, port: 9), now: .zero))
            #expect(!backoff.mustWait(Address(v4: 0x0A00_0002, port: 1), now: .zero))
        }
    }

    @Test func `of IPv6 all addresses of a host's network are the same`() {
        withBackoff { backoff in
            for i in 1...4 { backoff.failed(Address(words: (0x2001_0DB8, 7, UInt32(i), 1), port: 1), now: .zero) }
            #expect(backoff.mustWait(Address(words: (0x2001_0DB8, 7, 99, 99), port: 1), now: .zero))
            #expect(!backoff.mustWait(Address(words: (0x2001_0DB8, 8, 1, 1), port: 1), now: .zero))
        }
    }

    @Test func `failures are forgotten after ten minutes without one`() {
        withBackoff { backoff in
            for _ in 0..<9 { backoff.failed(peer, now: .zero) }
            backoff.failed(peer, now: Tick(ms: 600_001))
            #expect(!backoff.mustWait(peer, now: Tick(ms: 600_001)))
        }
    }

    @Test func `of more addresses than there is room for the one that failed longest ago is forgotten`() {
        withBackoff { backoff in
            func host(_ i: Int) -> Address { Address(v4: UInt32(i), port: 1) }
            for i in 0..<32 {
                for _ in 0..<9 { backoff.failed(host(i), now: Tick(ms: UInt32(100 * i))) }
            }
            backoff.failed(host(0), now: Tick(ms: 4000))
            backoff.failed(host(100), now: Tick(ms: 4000))
            let waiting = (0..<32).filter { backoff.mustWait(host($0), now: Tick(ms: 4000)) }
            #expect(waiting == [0] + Array(2..<32))
        }
    }

    private func world() -> World {
        let world = World("allow_anonymous false\npassword_file p", connections: 64)
        world.setFiles(passwords: [0: World.passwords("ann")])
        return world
    }

    private func fail(_ world: World, _ times: Int, host: UInt32) {
        for _ in 0..<times { world.connect(host: host).exchange(Packet.login("c", "ann", "wrong")) }
    }

    @Test func `whoever must wait is turned away unheard, with the same answer`() {
        let world = world()
        fail(world, 4, host: 7)
        // Nobody is asked: the verdict would not come.
        world.server.io.holdsVerdict = true
        let client = world.connect(host: 7)
        #expect(client.exchange(Packet.login("c", "ann", "secret")) == Packet.notAuthorised)
        #expect(world.closeReasons.last == "too-many-failed-logins")
        world.server.io.holdsVerdict = false
        #expect(world.connect(host: 8).exchange(Packet.login("c", "ann", "secret")) == Packet.accepted)
        world.pass(seconds: 1.1)
        #expect(world.connect(host: 7).exchange(Packet.login("c", "ann", "secret")) == Packet.accepted)
    }

    @Test func `names that do not exist make an address wait, too`() {
        let world = world()
        for i in 0..<4 { world.connect(host: 7).exchange(Packet.login("c", "nobody\(i)", "secret")) }
        world.connect(host: 7).exchange(Packet.login("c", "ann", "secret"))
        #expect(world.closeReasons.last == "too-many-failed-logins")
    }

    @Test func `those who are turned away unheard do not wait any longer for it`() {
        let world = world()
        fail(world, 4, host: 7)
        for _ in 0..<10 { world.connect(host: 7).exchange(Packet.login("c", "ann", "secret")) }
        world.pass(seconds: 1.1)
        #expect(world.connect(host: 7).exchange(Packet.login("c", "ann", "secret")) == Packet.accepted)
    }

    @Test func `an address that failed long ago is free, however far the clock has come`() {
        let world = world()
        fail(world, 9, host: 7)
        for _ in 0..<30 {
            world.server.io.advance(byMs: 86_400_000)
            world.settle()
        }
        #expect(world.connect(host: 7).exchange(Packet.login("c", "ann", "secret")) == Packet.accepted)
    }
}
