import Base

/// Where a line of a board config stands.
public struct LinePlace {
    /// In the file that `base` names; if not, in the board config itself.
    public let isOfBase: Bool
    /// From 1.
    public let line: Int
}

/// Where the lines stand of a board config that was made of two files.
struct LineOrigins {
    /// Lines that stand together in one of the files, too.
    struct Run {
        var number: Int
        var origin: LinePlace
    }

    // Out of line: settings are copied, and what is inside of them costs code wherever that is.
    private let runs: UnsafeMutablePointer<Run>
    private var count = 0

    /// What stands above the sections, the base, each connection of both with what follows in the base, and the rest.
    /// Where there are more connections than there can be, the first that is too many is still told right.
    static var maxRuns: Int { 20 }

    /// There is room for `maxRuns`.
    init(_ runs: UnsafeMutablePointer<Run>) { self.runs = runs }

    /// From the line `number` of the whole on, lines stand one after the other from `origin` on.
    mutating func begin(at number: Int, _ origin: LinePlace) {
        guard count < LineOrigins.maxRuns else { return }
        (runs + count).initialize(to: Run(number: number, origin: origin))
        count += 1
    }

    /// Without origins, all lines are of one file.
    @inline(never) static func place(of number: Int, _ origins: LineOrigins?) -> LinePlace {
        var i = origins?.count ?? 0
        while let origins, i > 0 {
            i -= 1
            let run = origins.runs[i]
            if run.number <= number {
                return LinePlace(isOfBase: run.origin.isOfBase, line: run.origin.line + number - run.number)
            }
        }
        return LinePlace(isOfBase: false, line: number)
    }
}

extension Line {
    /// A field of the log.
    public mutating func field(_ place: LinePlace) { field(place.isOfBase ? "base-line" : "line", place.line) }

    /// In words.
    public mutating func place(_ place: LinePlace) {
        text("line ")
        number(place.line)
        if place.isOfBase { text(" of the base") }
    }
}
