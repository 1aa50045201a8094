import Base
import Glibc
import Runtime
import Testing

@testable import Sim

extension Workload: @unchecked Sendable {}

/// A broker that does less costs less: so a run has to notice.
@Suite struct CostTests {
    private static let workloads = (0..<64).compactMap { Workload(rawValue: $0) }

    /// A run, after `change`: what it answers when everything is looked at, and when it is only counted.
    private func isWhole(_ workload: Workload, _ change: (inout CostRun) -> Void = { _ in }) -> (Bool, Bool) {
        let memory = calloc(1, CostRun.bytes)!
        let rows = UnsafeMutablePointer<PlanRow>.allocate(capacity: Arena.maxRows)
        defer {
            free(memory)
            rows.deallocate()
        }
        var run = CostRun(workload, memory: memory, rows: rows)
        guard run.run(rounds: 1, isChecking: true) else { return (false, false) }
        change(&run)
        let isCounted = run.run(rounds: 3, isChecking: false)
        return (run.run(rounds: 2, isChecking: true), isCounted)
    }

    @Test(arguments: workloads)
    func `every client of a workload gets what is its own`(workload: Workload) {
        #expect(isWhole(workload) == (true, true))
    }

    @Test func `names of workloads are all different, and found`() {
        #expect(CostTests.workloads.count > 15)
        #expect(Set(CostTests.workloads.map(\.name.description)).count == CostTests.workloads.count)
        for workload in CostTests.workloads { #expect(Workload.named(ByteView(workload.name)) == workload) }
        #expect(Workload.named(ByteView("qos0")) == nil)
    }

    /// Has the first subscriber say SUBSCRIBE or UNSUBSCRIBE.
    private func say(_ run: inout CostRun, _ first: UInt8, _ filter: String, _ rest: [UInt8] = []) {
        let packet = [first, UInt8(4 + filter.utf8.count + rest.count), 0, 1, 0, UInt8(filter.utf8.count)] + filter.utf8
        (packet + rest).withUnsafeBufferPointer { bytes in
            run.say(run.firstSubscriber, ByteView(bytes.baseAddress!, bytes.count), partBytes: bytes.count)
            run.settle()
        }
    }

    @Test(arguments: [
        (Workload.qos0One, "bench/00000"), (.qos0Long, "bench/00000"), (.qos1Ten, "bench/00000"),
        (.qos2Ten, "bench/00000"), (.fanOut, "bench/00000"), (.fanOutQoS1, "bench/00000"), (.fanIn, "bench/00000"),
        (.deep, "l00/+/l02/+/l04/+/#"), (.filters, "f/00000/+"), (.filters, "f/00370/#"), (.filters, "+/00740/x"),
    ] as [(Workload, String)])
    func `a subscriber that does not get all is noticed`(workload: Workload, filter: String) {
        #expect(isWhole(workload) { say(&$0, 0xA2, filter) } == (false, false))
    }

    @Test(arguments: [(Workload.qos0Ten, 0), (.qos1Ten, 1), (.qos2Ten, 2), (.qos1Single, 1)] as [(Workload, UInt8)])
    func `a subscriber that gets what is another one's is noticed`(workload: Workload, qos: UInt8) {
        #expect(isWhole(workload) { say(&$0, 0x82, "bench/00001", [qos]) } == (false, false))
    }

    @Test(arguments: [Workload.qos0One, .qos1Ten, .qos2Ten, .fanOut, .fanIn, .filters, .deep])
    func `a byte that is another one is noticed where content is looked at`(workload: Workload) {
        #expect(isWhole(workload) { run in
            let script = run.server.io.peers[0].script
            UnsafeMutablePointer(mutating: script.start)[script.count - 1] ^= 0x10
        } == (false, true))
    }
}
