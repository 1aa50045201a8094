import Base
import Config
import Runtime
import Testing

struct PlanTests {
    private static func bytes(clients: Int) -> Int {
        var settings = Settings()
        settings.limits.maxConnections = clients
        settings.limits.maxClients = clients
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        defer { rows.deallocate() }
        return Plan(settings, rows: rows).total
    }

    @Test(arguments: [
        ("MemTotal: 60000 kB\nMemAvailable:   1024 kB\n", 1 << 20), ("MemAvailable: 65536 kB", nil), ("", nil),
        ("MemAvailable: 4194304 kB", nil), ("MemAvailable: many kB", nil), ("MemFree: 1 kB", nil),
        ("MemAvailable: 0 kB", 0),
    ])
    func `A plan that takes more than the machine has left is found`(meminfo: String, left: Int?) {
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        defer { rows.deallocate() }
        let plan = Plan(Settings(), rows: rows)
        #expect(plan.total > 1 << 20 && plan.total <= 64 << 20)
        let bytes = Array(meminfo.utf8)
        bytes.withUnsafeBufferPointer { buffer in
            let view = buffer.isEmpty ? .empty : ByteView(buffer.baseAddress!, buffer.count)
            #expect(plan.shortage(view) == left)
        }
    }

    /// What a record grows by is taken for each client that may come, whether or not it does.
    @Test func `Each connected client takes 310 bytes`() {
        #expect(PlanTests.bytes(clients: 2048) - PlanTests.bytes(clients: 1024) == 1024 * 310)
    }
}
