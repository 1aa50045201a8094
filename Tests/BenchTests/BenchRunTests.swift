import Base
import Bench
import Glibc
import TestSupport
import Testing
import Wire

/// Whole runs against a broker inside the process.
struct BenchRunTests {
    /// A bench in memory of its own, which is taken as its plan says.
    private func withBench<R>(_ workload: Workload, _ body: (inout Bench) -> R) -> R {
        withRows { rows in
            let target = BenchTarget(address: .loopback, user: nil, password: nil, keepAlive: 60, run: 0xABCD)
            var plan = Arena(measuring: rows)
            _ = Bench(&plan, workload.trimmed, target, run: 0xABCD)
            let memory = calloc(1, plan.used)!
            defer { free(memory) }
            var arena = Arena(base: memory, capacity: plan.used, rows: rows)
            var bench = Bench(&arena, workload.trimmed, target, run: 0xABCD)
            #expect(arena.used == plan.used)
            return body(&bench)
        }
    }

    private func run(_ workload: Workload, _ broker: inout FakeBroker) -> Bench.Outcome {
        withBench(workload) { $0.run(&broker) }
    }

    private func result(_ workload: Workload, _ broker: inout FakeBroker) throws -> BenchResult {
        guard case .measured(let result, let failure) = run(workload, &broker) else {
            Issue.record("it could not begin")
            throw CancellationError()
        }
        #expect(failure == nil)
        #expect(broker.openCount == 0)
        return result
    }

    static let workloads: [String] = [
        "1 1 1", "3 3 3", "8 1 1", "1 8 1", "2 3 7", "3 2 5 filters", "4 4 1", "2 2 2 sessions", "1 1 1 unrelated",
        "0 3 1 retained", "0 0 1 connects", "2 2 2 rate",
    ]

    private func workload(_ text: String, _ qos: UInt8) -> Workload {
        let words = text.split(separator: " ")
        var workload = Workload()
        workload.publishers = Int(words[0])!
        workload.subscribers = Int(words[1])!
        workload.topics = Int(words[2])!
        workload.qos = QoS(rawValue: qos)!
        workload.messages = 30
        workload.window = 3
        switch words.dropFirst(3).first {
        case "filters": workload.filters = 10
        case "sessions": (workload.sessions, workload.idle) = (5, 5)
        case "unrelated": (workload.unrelatedFilters, workload.unrelatedRetained) = (40, 40)
        case "retained": workload.retained = 30
        case "connects": (workload.connects, workload.concurrency) = (40, 6)
        case "rate": workload.rate = 1000
        default: break
        }
        return workload
    }

    @Test(arguments: workloads, [UInt8(0), 1, 2])
    func `Everything is delivered, whatever the network makes of it`(text: String, qos: UInt8) throws {
        let workload = workload(text, qos)
        let totals = try #require(workload.trimmed.totals)
        for (seed, pieceBytes, heldBytes) in [(UInt64(1), 1, 200), (2, 50, 200), (3, 100_000, 100_000)] {
            var broker = FakeBroker(seed: seed, pieceBytes: pieceBytes, heldBytes: heldBytes)
            let result = try result(workload, &broker)
            #expect(result.isRight && result.doubled == 0, "pieces of \(pieceBytes)")
            #expect(result.delivered == totals.delivered && result.sent == totals.sent)
            #expect(broker.retainedCount == 0)
            #expect(broker.vainReads == 0)
        }
    }

    @Test func `What the broker keeps for itself is lost`() throws {
        var count = 0
        var broker = FakeBroker(seed: 1, pieceBytes: 100, heldBytes: 1000) { payload in
            count += 1
            return count % 10 == 0 ? [] : [payload]
        }
        guard case .measured(let result, let failure) = run(workload("1 1 1", 0), &broker) else {
            Issue.record("it could not begin")
            return
        }
        #expect(result.lost == 3 && result.delivered == 27 && !result.isRight)
        guard case .timedOut = failure?.cause else {
            Issue.record("it did not give up")
            return
        }
    }

    @Test func `What the broker sends twice, or not as it was, is counted`() throws {
        var count = 0
        var broker = FakeBroker(seed: 1, pieceBytes: 100, heldBytes: 1000) { payload in
            count += 1
            var wrong = payload
            wrong[30] ^= 1
            return count == 10 ? [payload, payload] : count == 20 ? [wrong, payload] : [payload]
        }
        let result = try result(workload("1 1 1", 1), &broker)
        #expect((result.doubled, result.corrupt, result.lost) == (1, 1, 0))
        #expect(!result.isRight)
    }

    @Test func `No more connects are under way than may be`() throws {
        var broker = FakeBroker(seed: 1, pieceBytes: 100, heldBytes: 1000)
        let result = try result(workload("0 0 1 connects", 0), &broker)
        #expect(result.delivered == 40)
        #expect(broker.mostOpen == 6)
        #expect(broker.greeted.count == 40)
    }

    @Test func `A rate is kept`() throws {
        for seed in seeds {
            var broker = FakeBroker(seed: seed, pieceBytes: 1000, heldBytes: 10_000)
            let result = try result(workload("2 2 2 rate", 1), &broker)
            // Sixty messages, a thousand a second.
            #expect(result.nanoseconds >= 59_000_000 && result.nanoseconds < 70_000_000)
        }
    }

    @Test func `The line tells what came of it`() {
        var broker = FakeBroker(seed: 1, pieceBytes: 1000, heldBytes: 10_000)
        let text = withBench(workload("2 2 2", 1)) { bench -> String in
            guard case .measured(var result, _) = bench.run(&broker) else { return "" }
            result.nanoseconds = 2_050_000_000
            result.generatorCPU = 4_005_000
            var space = [UInt8](repeating: 0, count: Bench.reportBytes)
            return space.withUnsafeMutableBufferPointer { buffer in
                var line = Line(buffer.baseAddress!, capacity: buffer.count)
                bench.write(result, to: &line)
                return line.view.text
            }
        }
        let begin = """
            {"publishers": 2, "subscribers": 2, "topics": 2, "qos": 1, "payload": 64, "window": 3, "rate": 0, \
            "sent": 60, "delivered": 60, "expected": 60, "lost": 0, "doubled": 0, "corrupt": 0, \
            "disordered": 0, "seconds": 2.050, "messages_per_second": 29, "p50_us":
            """
        #expect(text.hasPrefix(begin))
        #expect(text.hasSuffix(", \"generator_cpu_us_per_message\": 66.750}"))
    }
}
