import Base
import Foundation
import TestSupport
import Testing

@testable import Client

struct ZoneRuleTests {
    /// Offset and name that a rule gives for a moment.
    private func shown(_ rule: String, _ seconds: UInt32) throws -> String {
        try rule.withBytes { text in
            let time = try #require(ZoneRule(parsing: text)).time(seconds: seconds, nanoseconds: 0)
            return "\(time.offsetSeconds) \(time.zone.text)"
        }
    }

    @Test(arguments: [
        ("UTC0", 1_795_523_676, "0 UTC"), ("<+0530>-5:30", 1_795_523_676, "19800 +0530"),
        ("XYZ3:30", 1_795_523_676, "-12600 XYZ"), ("<-03>3", 1_795_523_676, "-10800 -03"),
        // 2026-03-29 01:00 and 2026-10-25 01:00 UTC.
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_745_999, "3600 CET"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, "7200 CEST"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_889_999, "7200 CEST"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_890_000, "3600 CET"),
        // South of the equator: 2026-04-04 16:00 and 2026-10-03 16:00 UTC.
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_775_318_399, "39600 AEDT"),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_775_318_400, "36000 AEST"),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_791_043_199, "36000 AEST"),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_791_043_200, "39600 AEDT"),
        // Without a rule: that of the United States, 2026-03-08 07:00 and 2026-11-01 06:00 UTC.
        ("EST5EDT", 1_772_953_199, "-18000 EST"), ("EST5EDT", 1_772_953_200, "-14400 EDT"),
        ("EST5EDT", 1_793_512_799, "-14400 EDT"), ("EST5EDT", 1_793_512_800, "-18000 EST"),
        // Beyond what 32 bits with a sign can count.
        ("CET-1CEST,M3.5.0,M10.5.0/3", 4_087_100_000, "7200 CEST"),
    ] as [(String, UInt32, String)])
    func `A rule says what the clocks show`(rule: String, seconds: UInt32, expected: String) throws {
        #expect(try shown(rule, seconds) == expected)
    }

    @Test(arguments: [
        "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Santiago", "Asia/Gaza",
        "Europe/Dublin", "Pacific/Chatham",
    ])
    func `The rule at the end of a zone file agrees with the system on years to come`(name: String) throws {
        let path = "/usr/share/zoneinfo/" + name
        guard let file = FileManager.default.contents(atPath: path) else { return }
        let zone = try #require(TimeZone(identifier: name))
        try Array(file).withView { view in
            let rule = try #require(ZoneRule(zoneFile: view))
            // Every 5 hours and some from 2027 on, for five years.
            var seconds: UInt32 = 1_798_761_600
            while seconds < 1_956_528_000 {
                let expected = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
                let got = rule.time(seconds: seconds, nanoseconds: 0).offsetSeconds
                if got != expected { Issue.record("\(name) at \(seconds): \(got), not \(expected)") }
                seconds += 18_041
            }
        }
    }

    @Test(arguments: [
        "", "A1", "AB1", "Europe/Berlin", "ABC", "ABC+", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M1.1.0",
        "CET-1CEST,M3.6.0,M1.1.0", "CET-1CEST,M3.5.7,M1.1.0", "<AB1", "CET-25", "CET-1CEST,J0,J5",
        "CET-1CEST,M3.5.0,M10.5.0x",
    ])
    func `What is no rule is refused`(text: String) {
        text.withBytes { #expect(ZoneRule(parsing: $0) == nil) }
    }

    @Test(arguments: ["", "TZif", "TZif2\n", "no zone file\n"])
    func `What is no zone file has no rule`(text: String) {
        text.withBytes { #expect(ZoneRule(zoneFile: $0) == nil) }
    }

    @Test func `Dates are those of a calendar`() {
        var day = 0
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0)!
        while day < 49_000 {
            let time = CalendarTime(Moment(day: day, second: 0))
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day, .weekday, .dayOfYear], from: date)
            if time.year != parts.year || time.month != parts.month || time.day != parts.day
                || time.weekday + 1 != parts.weekday || time.yearDay + 1 != parts.dayOfYear {
                Issue.record("day \(day): \(time)")
            }
            day += 1
        }
    }

    @Test(arguments: [
        // 2026-12-31, 2027-01-01, 2027-01-03, 2027-01-04, 2024-12-30, 2021-01-03
        (20_818, 2026, 53, 52, 52), (20_819, 2026, 53, 0, 0), (20_821, 2026, 53, 1, 0), (20_822, 2027, 1, 1, 1),
        (20_087, 2025, 1, 52, 53), (18_630, 2020, 53, 1, 0),
    ])
    func `Weeks are counted as strftime counts them`(day: Int, isoYear: Int, isoWeek: Int, sunday: Int, monday: Int) {
        let time = CalendarTime(Moment(day: day, second: 0))
        #expect(time.isoWeek == (isoYear, isoWeek))
        #expect((time.week(firstWeekday: 0), time.week(firstWeekday: 1)) == (sunday, monday))
    }
}
