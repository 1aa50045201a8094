import Base
import Bench
import Testing

/// What the system's files about a process say.
struct ProcessFiguresTests {
    private let schedstat = ByteView("6234567890123 1555 42\n")

    @Test func `The figures are found`() throws {
        let status = ByteView(
            """
            Name:\tswiftlet
            VmHWM:\t    9000 kB
            VmRSS:\t    8608 kB
            RssAnon:\t    1200 kB
            Threads:\t1
            voluntary_ctxt_switches:\t77
            nonvoluntary_ctxt_switches:\t3

            """)
        let figures = try #require(ProcessFigures(schedstat: schedstat, status: status))
        #expect(figures.cpuNanoseconds == 6_234_567_890_123)
        #expect(figures.residentKB == 8608)
        #expect(figures.anonymousKB == 1200)
        #expect(figures.wakeups == 77)
    }

    @Test func `Without one of them there are none`() {
        #expect(ProcessFigures(schedstat: schedstat, status: ByteView("VmRSS: 1 kB\n")) == nil)
        #expect(ProcessFigures(schedstat: schedstat, status: ByteView("voluntary_ctxt_switches: 1\n")) == nil)
        let status = ByteView("VmRSS: 1 kB\nvoluntary_ctxt_switches: 1\n")
        #expect(ProcessFigures(schedstat: schedstat, status: status) != nil)
        #expect(ProcessFigures(schedstat: .empty, status: status) == nil)
        #expect(ProcessFigures(schedstat: ByteView("x 1 2"), status: status) == nil)
    }
}
