import Base
import Config

/// How much memory a board config will take, pool by pool, found by building everything against an arena that only
/// measures.
public struct Plan {
    public let rows: UnsafeMutablePointer<PlanRow>
    public let rowCount: Int
    /// Bytes of the arena.
    public let total: Int
    public let budget: Int

    public var fits: Bool { total <= budget }

    /// The bytes that the machine has left, by `/proc/meminfo`, if the plan takes more than that. The system would give
    /// them all the same, and later end some program for want of memory. Before Linux 3.14 it does not tell.
    public func shortage(_ meminfo: ByteView) -> Int? {
        var lines = TextLines(meminfo)
        while let line = lines.next() {
            let (key, value) = line.firstWord
            guard key.equals("MemAvailable:"), let kilobytes = ConfigValue.number(value.firstWord.word)
            else { continue }
            // A plan is smaller than that.
            let left = min(kilobytes, Int(Int32.max) >> 10) << 10
            return total > left ? left : nil
        }
        return nil
    }

    /// `rows` has room for `Arena.maxRows` entries and outlives the plan.
    public init(_ settings: Settings, rows: UnsafeMutablePointer<PlanRow>) {
        var arena = Arena(measuring: rows)
        let hash = KeyedHash(key0: 0, key1: 0)
        switch settings.mode {
        case .broker, .bridge:
            _ = Memory(&arena, settings: settings, hostName: .empty, hash: hash, now: .zero)
        case .client: _ = AgentMemory(&arena, settings: settings, hash: hash, now: .zero)
        }
        self.rows = rows
        rowCount = arena.rowCount
        total = arena.used
        budget = settings.limits.memoryBudget
    }

    /// Writes the table line by line.
    public func write(_ line: inout Line, to output: (ByteView) -> Void) {
        func end() {
            output(line.ended())
            line.removeAll()
        }
        line.text("pool                    count  stride       bytes  share  sized by")
        end()
        var i = 0
        while i < rowCount {
            let row = rows[i]
            i += 1
            if row.count == 0 { continue }
            line.column(row.name, width: 20)
            line.column(row.count, width: 9)
            line.column(row.stride, width: 8)
            line.column(row.bytes, width: 12)
            // Per mille without going beyond 32 bits.
            let perMille = row.bytes / max(1, total / 1000)
            line.column(perMille / 10, width: 5)
            line.byte(UInt8(ascii: "."))
            line.number(perMille % 10)
            line.text("  ")
            line.text(row.key)
            end()
        }
        line.column("sum", width: 37)
        line.column(total, width: 12)
        end()
        line.column("memory_budget", width: 37)
        line.column(budget, width: 12)
        line.text(fits ? "         fits" : "         too small")
        end()
    }
}
