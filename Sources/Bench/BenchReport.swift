import Base
import Wire

extension Bench {
    /// One line of JSON, without its end. `line` has room for `reportBytes`.
    public func write(_ result: BenchResult, to line: inout Line) {
        line.text("{")
        member("publishers", roster.publishers, to: &line)
        member("subscribers", roster.subscribers, to: &line)
        member("topics", workload.topics, to: &line)
        member("qos", Int(workload.qos.rawValue), to: &line)
        member("payload", workload.payload, to: &line)
        member("window", workload.window, to: &line)
        member("rate", workload.rate, to: &line)
        member("sent", result.sent, to: &line)
        member("delivered", result.delivered, to: &line)
        member("expected", result.expected, to: &line)
        member("lost", result.lost, to: &line)
        member("doubled", result.doubled, to: &line)
        member("corrupt", result.corrupt, to: &line)
        member("disordered", result.disordered, to: &line)
        // Microseconds are exact enough, and shown as seconds.
        member("seconds", thousandths: result.nanoseconds / 1_000_000, to: &line)
        let microseconds = max(result.nanoseconds / 1000, 1)
        let rate = UInt64(result.delivered) * 1_000_000 / microseconds
        member("messages_per_second", Int(truncatingIfNeeded: rate), to: &line)
        member("p50_us", thousandths: latencies.value(perMille: 500), to: &line)
        member("p99_us", thousandths: latencies.value(perMille: 990), to: &line)
        member("p999_us", thousandths: latencies.value(perMille: 999), to: &line)
        member("max_us", thousandths: latencies.max, to: &line)
        let each = UInt64(max(result.delivered, 1))
        member("generator_cpu_us_per_message", thousandths: result.generatorCPU / each, to: &line)
        if let figures = result.figures, let before = result.figuresBefore {
            member("cpu_us", thousandths: figures.cpuNanoseconds, to: &line)
            member("cpu_us_per_message", thousandths: figures.cpuNanoseconds / each, to: &line)
            member("rss_kb_before", before.residentKB, to: &line)
            member("rss_kb_after", figures.residentKB, to: &line)
            member("anonymous_kb_before", before.anonymousKB, to: &line)
            member("anonymous_kb_after", figures.anonymousKB, to: &line)
            member("wakeups", figures.wakeups, to: &line)
        }
        line.text("}")
    }

    public static var reportBytes: Int { 2048 }

    @inline(never) private func member(_ name: StaticString, _ value: Int, to line: inout Line) {
        key(name, to: &line)
        line.number(value)
    }

    /// A number with three decimals.
    @inline(never) private func member(_ name: StaticString, thousandths: UInt64, to line: inout Line) {
        key(name, to: &line)
        Bench.write(thousandths / 1000, digits: 1, to: &line)
        line.text(".")
        Bench.write(thousandths % 1000, digits: 3, to: &line)
    }

    private func key(_ name: StaticString, to line: inout Line) {
        if line.count > 1 { line.text(", ") }
        line.text("\"")
        line.text(name)
        line.text("\": ")
    }

    /// At least so many digits.
    private static func write(_ value: UInt64, digits: Int, to line: inout Line) {
        var divisor: UInt64 = 1
        var count = 1
        while value / divisor >= 10 || count < digits {
            divisor *= 10
            count += 1
        }
        while divisor > 0 {
            line.byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}
