import Base
import Runtime

/// What a process has taken so far.
public struct ProcessFigures {
    /// Processor time of its main thread.
    public var cpuNanoseconds: UInt64
    /// Resident memory, and what of it is no part of a file.
    public var residentKB: Int
    public var anonymousKB: Int
    /// Times that it has waited for something: voluntary context switches.
    public var wakeups: Int

    /// From `/proc/PROCESS/schedstat` and `/proc/PROCESS/status`; nil when something is missing.
    public init?(schedstat: ByteView, status: ByteView) {
        guard let cpu = ProcessFigures.number(schedstat.trimmed.firstWord.word) else { return nil }
        var (resident, anonymous, wakeups): (UInt64?, UInt64?, UInt64?)
        var lines = TextLines(status)
        while let line = lines.next() {
            let (key, rest) = line.firstWord
            let value = rest.firstWord.word
            if key.equals("VmRSS:") { resident = ProcessFigures.number(value) }
            if key.equals("RssAnon:") { anonymous = ProcessFigures.number(value) }
            if key.equals("voluntary_ctxt_switches:") { wakeups = ProcessFigures.number(value) }
        }
        guard let resident, let wakeups else { return nil }
        cpuNanoseconds = cpu
        residentKB = Int(truncatingIfNeeded: resident)
        // Linux before 4.5 does not tell.
        anonymousKB = Int(truncatingIfNeeded: anonymous ?? 0)
        self.wakeups = Int(truncatingIfNeeded: wakeups)
    }

    /// Room for both files.
    static var textBytes: Int { 8192 }

    private static func number(_ text: ByteView) -> UInt64? {
        guard !text.isEmpty, text.count < 20 else { return nil }
        var value: UInt64 = 0
        var i = 0
        while i < text.count {
            guard text[i] >= UInt8(ascii: "0"), text[i] <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + UInt64(text[i] - UInt8(ascii: "0"))
            i += 1
        }
        return value
    }
}

extension Bench {
    /// What the system tells of the process that is looked at; nil when there is none, or the system does not tell.
    func processFigures<Net: BenchIO & ~Copyable>(_ io: inout Net) -> ProcessFigures? {
        guard let process = workload.process else { return nil }
        // Of both files, what is wanted stands in front.
        let half = ProcessFigures.textBytes / 2
        guard let schedstat = io.processFile(process, "schedstat", processText, half),
            let status = io.processFile(process, "status", processText + half, half)
        else { return nil }
        return ProcessFigures(schedstat: schedstat, status: status)
    }
}
