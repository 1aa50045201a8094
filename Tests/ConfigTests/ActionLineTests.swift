import Base
import Config
import TestSupport
import Testing

/// Lines of client mode, and what stands below them.
struct ActionLineTests {
    /// A line in short: number, kind, topic, QoS, words.
    private func lines(_ config: String) throws -> [String] {
        try withSettings("mode client\n" + config) { settings in
            var list: [String] = []
            var lines = settings.actionLines
            while let line = lines.next() {
                var parts = ["\(line.number - 1)", "\(line.kind)", text(line.topic), "\(line.qos)"]
                if line.kind.isPublication { parts.append("\(line.everySeconds)s") }
                if line.retain { parts.append("retain") }
                var words = line.words
                while let word = words.next() { parts.append("<" + text(word) + ">") }
                list.append(parts.joined(separator: " "))
            }
            return list
        }
    }

    /// Something of each line's options.
    private func options<R>(_ config: String, _ part: (ActionOptions) -> R) throws -> [R] {
        try withSettings("mode client\n" + config) { settings in
            var list: [R] = []
            var lines = settings.actionLines
            while let line = lines.next() { list.append(part(line.options)) }
            return list
        }
    }

    @Test(arguments: [
        ("subscribe test print", "1 print test 0"), ("subscribe test qos 2 print", "1 print test 2"),
        (#"subscribe a/+/b qos 1 print "%t %p""#, "1 print a/+/b 1 <%t %p>"),
        ("subscribe test exec /bin/x", "1 exec test 0 </bin/x>"),
        (#"subscribe "my topic" qos 1 exec ./x -a "b c" """#, "1 exec my topic 1 <./x> <-a> <b c> <>"),
        ("subscribe # write /sys/class/leds/x/brightness", "1 write # 0 </sys/class/leds/x/brightness>"),
        ("subscribe qos qos 1 print qos", "1 print qos 1 <qos>"),
        ("subscribe print print print", "1 print print 0 <print>"),
        ("publish load every 10s file /proc/loadavg", "1 publishFile load 0 10s </proc/loadavg>"),
        ("publish load qos 1 retain every 1min file /x", "1 publishFile load 1 60s retain </x>"),
        ("publish load retain qos 1 every 1 file x", "1 publishFile load 1 1s retain <x>"),
        ("publish load every 7d exec /x qos 2", "1 publishExec load 0 604800s </x> <qos> <2>"),
        ("  subscribe\ttest   print\r", "1 print test 0"),
    ])
    func `A line tells of whom it hears, and what it does`(line: String, expected: String) throws {
        #expect(try lines(line) == [expected])
    }

    @Test(arguments: [
        ("", "expected FILTER [qos N] print [FORMAT], exec PROGRAM [ARGUMENT...] or write FILE"),
        ("test", "expected FILTER [qos N] print [FORMAT], exec PROGRAM [ARGUMENT...] or write FILE"),
        ("test run /x", "expected FILTER [qos N] print [FORMAT], exec PROGRAM [ARGUMENT...] or write FILE"),
        ("test retain print", "expected FILTER [qos N] print [FORMAT], exec PROGRAM [ARGUMENT...] or write FILE"),
        ("test every 1s print", "expected FILTER [qos N] print [FORMAT], exec PROGRAM [ARGUMENT...] or write FILE"),
        (#""" print"#, "expected a topic"), ("test qos print", "expected qos 0, 1 or 2"),
        ("test qos 3 print", "expected qos 0, 1 or 2"), ("test qos 01 print", "expected qos 0, 1 or 2"),
        ("test qos", "expected qos 0, 1 or 2"), ("test print %t %p", "expected one FORMAT, in quotes if it has spaces"),
        (#"test print "%t"#, "a word in quotes must end, and stand by itself"),
        (#"test print {"a":1}"#, "a word in quotes must end, and stand by itself"),
        ("test exec", "expected exec and a program with its path"),
        ("test exec reboot", "expected exec and a program with its path"),
        ("test write", "expected one file, in quotes if it has spaces"),
        ("test write /a /b", "expected one file, in quotes if it has spaces"),
        (#"test write """#, "expected one file, in quotes if it has spaces"),
        ("test exec /x\u{0}y", "a word in quotes must end, and stand by itself"),
    ])
    func `A line that subscribes and is not understood is refused`(words: String, expected: String) {
        #expect(Outcome("mode client\nsubscribe \(words)").error == "board.conf:2: subscribe: \(expected)")
    }

    @Test(arguments: [
        ("", "expected TOPIC [qos N] [retain] every TIME file FILE or exec PROGRAM [ARGUMENT...]"),
        ("load file /x", "expected TOPIC [qos N] [retain] every TIME file FILE or exec PROGRAM [ARGUMENT...]"),
        ("load every 1s", "expected TOPIC [qos N] [retain] every TIME file FILE or exec PROGRAM [ARGUMENT...]"),
        ("load every 1s print", "expected TOPIC [qos N] [retain] every TIME file FILE or exec PROGRAM [ARGUMENT...]"),
        ("load every 0s file /x", "expected every and seconds (min, h, d, w allowed) from 1 to 604800"),
        ("load every 8d file /x", "expected every and seconds (min, h, d, w allowed) from 1 to 604800"),
        ("load every file /x", "expected every and seconds (min, h, d, w allowed) from 1 to 604800"),
        ("load every", "expected every and seconds (min, h, d, w allowed) from 1 to 604800"),
        ("load every 1s file", "expected one file, in quotes if it has spaces"),
        ("load every 1s exec uptime", "expected exec and a program with its path"),
    ])
    func `A line that publishes and is not understood is refused`(words: String, expected: String) {
        #expect(Outcome("mode client\npublish \(words)").error == "board.conf:2: publish: \(expected)")
    }

    @Test func `A program has up to 32 words, with its own`() throws {
        let arguments = (1...31).map { "\($0)" }.joined(separator: " ")
        #expect(Outcome("mode client\nsubscribe a exec /x \(arguments)").error == "")
        let error = "board.conf:2: subscribe: more than 32 words for a program"
        #expect(Outcome("mode client\nsubscribe a exec /x \(arguments) 32").error == error)
    }

    @Test(arguments: ["subscribe a exec", "subscribe a write", "publish a every 1s file", "publish a every 1s exec"])
    func `A path has up to 511 bytes`(words: String) {
        let path = "/" + String(repeating: "x", count: 510)
        #expect(Outcome("mode client\n\(words) \(path)").error == "")
        let key = words.prefix { $0 != " " }
        let error = "board.conf:2: \(key): a path of more than 511 bytes"
        #expect(Outcome("mode client\n\(words) \(path)x").error == error)
    }

    @Test func `A board has up to 256 lines`() throws {
        let lines = (1...256).map { $0 % 2 == 0 ? "subscribe a print" : "publish b every 1s file /x" }
        #expect(try self.lines(lines.joined(separator: "\n")).count == 256)
        let more = "mode client\n" + lines.joined(separator: "\n") + "\nsubscribe a print"
        #expect(Outcome(more).error == "board.conf:258: subscribe: more than 256 lines of subscribe and publish")
    }

    @Test func `Lines come in their order, each with its number, whatever stands between`() throws {
        let config = """
            subscribe a print
            # subscribe x print

            exec_timeout 5
            keepalive_interval 30
            publish b every 1s file /y
            subscribe a write /z
            """
        // A publication runs no program that could time out.
        let error = "board.conf:5: exec_timeout: means nothing to the line above"
        #expect(Outcome("mode client\n" + config).error == error)
        #expect(
            try lines(config.replacing("exec_timeout 5", with: "#")) == [
                "1 print a 0", "6 publishFile b 0 1s </y>", "7 write a 0 </z>",
            ])
    }

    @Test func `Filters are counted once, however they are spelt`() throws {
        let config = """
            mode client
            publish b every 1s file /y
            subscribe a print
            subscribe "a" qos 2 exec /x
            subscribe b print
            subscribe "a\\\\b" print
            subscribe a\\b print
            """
        try withSettings(config) { settings in
            #expect(settings.client.filterCount == 3)
            #expect(settings.client.subscribeLineCount == 5)
            #expect(settings.client.publishLineCount == 1)
        }
    }

    @Test func `There are no more filters than subscriptions that are allowed`() {
        let front = "mode client\nmax_subscriptions_per_client 2\n"
        let config = front + "subscribe a print\nsubscribe b print\nsubscribe a print\n"
        #expect(Outcome(config).error == "")
        let error = "board.conf:6: subscribe: more filters than max_subscriptions_per_client"
        #expect(Outcome(config + "subscribe c print").error == error)
    }

    @Test func `What stands above the first line is for all, what stands below one for that one`() throws {
        let config = """
            exec_timeout 20
            reply_topic all
            on_failure retry
            subscribe a exec /x
            exec_timeout 3
            subscribe b exec /y
            reply_topic mine/out
            reply_qos 2
            reply_retain true
            subscribe c exec /z
            """
        #expect(try options(config, \.limits.execTimeoutSeconds) == [3, 20, 20])
        #expect(try options(config) { $0.replyTopic?.text } == ["all", "mine/out", "all"])
        #expect(try options(config, \.replyQoS) == [0, 2, 0])
        #expect(try options(config, \.replyRetain) == [false, true, false])
        #expect(try options(config, \.onFailure) == [.retry, .retry, .retry])
    }

    @Test func `Lines that say nothing more have the defaults`() throws {
        let config = "subscribe a exec /x\nsubscribe b write /y\npublish c every 1s file /z"
        #expect(try options(config, \.limits.execTimeoutSeconds) == [10, 10, 10])
        #expect(try options(config, \.limits.execParallel) == [1, 1, 1])
        #expect(try options(config, \.limits.execQueue) == [16, 16, 16])
        #expect(try options(config, \.limits.execRate) == [0, 0, 0])
        #expect(try options(config, \.limits.execOutputBytes) == [4096, 4096, 4096])
        #expect(try options(config, \.limits.writeBytes) == [64, 64, 64])
        #expect(try options(config, \.onFailure) == [.drop, .drop, .drop])
        #expect(try options(config, \.onChangeOnly) == [false, false, false])
        #expect(try options(config) { $0.replyTopic == nil && $0.deadLetterTopic == nil } == [true, true, true])
    }

    @Test func `Each line may have a key, and only once`() {
        let front = "mode client\nexec_rate 1\nsubscribe a exec /x\nexec_rate 2\nsubscribe b exec /x\nexec_rate 3\n"
        #expect(Outcome(front).error == "")
        #expect(Outcome(front + "exec_rate 4").error == "board.conf:7: exec_rate: stands twice in this file")
        let error = "board.conf:3: exec_rate: stands twice in this file"
        #expect(Outcome("mode client\nexec_rate 1\nexec_rate 2").error == error)
    }

    @Test func `The limits that are told are those above the first line`() throws {
        let config = "mode client\nexec_queue 3\nsubscribe a exec /x\nexec_queue 4\nexec_parallel 2"
        try withSettings(config) { settings in
            #expect(settings.limits[.execQueue] == 3)
            #expect(settings.limits[.execParallel] == 1)
        }
    }

    private let kinds: [(String, ActionLine.Kind)] = [
        ("subscribe a print", .print), ("subscribe a exec /x", .exec), ("subscribe a write /x", .write),
        ("publish a every 1s file /x", .publishFile), ("publish a every 1s exec /x", .publishExec),
    ]
    private let keys: [(String, [ActionLine.Kind])] = [
        ("exec_timeout 1", [.exec, .publishExec]), ("exec_output_size 1K", [.exec, .publishExec]),
        ("exec_parallel 2", [.exec]), ("exec_queue 2", [.exec]), ("exec_rate 2", [.exec]), ("reply_topic x", [.exec]),
        ("reply_qos 1", [.exec]), ("reply_retain true", [.exec]), ("on_failure retry", [.exec, .write]),
        ("retry_delay 2", [.exec, .write]), ("retry_limit 2", [.exec, .write]),
        ("dead_letter_topic x", [.exec, .write]), ("write_size 2", [.write]), ("write_format any", [.write]),
        ("on_change_only true", [.publishFile, .publishExec]),
    ]

    @Test func `A key stands below the lines that it means something to, and above the first line`() {
        for (key, kinds) in keys {
            let name = key.prefix { $0 != " " }
            for (line, kind) in self.kinds {
                let error = kinds.contains(kind) ? "" : "board.conf:3: \(name): means nothing to the line above"
                #expect(Outcome("mode client\n\(line)\n\(key)").error == error)
                #expect(Outcome("mode client\n\(key)\n\(line)").error == "")
            }
        }
    }

    @Test func `Dead letters need a topic, and only lines that can have some`() {
        let error = "board.conf:3: subscribe: needs dead_letter_topic"
        #expect(Outcome("mode client\non_failure dead-letter\nsubscribe a exec /x").error == error)
        #expect(Outcome("mode client\n\nsubscribe a write /x\non_failure dead-letter").error == error)
        #expect(Outcome("mode client\non_failure dead-letter\nsubscribe a print").error == "")
        for topic in ["dead_letter_topic x\nsubscribe a exec /x", "subscribe a exec /x\ndead_letter_topic x"] {
            #expect(Outcome("mode client\non_failure dead-letter\n\(topic)").error == "")
        }
    }

    @Test(arguments: [
        ("any", "any"), ("number 0 1", "number(min: 0, max: 1)"), ("number  -5   5", "number(min: -5, max: 5)"),
        ("word on|off", "on|off"), ("word on", "on"),
    ])
    func `What may be written has a form`(value: String, expected: String) throws {
        let config = "subscribe a write /x\nwrite_format \(value)"
        let formats = try options(config) { options in
            if case .words(let words) = options.writeFormat { words.text } else { "\(options.writeFormat)" }
        }
        #expect(formats == [expected])
    }

    @Test(arguments: [
        "write_format number 1 0", "write_format number 1", "write_format number", "write_format number 1 2 3",
        "write_format number a b", "write_format word", "write_format word a b", "write_format word |a",
        "write_format word a|", "write_format word a||b", "write_format text", "write_format number --1 1",
        "write_format number 0 99999999999",
    ])
    func `Another form is refused`(line: String) {
        let error = "board.conf:2: write_format: expected any, number MIN MAX or word A|B|C"
        #expect(Outcome("mode client\n\(line)").error == error)
    }
}
