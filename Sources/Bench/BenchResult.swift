/// What came of a run, beside its latencies.
public struct BenchResult {
    public var sent = 0
    public var delivered = 0
    public var expected = 0
    public var doubled = 0
    public var corrupt = 0
    public var disordered = 0
    /// At least once may be twice [MQTT-4.3.2-1].
    public var mayDouble = false
    /// Of the measured phase.
    public var nanoseconds: UInt64 = 0
    public var generatorCPU: UInt64 = 0
    /// Of the broker's process, if it was named: of the measured phase, and as they were before anything was connected.
    public var figures: ProcessFigures?
    public var figuresBefore: ProcessFigures?

    public init() {}

    public var lost: Int { expected > delivered ? expected - delivered : 0 }
    public var isRight: Bool { lost == 0 && corrupt == 0 && disordered == 0 && (doubled == 0 || mayDouble) }
}
