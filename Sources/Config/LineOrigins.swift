import Base

/// Where a line of a board config stands.
public struct LinePlace {
    /// 0 is the board config itself, 1 its base, 2 the base of that, and so on.
    public let file: Int
    /// From 1.
    public let line: Int
}

/// Where the lines stand of a board config that was made of several files: of it and its base, which may be made of
/// several files itself.
struct LineOrigins {
    /// Lines that stand together in one of the files, too.
    struct Run {
        var number: Int
        /// In the file itself, or in what its base has become.
        var origin: LinePlace
    }

    // Out of line: settings are copied, and what is inside of them costs code wherever that is.
    private let runs: UnsafeMutablePointer<Run>
    private var counts = InlineArray<3, Int>(repeating: 0)
    /// Of what the file itself and its bases, but for the lowest one, have become; the file's come first.
    let levels: Int

    /// What stands above the sections, the base, each connection of both with what follows in the base, and the rest.
    /// Where there are more connections than there can be, the first that is too many is still told right.
    static var maxRuns: Int { 20 }
    /// What all of them take.
    static var bytes: Int { ConfigFile.maxBases * maxRuns * MemoryLayout<Run>.stride }

    /// There is room for `bytes`.
    init(_ memory: UnsafeMutablePointer<UInt8>, levels: Int) {
        runs = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Run.self)
        self.levels = levels
    }

    /// From the line `number` of what a level becomes on, lines stand one after the other from `origin` on.
    mutating func begin(at number: Int, _ origin: LinePlace, level: Int) {
        guard counts[level] < LineOrigins.maxRuns else { return }
        (runs + level * LineOrigins.maxRuns + counts[level]).initialize(to: Run(number: number, origin: origin))
        counts[level] += 1
    }

    /// Without origins, all lines are of one file.
    @inline(never) static func place(of number: Int, _ origins: LineOrigins?) -> LinePlace {
        var line = number
        var level = 0
        while let origins, level < origins.levels {
            var i = origins.counts[level]
            var origin = LinePlace(file: 0, line: line)
            while i > 0 {
                i -= 1
                let run = origins.runs[level * maxRuns + i]
                if run.number <= line {
                    origin = LinePlace(file: run.origin.file, line: run.origin.line + line - run.number)
                    break
                }
            }
            line = origin.line
            if origin.file == 0 { break }
            level += 1
        }
        return LinePlace(file: level, line: line)
    }
}

extension Line {
    /// A field of the log.
    public mutating func field(_ place: LinePlace) {
        switch place.file {
        case 0: field("line", place.line)
        case 1: field("base-line", place.line)
        case 2: field("base-of-base-line", place.line)
        default: field("lowest-base-line", place.line)
        }
    }

    /// In words.
    public mutating func place(_ place: LinePlace) {
        text("line ")
        number(place.line)
        var i = 0
        while i < place.file {
            text(i == 0 ? " of the base" : "'s base")
            i += 1
        }
    }
}
