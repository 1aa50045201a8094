import Base
import Runtime
import TestSupport
import Testing

/// What client mode does with the messages that come.
struct AgentActionTests {
    private let exec = "subscribe t qos 1 exec /bin/x \"a b\" c\n"

    @Test func `an action gets the payload, and the topic and the rest in its environment`() {
        let world = AgentWorld(exec).connect()
        world.publish("t", "hello", id: 7)
        #expect(world.programs.count == 1)
        #expect(world.programs[0].words == ["/bin/x", "a b", "c"])
        #expect(world.programs[0].variables
            == ["MQTT_TOPIC=t", "MQTT_QOS=1", "MQTT_RETAIN=0", "MQTT_PACKET_ID=7"])
        #expect(String(decoding: world.programs[0].input, as: UTF8.self) == "hello")
        #expect(world.programs[0].isInputClosed)
    }

    @Test func `a message is acknowledged when its action has succeeded, and everything is closed`() {
        let world = AgentWorld(exec).connect()
        world.publish("t", id: 7)
        #expect(world.sent() == [])
        #expect(world.log("action-started")
            == ["event=action-started line=3 action=exec program=/bin/x topic=t packet-id=7 attempt=1"])
        world.end(world.programs[0])
        #expect(world.sent() == ["puback 7"])
        #expect(world.programs[0].open == [])
    }

    @Test func `the connection is served while an action hangs`() {
        let world = AgentWorld(exec + "keepalive_interval 10").connect()
        world.publish("t")
        world.turn(afterMs: 9900)
        world.turn(afterMs: 200)
        #expect(world.sent() == ["ping"])
    }

    @Test func `a program that takes its time to read is fed bit by bit`() {
        let world = AgentWorld(exec).connect()
        world.host.inputRoom = 100
        let payload = String(repeating: "0123456789", count: 100)
        world.publish("t", payload)
        let program = world.programs[0]
        while !program.isInputClosed {
            #expect(program.inputRoom == 0)
            program.inputRoom = 77
            world.turn(token: program.token, flags: Event.writable)
        }
        #expect(String(decoding: program.input, as: UTF8.self) == payload)
    }

    @Test func `a program that does not read is no failure`() {
        let world = AgentWorld(exec).connect()
        world.host.inputRoom = 1
        world.publish("t", "hello")
        world.programs[0].isDeaf = true
        world.turn(token: world.programs[0].token, flags: Event.failed)
        #expect(world.programs[0].isInputClosed)
        world.end(world.programs[0])
        #expect(world.sent() == ["puback 1"])
    }

    @Test func `output goes to the reply topic, without the line end behind it`() {
        let world = AgentWorld(exec + "reply_topic r\nreply_qos 1\nreply_retain true").connect()
        world.publish("t")
        world.programs[0].output = Array("two\nlines\n".utf8)
        world.turn(token: world.programs[0].token, flags: Event.readable)
        world.end(world.programs[0])
        #expect(world.sent().contains("publish r two\nlines qos 1 retain"))
    }

    @Test func `no more output is kept than the limit says, the rest is read all the same, and it is told`() {
        let world = AgentWorld(exec + "reply_topic r\nexec_output_size 10").connect()
        world.publish("t")
        world.programs[0].output = Array(repeating: UInt8(ascii: "x"), count: 100_000)
        for _ in 0..<3 { world.turn(token: world.programs[0].token, flags: Event.readable) }
        world.end(world.programs[0])
        #expect(world.programs[0].output == [])
        #expect(world.sent().contains("publish r xxxxxxxxxx qos 0"))
        #expect(world.log("action-ended").first?.contains(" output=10 cut=true") == true)
    }

    @Test func `one that runs too long is asked to end, and a second later is ended`() {
        let world = AgentWorld(exec + "exec_timeout 3").connect()
        world.publish("t")
        world.turn(afterMs: 2999)
        #expect(world.programs[0].signals == [])
        world.turn(afterMs: 1)
        #expect(world.programs[0].signals == ["TERM"])
        world.turn(afterMs: 999)
        #expect(world.programs[0].signals == ["TERM"])
        world.turn(afterMs: 1)
        #expect(world.programs[0].signals == ["TERM", "KILL"])
        world.end(world.programs[0], .signal(9))
        #expect(world.log("action-failed").first?.contains(" reason=timed-out signal=9 duration-ms=4000 ") == true)
        #expect(world.sent() == ["puback 1"])
    }

    @Test func `one that ends well after it was asked to is a failure`() {
        let world = AgentWorld(exec + "exec_timeout 3").connect()
        world.publish("t")
        world.turn(afterMs: 3000)
        world.end(world.programs[0])
        #expect(world.log("action-failed").first?.contains(" reason=timed-out status=0 ") == true)
    }

    @Test func `a program that cannot be started is a failure that says why`() {
        let world = AgentWorld(exec).connect()
        world.publish("t")
        world.programs[0].startError = 2
        world.end(world.programs[0], .status(127))
        #expect(world.log("action-failed").first?.contains(" reason=not-started error=\"No such file\" ") == true)
    }

    @Test func `where the system gives no process, that is a failure, too`() {
        let world = AgentWorld(exec).connect()
        world.host.spawnErrors = [.exhausted]
        world.publish("t")
        #expect(world.log("action-failed").first?.contains(" reason=not-started attempt=1 then=drop") == true)
        #expect(world.sent() == ["puback 1"])
    }

    @Test func `a failed one is tried again, and acknowledged when that succeeds`() {
        let world = AgentWorld(exec + "on_failure retry\nretry_delay 2").connect()
        world.publish("t", "hello", id: 7)
        world.programs[0].errors = Array("oops\n".utf8)
        world.end(world.programs[0], .status(3))
        let told = " status=3 duration-ms=0 stderr=oops attempt=1 then=retry"
        #expect(world.log("action-failed").first?.contains(told) == true)
        #expect(world.sent() == [])
        world.turn(afterMs: 2000)
        #expect(String(decoding: world.programs[1].input, as: UTF8.self) == "hello")
        world.end(world.programs[1])
        #expect(world.sent() == ["puback 7"])
    }

    @Test func `a dead letter is the message itself, and then the message is acknowledged`() {
        let world = AgentWorld(exec + "on_failure dead-letter\ndead_letter_topic d").connect()
        world.publish("t", "hello")
        world.end(world.programs[0], .status(3))
        #expect(world.sent().sorted() == ["puback 1", "publish d hello qos 1"])
        #expect(world.log("action-failed").first?.contains(" then=dead-letter") == true)
    }

    @Test func `while a message is one too many nothing is read, and nothing is lost`() {
        let world = AgentWorld(exec + "exec_queue 2").connect()
        for id: UInt16 in 1...9 { world.publish("t", "\(id)", id: id) }
        #expect(world.net.interest & Event.readable == 0)
        for i in 0..<9 where i < world.programs.count {
            #expect(world.programs.count == i + 1)
            world.end(world.programs[i])
            // What the system goes on saying.
            world.turn(flags: Event.readable)
        }
        #expect(world.programs.map { String(decoding: $0.input, as: UTF8.self) } == (1...9).map { "\($0)" })
        #expect(world.sent() == (1...9).map { "puback \($0)" })
        #expect(world.log("dropped") == [])
    }

    @Test func `messages of QoS 0 that find no room are dropped, which is told`() {
        let world = AgentWorld(exec + "exec_queue 2").connect()
        for _ in 1...9 { world.publish("t", qos: 0) }
        world.turn(afterMs: 1000)
        let prefix = "event=dropped actions-full="
        let counts = world.log("dropped").map { Int($0.dropFirst(prefix.count)) ?? 0 }
        #expect(counts.reduce(0, +) == 6)
    }

    @Test func `a message that comes again while its action runs is not run twice`() {
        let world = AgentWorld("clientid c\n" + exec).connect()
        world.publish("t", id: 7)
        world.breakOff()
        world.turn(afterMs: 1000)
        world.connect(sessionPresent: true)
        world.publish("t", id: 7, dup: true)
        #expect(world.programs.count == 1)
        world.end(world.programs[0])
        #expect(world.programs.count == 1)
        #expect(world.sent() == ["puback 7"])
    }

    @Test func `a payload is written to a file, and acknowledged at once`() {
        let world = AgentWorld("subscribe t qos 1 write \"/a b\"").connect()
        world.publish("t", "1")
        #expect(world.host.files == ["/a b": [0x31]])
        #expect(world.sent() == ["puback 1"])
        #expect(world.log("action-ended") == ["event=action-ended line=3 action=write file=\"/a b\" topic=t bytes=1"])
    }

    @Test func `a payload that may not be written is not, and not tried again`() {
        let world = AgentWorld("subscribe t qos 1 write /f\nwrite_format number 0 9\non_failure retry").connect()
        world.publish("t", "10")
        #expect(world.host.files == [:])
        #expect(world.log("action-failed").first?.hasSuffix(" reason=out-of-range attempt=1 then=drop") == true)
        #expect(world.sent() == ["puback 1"])
    }

    @Test func `a file that cannot be written is tried again, with the payload that came`() {
        let world = AgentWorld("subscribe t qos 1 write /f\non_failure retry\nretry_delay 1").connect()
        world.host.fileErrors["/f"] = .failed(5)
        world.publish("t", "1")
        #expect(world.log("action-failed").first?.contains(" reason=not-written error=\"Some error\" ") == true)
        world.host.fileErrors = [:]
        world.turn(afterMs: 1000)
        #expect(world.host.files == ["/f": [0x31]])
        #expect(world.sent() == ["puback 1"])
    }

    @Test func `what comes while a file cannot be written is written in its turn, so that the last value stays`() {
        let world = AgentWorld("subscribe t qos 1 write /f\non_failure retry\nretry_delay 1").connect()
        world.host.fileErrors["/f"] = .failed(5)
        world.publish("t", "1", id: 1)
        world.publish("t", "2", id: 2)
        world.turn(afterMs: 1000)
        world.host.fileErrors = [:]
        world.publish("t", "3", id: 3)
        #expect(world.host.files == [:])
        world.turn(afterMs: 1000)
        #expect(world.host.files == ["/f": [0x33]])
        #expect(world.sent() == ["puback 1", "puback 2", "puback 3"])
        world.publish("t", "4", id: 4)
        #expect(world.host.files == ["/f": [0x34]])
    }

    @Test func `of messages that wait for a file each is tried as often as is allowed`() {
        let world = AgentWorld("subscribe t qos 1 write /f\non_failure retry\nretry_delay 1\nretry_limit 1").connect()
        world.host.fileErrors["/f"] = .failed(5)
        world.publish("t", "1", id: 1)
        world.publish("t", "2", id: 2)
        world.turn(afterMs: 1000)
        #expect(world.sent() == ["puback 1"])
        world.turn(afterMs: 1000)
        #expect(world.sent() == ["puback 2"])
        let ends = ["attempt=1 then=retry", "attempt=2 then=drop", "attempt=1 then=retry", "attempt=2 then=drop"]
        let failed = world.log("action-failed")
        #expect(failed.count == 4 && zip(failed, ends).allSatisfy { $0.hasSuffix($1) })
    }

    @Test func `messages are shown by their format, or as their payload`() {
        let world = AgentWorld("subscribe a print\nsubscribe # print \"%t:%q:%p\"").connect()
        world.publish("a", "x y", qos: 0)
        #expect(world.host.output == "x y\na:0:x y\n")
    }

    @Test func `what standard output does not take is counted`() {
        let world = AgentWorld("subscribe a qos 1 print").connect()
        world.host.outputRoom = 0
        world.publish("a")
        world.turn(afterMs: 1000)
        #expect(world.log("dropped") == ["event=dropped not-printed=1"])
        #expect(world.sent() == ["puback 1"])
    }
}
