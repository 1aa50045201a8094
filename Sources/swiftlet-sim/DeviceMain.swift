#if hasFeature(Embedded)
    import Base
    import Linux
    import Sim

    /// The entry on devices, where there is no observer: what counts is that the digest is the host's.
    @c(main)
    public func deviceMain(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
        guard let options = Options(argc, argv), var run = Run(from: options.first) else {
            System.write(ByteView(Options.usage), to: .error)
            return 2
        }
        if options.world == .cost { return Cost.run(options) ? 0 : 1 }
        var seed = options.first
        while seed <= options.last {
            switch options.world {
            case .broker, .bridge: run.run(seed, isBridge: options.world == .bridge) { _ in }
            case .link: run.runLink(seed) { _ in }
            case .cost: break
            }
            seed += 1
        }
        run.writeReport()
        return 0
    }
#endif
