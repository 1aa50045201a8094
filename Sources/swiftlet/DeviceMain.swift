#if hasFeature(Embedded)
    /// The entry on devices, where there is no language runtime to begin with. On the host it is main.swift.
    @c(main)
    public func deviceMain(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
        Program.run(argc, argv)
    }
#endif
