import Base
import Config
import Testing

struct OptionTests {
    static let numeric = Option.all.filter { $0.range != nil }

    /// A file where no other key stands in the way of `option`'s value.
    private func file(_ option: Option, _ value: Int) -> String {
        var values = [
            Option.maxPacketSize: Option.maxPacketSize.range?.lowerBound,
            .messageStoreSize: Option.messageStoreSize.range?.upperBound,
            .packetStoreSize: Option.packetStoreSize.range?.upperBound,
            .maxMessages: Option.maxMessages.range?.upperBound,
            .maxRetainedMessages: Option.maxRetainedMessages.range?.lowerBound,
            .maxRetainedBytes: Option.maxRetainedBytes.range?.lowerBound,
            .maxConnections: Option.maxConnections.range?.lowerBound,
            .globalMaxClients: Option.globalMaxClients.range?.upperBound,
        ]
        // The same limit under another name.
        if option == .globalMaxConnections { values[.maxConnections] = nil }
        if option == .maxDeliveries { values[.globalMaxClients] = Option.globalMaxClients.range?.lowerBound }
        values[option] = value
        let front = option.belongs(to: .broker) ? "" : "mode client\n"
        return front + values.filter { $0.key.belongs(to: option.belongs(to: .broker) ? .broker : .client) }
            .map { "\($0.key.name) \($0.value ?? 0)\n" }.joined()
    }

    // A connection's number is in no limit of the board; `BridgeSettingsTests` has it.
    @Test(arguments: numeric.filter { $0.belongs(to: .broker) || $0.belongs(to: .client) })
    func `A number is taken from its least to its greatest value and not beyond`(option: Option) throws {
        let range = try #require(option.range)
        for value in [range.lowerBound, range.upperBound] {
            let settings = Outcome(file(option, value)).settings
            #expect(settings?.limits[option] == value)
        }
        for value in [range.lowerBound - 1, range.upperBound + 1] {
            let mode = option.belongs(to: .broker) ? "broker" : "client"
            let error = Outcome("mode \(mode)\n\(option.name) \(value)").error
            #expect(error.hasPrefix("board.conf:2: \(option.name): expected "), "\(value)")
        }
    }

    @Test(arguments: numeric)
    func `A default stands within its range`(option: Option) throws {
        let range = try #require(option.range)
        #expect(range.contains(Limits()[option]))
    }

    @Test(arguments: numeric)
    func `A key sets its own limit and no other`(option: Option) throws {
        let range = try #require(option.range)
        var limits = Limits()
        let value = limits[option] == range.lowerBound ? range.lowerBound + 1 : range.lowerBound
        limits[option] = value
        let changed = OptionTests.numeric.filter { limits[$0] != Limits()[$0] }
        // These two are the same limit.
        let connections: [Option] = [.maxConnections, .globalMaxConnections]
        #expect(changed == (connections.contains(option) ? connections : [option]))
    }

    @Test func `No two keys have the same name`() {
        #expect(Set(Option.all.map(\.name)).count == Option.count)
    }

    @Test func `Keys are small letters, digits and underscores, as mosquitto's`() {
        let odd = Option.all.filter { option in
            !option.name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) || $0 == "_" }
        }
        #expect(odd == [])
    }

    @Test func `A key is found by its name and by nothing else`() {
        for option in Option.all { #expect(Option.named(ByteView(option.row.name)) == option) }
        for name in ["", "max", "max_keepaliv", "max_keepalive_", "MAX_KEEPALIVE", "memory-budget"] as [StaticString] {
            #expect(Option.named(ByteView(name)) == nil)
        }
    }

    @Test func `Numbers, sizes and durations have a default, and nothing else has`() {
        for option in Option.all { #expect(option.row.kind.hasDefault == (option.range != nil)) }
    }
}
