import Base
import Client

/// A program at work for an action or a publication. Behind the record stands what is kept of its output, and then of
/// its standard error.
struct ProgramRun {
    let process: Int32
    var ends: ProgramEnds
    /// The action; none for a publication.
    let job: Handle<Job>
    /// The number of its line, from zero.
    let line: Int
    let started: Tick
    /// When it is asked to end, or made to.
    var due: Tick
    var stage = Stage.running
    /// Bytes of the payload that it was given.
    var fed = 0
    var outputBytes = 0
    /// It has put out more than is kept.
    var isCut = false
    var errorBytes = 0

    enum Stage: UInt8 {
        case running
        /// It has run too long, or is in the way of our own end; it got SIGTERM.
        case asked
        /// It got SIGKILL.
        case killed
    }

    /// Bytes kept of what it writes to standard error.
    static var maxErrorBytes: Int { 160 }
    /// From SIGTERM to SIGKILL.
    static var graceMs: UInt32 { 1000 }

    init(
        _ process: Int32, _ ends: ProgramEnds, job: Handle<Job>, line: Int, started: Tick, timeoutSeconds: Int
    ) {
        self.process = process
        self.ends = ends
        self.job = job
        self.line = line
        self.started = started
        due = started.advanced(byMs: UInt32(timeoutSeconds) * 1000)
    }
}
