import Base

/// Times as strftime of the C locale writes them.
extension TextSink where Self: ~Copyable {
    /// `2016-08-10T09:47:38`.
    mutating func date(_ time: CalendarTime) {
        dashed(time)
        text("T")
        clock(time)
    }

    /// `+0100`.
    mutating func offset(_ seconds: Int) {
        byte(seconds < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        let minutes = UInt32(seconds.magnitude) / 60
        number(minutes / 60, digits: 2)
        number(minutes % 60, digits: 2)
    }

    /// What the letter stands for behind `%` in strftime; a byte that stands for nothing is written with its `%`.
    mutating func time(_ letter: UInt8, _ time: LocalTime) {
        let calendar = time.calendar
        switch letter {
        case UInt8(ascii: "a"): write(CalendarTime.dayName(calendar.weekday).slice(0, 3))
        case UInt8(ascii: "A"): write(CalendarTime.dayName(calendar.weekday))
        case UInt8(ascii: "b"), UInt8(ascii: "h"): write(CalendarTime.monthName(calendar.month).slice(0, 3))
        case UInt8(ascii: "B"): write(CalendarTime.monthName(calendar.month))
        case UInt8(ascii: "c"): stamp(calendar)
        case UInt8(ascii: "C"): two(calendar.year / 100)
        case UInt8(ascii: "d"): two(calendar.day)
        case UInt8(ascii: "D"), UInt8(ascii: "x"): slashed(calendar)
        case UInt8(ascii: "e"): padded(calendar.day)
        case UInt8(ascii: "F"): dashed(calendar)
        case UInt8(ascii: "g"): two(calendar.isoWeek.year % 100)
        case UInt8(ascii: "G"): number(UInt32(calendar.isoWeek.year))
        case UInt8(ascii: "H"): two(calendar.hour)
        case UInt8(ascii: "I"): two(calendar.halfDayHour)
        case UInt8(ascii: "j"): number(UInt32(calendar.yearDay + 1), digits: 3)
        case UInt8(ascii: "k"): padded(calendar.hour)
        case UInt8(ascii: "l"): padded(calendar.halfDayHour)
        case UInt8(ascii: "m"): two(calendar.month)
        case UInt8(ascii: "M"): two(calendar.minute)
        case UInt8(ascii: "n"): text("\n")
        case UInt8(ascii: "N"): number(time.nanoseconds, digits: 9)
        case UInt8(ascii: "p"): text(calendar.hour < 12 ? "AM" : "PM")
        case UInt8(ascii: "P"): text(calendar.hour < 12 ? "am" : "pm")
        case UInt8(ascii: "r"): halfDayClock(calendar)
        case UInt8(ascii: "R"): hourAndMinute(calendar)
        case UInt8(ascii: "s"): number(time.seconds)
        case UInt8(ascii: "S"): two(calendar.second)
        case UInt8(ascii: "t"): text("\t")
        case UInt8(ascii: "T"), UInt8(ascii: "X"): clock(calendar)
        case UInt8(ascii: "u"): number(UInt32(calendar.weekday == 0 ? 7 : calendar.weekday))
        case UInt8(ascii: "U"): two(calendar.week(firstWeekday: 0))
        case UInt8(ascii: "V"): two(calendar.isoWeek.week)
        case UInt8(ascii: "w"): number(UInt32(calendar.weekday))
        case UInt8(ascii: "W"): two(calendar.week(firstWeekday: 1))
        case UInt8(ascii: "y"): two(calendar.year % 100)
        case UInt8(ascii: "Y"): number(UInt32(calendar.year))
        case UInt8(ascii: "z"): offset(time.offsetSeconds)
        case UInt8(ascii: "Z"): write(time.zone)
        case UInt8(ascii: "%"): text("%")
        default: unknown(letter)
        }
    }

    private mutating func two(_ value: Int) { number(UInt32(value), digits: 2) }

    private mutating func padded(_ value: Int) {
        if value < 10 { text(" ") }
        number(UInt32(value))
    }

    private mutating func dashed(_ time: CalendarTime) {
        number(UInt32(time.year))
        text("-")
        two(time.month)
        text("-")
        two(time.day)
    }

    private mutating func slashed(_ time: CalendarTime) {
        two(time.month)
        text("/")
        two(time.day)
        text("/")
        two(time.year % 100)
    }

    private mutating func hourAndMinute(_ time: CalendarTime) {
        two(time.hour)
        text(":")
        two(time.minute)
    }

    private mutating func clock(_ time: CalendarTime) {
        hourAndMinute(time)
        text(":")
        two(time.second)
    }

    private mutating func halfDayClock(_ time: CalendarTime) {
        two(time.halfDayHour)
        text(":")
        two(time.minute)
        text(":")
        two(time.second)
        text(time.hour < 12 ? " AM" : " PM")
    }

    private mutating func stamp(_ time: CalendarTime) {
        write(CalendarTime.dayName(time.weekday).slice(0, 3))
        text(" ")
        write(CalendarTime.monthName(time.month).slice(0, 3))
        text(" ")
        padded(time.day)
        text(" ")
        clock(time)
        text(" ")
        number(UInt32(time.year))
    }

    /// To strftime a digit is the width of what follows, and there is nothing.
    private mutating func unknown(_ letter: UInt8) {
        if letter > UInt8(ascii: "2"), letter <= UInt8(ascii: "9") {
            fill(UInt8(ascii: " "), count: Int(letter - UInt8(ascii: "2")))
        }
        text("%")
        byte(letter)
    }
}

extension CalendarTime {
    /// 1 to 12.
    var halfDayHour: Int { hour % 12 == 0 ? 12 : hour % 12 }

    static func dayName(_ weekday: Int) -> ByteView {
        switch weekday {
        case 0: ByteView("Sunday")
        case 1: ByteView("Monday")
        case 2: ByteView("Tuesday")
        case 3: ByteView("Wednesday")
        case 4: ByteView("Thursday")
        case 5: ByteView("Friday")
        default: ByteView("Saturday")
        }
    }

    static func monthName(_ month: Int) -> ByteView {
        switch month {
        case 1: ByteView("January")
        case 2: ByteView("February")
        case 3: ByteView("March")
        case 4: ByteView("April")
        case 5: ByteView("May")
        case 6: ByteView("June")
        case 7: ByteView("July")
        case 8: ByteView("August")
        case 9: ByteView("September")
        case 10: ByteView("October")
        case 11: ByteView("November")
        default: ByteView("December")
        }
    }
}
