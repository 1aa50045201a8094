import Base

/// A time zone as POSIX writes it in TZ, and zone files at their end: `CET-1CEST,M3.5.0,M10.5.0/3`.
public struct ZoneRule {
    /// One of the two times that a zone has.
    struct Side {
        var name: ByteView
        /// What it is ahead of UTC.
        var offsetSeconds: Int
    }

    /// The day and the time of day, by the time that ends then, at which a side begins.
    struct Change {
        enum Day: UInt8 {
            /// The `day`-th of the year, from 0, or from 1 without ever counting the 29th of February.
            case ofYear, ofYearWithoutLeap
            /// The `week`-th weekday `day` of a month, where 5 is the last.
            case ofMonth
        }

        var kind = Day.ofMonth
        var month = 0
        var week = 0
        var day = 0
        var second = 7200
    }

    private var standard: Side
    /// Nil where the clocks are never changed.
    private var summer: Side?
    private var summerBegins = Change()
    private var summerEnds = Change()

    public static var utc: ZoneRule { ZoneRule(standard: Side(name: ByteView("UTC"), offsetSeconds: 0)) }

    private init(standard: Side) {
        self.standard = standard
        // What is meant where only a second name is given: the United States' rule.
        summerBegins = Change(kind: .ofMonth, month: 3, week: 2, day: 0)
        summerEnds = Change(kind: .ofMonth, month: 11, week: 1, day: 0)
    }

    /// Nil when `text`, which lives as long as the rule, is none.
    public init?(parsing text: ByteView) {
        var reader = ZoneReader(rest: text)
        guard let name = reader.name(), let west = reader.time(maxHours: 24) else { return nil }
        self.init(standard: Side(name: name, offsetSeconds: -west))
        if reader.rest.isEmpty { return }
        guard let summerName = reader.name() else { return nil }
        var side = Side(name: summerName, offsetSeconds: standard.offsetSeconds + 3600)
        if !reader.rest.isEmpty, reader.rest[0] != UInt8(ascii: ",") {
            guard let west = reader.time(maxHours: 24) else { return nil }
            side.offsetSeconds = -west
        }
        summer = side
        if reader.rest.isEmpty { return }
        guard let begins = reader.change(), let ends = reader.change(), reader.rest.isEmpty else { return nil }
        (summerBegins, summerEnds) = (begins, ends)
    }

    /// The rule at the end of a zone file (RFC 8536 §3.3), which holds from its last change on; nil when it has none.
    public init?(zoneFile: ByteView) {
        guard zoneFile.starts(with: "TZif"), zoneFile[zoneFile.count - 1] == UInt8(ascii: "\n") else { return nil }
        var start = zoneFile.count - 1
        while start > 0, zoneFile[start - 1] != UInt8(ascii: "\n") { start -= 1 }
        guard start > 0 else { return nil }
        self.init(parsing: zoneFile.slice(start, zoneFile.count - 1))
    }

    /// What the clocks show at a moment.
    public func time(seconds: UInt32, nanoseconds: UInt32) -> LocalTime {
        let side = side(at: Moment(seconds: seconds))
        return LocalTime(
            seconds: seconds, nanoseconds: nanoseconds, offsetSeconds: side.offsetSeconds, zone: side.name)
    }

    private func side(at now: Moment) -> Side {
        guard let summer else { return standard }
        let year = CalendarTime(now.later(by: standard.offsetSeconds)).year
        let begins = summerBegins.moment(in: year).later(by: -standard.offsetSeconds)
        let ends = summerEnds.moment(in: year).later(by: -summer.offsetSeconds)
        // South of the equator summer ends before it begins.
        let isSummer = begins.isBefore(ends) ? !now.isBefore(begins) && now.isBefore(ends)
            : !now.isBefore(begins) || now.isBefore(ends)
        return isSummer ? summer : standard
    }
}

extension ZoneRule.Change {
    /// As the clocks show it just before.
    func moment(in year: Int) -> Moment {
        let newYear = CalendarTime.firstDay(ofYear: year)
        switch kind {
        case .ofYear:
            return Moment(day: newYear + day, second: second)
        case .ofYearWithoutLeap:
            let leap = CalendarTime.isLeap(year) && day >= 60 ? 1 : 0
            return Moment(day: newYear + day - 1 + leap, second: second)
        case .ofMonth:
            var first = newYear
            var i = 1
            while i < month {
                first += CalendarTime.days(inMonth: i, year)
                i += 1
            }
            var inMonth = (day - CalendarTime.weekday(first) + 7) % 7 + (week - 1) * 7
            if inMonth >= CalendarTime.days(inMonth: month, year) { inMonth -= 7 }
            return Moment(day: first + inMonth, second: second)
        }
    }
}

/// Reads the parts of a rule from front to back; nil where a part is not there.
private struct ZoneReader {
    var rest: ByteView

    /// Three letters or more; with digits and signs between `<` and `>`.
    mutating func name() -> ByteView? {
        if !rest.isEmpty, rest[0] == UInt8(ascii: "<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")), end >= 4 else { return nil }
            defer { rest = rest.dropFirst(end + 1) }
            return rest.slice(1, end)
        }
        var end = 0
        while end < rest.count, ZoneReader.isLetter(rest[end]) { end += 1 }
        guard end >= 3 else { return nil }
        defer { rest = rest.dropFirst(end) }
        return rest.slice(0, end)
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(maxHours: Int) -> Int? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(max: maxHours) else { return nil }
        var seconds = hours * 3600
        if take(":") {
            guard let minutes = number(max: 59) else { return nil }
            seconds += minutes * 60
            if take(":") {
                guard let last = number(max: 59) else { return nil }
                seconds += last
            }
        }
        return isNegative ? -seconds : seconds
    }

    /// `,Mm.w.d[/time]`, `,Jn[/time]`, `,n[/time]`.
    mutating func change() -> ZoneRule.Change? {
        var change = ZoneRule.Change()
        guard take(",") else { return nil }
        if take("M") {
            guard let month = number(max: 12), month > 0, take("."), let week = number(max: 5), week > 0, take("."),
                let day = number(max: 6)
            else { return nil }
            (change.month, change.week, change.day) = (month, week, day)
        } else if take("J") {
            guard let day = number(max: 365), day > 0 else { return nil }
            (change.kind, change.day) = (.ofYearWithoutLeap, day)
        } else {
            guard let day = number(max: 365) else { return nil }
            (change.kind, change.day) = (.ofYear, day)
        }
        if take("/") {
            guard let second = time(maxHours: 167) else { return nil }
            change.second = second
        }
        return change
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard rest.starts(with: text) else { return false }
        rest = rest.dropFirst(1)
        return true
    }

    private mutating func number(max: Int) -> Int? {
        var value = 0
        var digits = 0
        while digits < rest.count, digits < 4, rest[digits] >= UInt8(ascii: "0"), rest[digits] <= UInt8(ascii: "9") {
            value = value * 10 + Int(rest[digits] - UInt8(ascii: "0"))
            digits += 1
        }
        guard digits > 0, value <= max else { return nil }
        rest = rest.dropFirst(digits)
        return value
    }
}
