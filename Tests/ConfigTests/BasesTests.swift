import Base
import Config
import TestSupport
import Testing

/// Board configs whose base has a base itself.
struct BasesTests {
    @Test func `What no file says is taken from the one below`() {
        let bases = [
            "base c\nmax_keepalive 20\nmax_packet_size 2K", "base d\nmax_keepalive 10\nsys_interval 7",
            "max_packet_size 9K\nstall_timeout 5\nsys_interval 9",
        ]
        let limits = Outcome("base b\nmax_keepalive 30", bases: bases).settings?.limits
        #expect(limits?.maxKeepAliveSeconds == 30)
        #expect(limits?.maxPacketBytes == 2048)
        #expect(limits?.sysIntervalSeconds == 7)
        #expect(limits?.stallTimeoutSeconds == 5)
    }

    @Test func `A connection is one of all files that have it`() throws {
        let bases = [
            "base c\nmode bridge\nconnection cloud\ntopic y\nspool_messages 20",
            "connection cloud\naddress h\ntopic z\nspool_messages 30",
        ]
        try withSettings("base b\nconnection cloud\nspool_messages 10", bases: bases) { settings in
            #expect(settings.bridgeCount == 1)
            #expect(settings.bridge(0).spoolMessages == 10)
        }
    }

    @Test(arguments: [
        (["base c", "base d", "\n\nbogus 1"], "base3.conf:3: bogus: unknown key; "),
        (["base c", "\nbogus 1"], "base2.conf:2: bogus: unknown key; "),
        (["#\nbase c\nbogus 1", "mode broker"], "base.conf:3: bogus: unknown key; "),
        (["base c", "base d", "base e"], "base3.conf:1: base: there are too many bases, one below the other"),
        (["base c", "mode client\n\nsubscribe x"], "base2.conf:3: subscribe: expected FILTER "),
        (["mode bridge\nbase c\nconnection a\ntopic x", "#\nconnection a\n"], "base2.conf:2: connection: needs "),
    ])
    func `What is wrong is told with the file and the line where it stands`(bases: [String], error: String) {
        #expect(Outcome("base b\n", bases: bases).error.hasPrefix(error))
    }

    @Test func `Lines keep the places that they have in their files`() throws {
        let bases = [
            "\nbase c\n#\npublish b every 1s file /b", "mode client\nbase d\nremote_clientid x",
            "#\naddress h\npublish d every 1s file /d\nsubscribe d print",
        ]
        try withSettings("base b", bases: bases) { settings in
            var lines = settings.actionLines
            var places: [String] = []
            while let line = lines.next() {
                let place = settings.place(of: line.number)
                places.append(text { $0.place(place) } + ", " + text { $0.field(place) })
            }
            #expect(places == [
                "line 4 of the base's base's base, lowest-base-line=4", "line 4 of the base, base-line=4",
            ])
        }
    }
}
