import Base

/// A moment, and what the clocks on the wall show then.
public struct LocalTime {
    /// Since 1970, UTC.
    public let seconds: UInt32
    /// Below 1,000,000,000.
    public let nanoseconds: UInt32
    /// What local time is ahead of UTC.
    public let offsetSeconds: Int
    /// The zone's name at that moment: CET, CEST.
    public let zone: ByteView

    public init(seconds: UInt32, nanoseconds: UInt32, offsetSeconds: Int, zone: ByteView) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.offsetSeconds = offsetSeconds
        self.zone = zone
    }

    public static var unknown: LocalTime {
        LocalTime(seconds: 0, nanoseconds: 0, offsetSeconds: 0, zone: ByteView("UTC"))
    }

    var calendar: CalendarTime { CalendarTime(Moment(seconds: seconds).later(by: offsetSeconds)) }
}

/// Days since 1970-01-01, and seconds of that day: numbers that a 32-bit chip divides without help, and beyond 2038.
struct Moment {
    let day: Int
    /// 0 to 86,399.
    let second: Int

    static var daySeconds: Int { 86_400 }

    init(seconds: UInt32) {
        day = Int(seconds / 86_400)
        second = Int(seconds % 86_400)
    }

    /// `second` may be before or behind the day, by some days.
    init(day: Int, second: Int) {
        var (day, second) = (day, second)
        while second < 0 {
            second += Moment.daySeconds
            day -= 1
        }
        while second >= Moment.daySeconds {
            second -= Moment.daySeconds
            day += 1
        }
        self.day = day
        self.second = second
    }

    func later(by seconds: Int) -> Moment { Moment(day: day, second: second + seconds) }

    func isBefore(_ other: Moment) -> Bool { day != other.day ? day < other.day : second < other.second }
}

/// Date and time as they stand in a calendar (Gregorian).
struct CalendarTime {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int
    /// 0 is Sunday.
    let weekday: Int
    /// 0 to 365.
    let yearDay: Int
    let hour: Int
    let minute: Int
    let second: Int

    init(_ moment: Moment) {
        // The year in which the day lies: at most one off when counted by 365.25 days.
        var year = 1970 + moment.day / 366
        while CalendarTime.firstDay(ofYear: year + 1) <= moment.day { year += 1 }
        while CalendarTime.firstDay(ofYear: year) > moment.day { year -= 1 }
        var rest = moment.day - CalendarTime.firstDay(ofYear: year)
        yearDay = rest
        var month = 1
        while rest >= CalendarTime.days(inMonth: month, year) {
            rest -= CalendarTime.days(inMonth: month, year)
            month += 1
        }
        self.year = year
        self.month = month
        day = rest + 1
        weekday = CalendarTime.weekday(moment.day)
        hour = moment.second / 3600
        minute = moment.second / 60 % 60
        second = moment.second % 60
    }

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// The number of its first of January, counted from 1970. `year` is not before 1969.
    static func firstDay(ofYear year: Int) -> Int {
        let past = year - 1
        return (year - 1970) * 365 + (past / 4 - past / 100 + past / 400) - 477
    }

    static func days(inMonth month: Int, _ year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// 1970-01-01 was a Thursday.
    static func weekday(_ day: Int) -> Int { (day + 4 + 7) % 7 }

    /// The week that the day is in, when weeks begin on `firstWeekday` and the first is the first whole one (0 to 53).
    func week(firstWeekday: Int) -> Int { (yearDay + 7 - (weekday + 7 - firstWeekday) % 7) / 7 }

    /// Week and year of ISO 8601: weeks begin on Monday, and the first has the year's first Thursday.
    var isoWeek: (year: Int, week: Int) {
        let fromMonday = (weekday + 6) % 7
        let thursday = yearDay - fromMonday + 3
        if thursday < 0 {
            let length = CalendarTime.isLeap(year - 1) ? 366 : 365
            return (year - 1, (thursday + length) / 7 + 1)
        }
        let length = CalendarTime.isLeap(year) ? 366 : 365
        if thursday >= length { return (year + 1, 1) }
        return (year, thursday / 7 + 1)
    }
}
