import Base
import Broker
import Config
import Testing

struct PlanTests {
    /// What a broker of these limits asks an arena for.
    private static func measured(_ limits: Limits, _ rows: UnsafeMutablePointer<PlanRow>) -> (rows: Int, bytes: Int) {
        var arena = Arena(measuring: rows)
        _ = Broker(&arena, settings: PlanTests.settings(limits), hash: KeyedHash(key0: 0, key1: 0), now: .zero)
        return (arena.rowCount, arena.used)
    }

    /// With everything that takes memory only when it is asked for.
    private static func settings(_ limits: Limits) -> Settings {
        var settings = BrokerTests.settings("acl_file acl\npassword_file passwords")
        settings.limits = limits
        return settings
    }

    private static func maximum(_ option: Option) -> Int? {
        switch option.row.kind {
        case .number(_, let max), .size(_, let max), .duration(_, let max): max
        default: nil
        }
    }

    private static var options: [Option] {
        (0..<UInt8(Option.count)).compactMap(Option.init(rawValue:))
            .filter { maximum($0) != nil && $0.belongs(to: .broker) }
    }

    @Test func `A carved broker takes what was measured, row by row`() {
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: 2 * Arena.maxRows)
        defer { rows.deallocate() }
        let limits = Limits()
        let plan = PlanTests.measured(limits, rows)
        let base = UnsafeMutableRawPointer.allocate(byteCount: plan.bytes, alignment: 4096)
        defer { base.deallocate() }
        base.initializeMemory(as: UInt8.self, repeating: 0, count: plan.bytes)
        let carved = rows + Arena.maxRows
        var arena = Arena(base: base, capacity: plan.bytes, rows: carved)
        _ = Broker(&arena, settings: PlanTests.settings(limits), hash: KeyedHash(key0: 0, key1: 0), now: .zero)
        #expect(arena.used == plan.bytes)
        #expect(arena.rowCount == plan.rows)
        for i in 0..<plan.rows {
            #expect(rows[i].name.description == carved[i].name.description)
            #expect(rows[i].bytes == carved[i].bytes)
            #expect(rows[i].count == carved[i].count)
        }
    }

    @Test func `Every row names the key that sizes it`() {
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        defer { rows.deallocate() }
        let plan = PlanTests.measured(Limits(), rows)
        let names = PlanTests.options.map(\.row.name.description) + ["fixed", "connection"]
        let keys = (0..<plan.rows).map { rows[$0].key.description }
        #expect(keys.filter { !names.contains($0) } == [])
    }

    @Test func `A larger value of a key makes the rows that name it larger`() {
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: 2 * Arena.maxRows)
        defer { rows.deallocate() }
        let plan = PlanTests.measured(Limits(), rows)
        let larger = rows + Arena.maxRows
        for option in PlanTests.options {
            var limits = Limits()
            limits[option] *= 2
            _ = PlanTests.measured(limits, larger)
            let name = option.row.name.description
            for i in 0..<plan.rows where rows[i].key.description == name {
                let (before, after) = (rows[i].count * rows[i].stride, larger[i].count * larger[i].stride)
                #expect(after > before, "\(rows[i].name) by \(name)")
            }
        }
    }

    @Test func `Each key at its greatest value makes a plan`() async {
        await #expect(processExitsWith: .success) {
            let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
            defer { rows.deallocate() }
            for option in PlanTests.options {
                var limits = Limits()
                limits[option] = PlanTests.maximum(option) ?? 0
                _ = PlanTests.measured(limits, rows)
            }
        }
    }

    @Test func `All keys at their greatest values make a plan that 31 bits can count`() async {
        await #expect(processExitsWith: .success) {
            var limits = Limits()
            for option in PlanTests.options { limits[option] = PlanTests.maximum(option) ?? 0 }
            let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
            defer { rows.deallocate() }
            let plan = PlanTests.measured(limits, rows)
            precondition(plan.bytes <= Int(Int32.max))
        }
    }
}
