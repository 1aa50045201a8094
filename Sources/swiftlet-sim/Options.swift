import Base
import Linux
import Sim

/// What the command line asks for.
struct Options {
    var first: UInt32 = 1
    var last: UInt32 = 100
    var world = World.broker
    /// Tells everything that happens. Only on the host.
    var isTraced = false
    /// Which workload's cost is to be counted; nil for the list of them.
    var workload: Workload?
    var messages = 1000

    enum World: UInt8 {
        /// A broker and its clients.
        case broker
        /// A connection of ours to another broker.
        case link
        /// A broker with connections to others, and its clients.
        case bridge
        /// A broker whose instructions are counted.
        case cost
    }

    static var usage: StaticString {
        """
        usage: swiftlet-sim [--link | --bridge] [--seeds A..B | --seed N] [--trace]
               swiftlet-sim --cost WORKLOAD|list [--messages N]

        """
    }

    /// `--seeds A..B`, `--seed N`, `--trace`, `--link`, `--bridge`, `--cost WORKLOAD|list`, `--messages N`; nil when
    /// there is anything else.
    init?(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
        var i = 1
        while i < Int(argc), let word = argv[i] {
            let text = System.text(word)
            i += 1
            if text.equals("--trace") {
                isTraced = true
                continue
            }
            if text.equals("--link") {
                world = .link
                continue
            }
            if text.equals("--bridge") {
                world = .bridge
                continue
            }
            if text.equals("--cost"), i < Int(argc), let value = argv[i] {
                world = .cost
                workload = Workload.named(System.text(value))
                guard workload != nil || System.text(value).equals("list") else { return nil }
                i += 1
                continue
            }
            if text.equals("--messages"), i < Int(argc), let value = argv[i],
                let number = Options.number(System.text(value))
            {
                messages = Int(number)
                i += 1
                continue
            }
            guard text.equals("--seeds") || text.equals("--seed"), i < Int(argc), let value = argv[i],
                parse(System.text(value))
            else { return nil }
            i += 1
        }
    }

    /// `A..B`, or one number for both. False when it is neither.
    private mutating func parse(_ text: ByteView) -> Bool {
        let dots = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
        guard let first = Options.number(text.slice(0, dots)) else { return false }
        self.first = first
        last = first
        guard dots < text.count else { return true }
        let rest = text.dropFirst(dots)
        guard rest.starts(with: ".."), let last = Options.number(rest.dropFirst(2)), last >= first else { return false }
        self.last = last
        return true
    }

    /// At most nine digits.
    private static func number(_ text: ByteView) -> UInt32? {
        guard text.count >= 1, text.count <= 9 else { return nil }
        var value: UInt32 = 0
        var i = 0
        while i < text.count {
            guard text[i] >= UInt8(ascii: "0"), text[i] <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + UInt32(text[i] - UInt8(ascii: "0"))
            i += 1
        }
        return value
    }
}
