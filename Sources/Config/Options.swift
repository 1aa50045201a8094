/// Some of all keys.
struct Options {
    /// A bit for each raw value.
    private var bits = InlineArray<4, UInt32>(repeating: 0)

    func contains(_ option: Option) -> Bool { bits[Options.word(option)] & Options.bit(option) != 0 }
    mutating func insert(_ option: Option) { bits[Options.word(option)] |= Options.bit(option) }
    mutating func remove(_ option: Option) { bits[Options.word(option)] &= ~Options.bit(option) }

    private static func word(_ option: Option) -> Int { Int(option.rawValue / 32) }
    private static func bit(_ option: Option) -> UInt32 { 1 << UInt32(option.rawValue % 32) }
}
