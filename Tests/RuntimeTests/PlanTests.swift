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

    /// What a record grows by is taken for each client that may come, whether or not it does.
    @Test func `Each connected client takes 310 bytes`() {
        #expect(PlanTests.bytes(clients: 2048) - PlanTests.bytes(clients: 1024) == 1024 * 310)
    }
}
