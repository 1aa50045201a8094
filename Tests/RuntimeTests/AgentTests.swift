import Base
import Runtime
import TestSupport
import TestWorld
import Testing

/// Client mode: the connection, what is published, and the log.
struct AgentTests {
    @Test func `every filter is subscribed to once, with the highest QoS of its lines`() {
        let world = AgentWorld(
            """
            subscribe a print
            subscribe b qos 1 print
            subscribe a qos 2 print
            publish c every 1min file /f
            """)
        world.turn(flags: Event.writable)
        #expect(world.sent() == ["connect"])
        world.receive(LinkWorld.connack)
        #expect(world.sent().filter { $0.hasPrefix("subscribe ") } == ["subscribe 1 a 2", "subscribe 2 b 1"])
    }

    @Test func `on a session that the broker has kept nothing is subscribed to again`() {
        let world = AgentWorld("clientid c\nsubscribe a print").connect()
        world.breakOff()
        world.turn(afterMs: 1000)
        world.turn(flags: Event.writable)
        _ = world.sent()
        world.receive(LinkWorld.connackPresent)
        #expect(world.sent() == [])
        world.breakOff()
        world.turn(afterMs: 2000)
        world.turn(flags: Event.writable)
        _ = world.sent()
        world.receive(LinkWorld.connack)
        #expect(world.sent().count == 1)
    }

    @Test func `what the broker had not answered when the connection broke is subscribed to again`() {
        let world = AgentWorld("clientid c\nsubscribe a print\nsubscribe b print")
        world.turn(flags: Event.writable)
        world.receive(LinkWorld.connack)
        world.receive([0x90, 3, 0, 1, 0])
        world.breakOff()
        world.turn(afterMs: 1000)
        world.turn(flags: Event.writable)
        _ = world.sent()
        world.receive(LinkWorld.connackPresent)
        #expect(world.sent().count == 2)
    }

    @Test func `a broken connection is replaced though actions hang and no message can be taken`() {
        let world = AgentWorld("clientid c\nsubscribe t qos 1 exec /bin/x\nexec_queue 0\nexec_timeout 1h").connect()
        for id: UInt16 in 1...5 { world.net.incoming += Packet.publish("t", [], qos: 1, packetID: id) }
        world.turn(flags: Event.readable)
        #expect(world.programs.count == 1)
        world.breakOff()
        #expect(world.log("disconnected").count == 1)
        world.turn(afterMs: 1000)
        world.turn(flags: Event.writable)
        world.net.incoming = LinkWorld.connackPresent + Packet.publish("t", [], qos: 1, packetID: 1, isDuplicate: true)
        world.turn(flags: Event.readable)
        #expect(world.log("connected").count == 1)
        _ = world.sent()
        world.end(world.programs[0])
        #expect(world.sent() == ["puback 1"])
        #expect(world.programs.count == 2)
    }

    @Test func `the log tells of the connection, the subscriptions and the messages`() {
        let world = AgentWorld("clientid c\nsubscribe a/# qos 1 print\nsubscribe b qos 1 print")
        world.turn(flags: Event.writable)
        world.receive(LinkWorld.connackPresent)
        world.receive([0x90, 3, 0, 1, 1, 0x90, 3, 0, 2, 0x80])
        world.publish("a/b", "x y", id: 7)
        world.breakOff()
        let lines = world.log()
        #expect(lines.first?.hasPrefix("event=ready mode=client broker=10.0.0.1:1883 client=c memory=") == true)
        let expected = [
            "event=connected broker=10.0.0.1:1883 code=0 session-present=true",
            "event=subscribed filter=a/# qos=1",
            "event=subscribe-failed filter=b",
            "event=message topic=a/b qos=1 retain=false packet-id=7 bytes=3 payload=\"x y\"",
            "event=disconnected broker=10.0.0.1:1883 reason=end-of-stream",
        ]
        #expect(Array(lines.dropFirst()) == expected)
    }

    @Test func `the log tells why there is no connection`() {
        let world = AgentWorld("")
        world.net.connectResult = 111
        world.turn(flags: Event.writable)
        #expect(world.log("connect-failed")
            == ["event=connect-failed broker=10.0.0.1:1883 reason=unreachable error=\"Some error\""])
        world.net.connectResult = 0
        world.turn(afterMs: 1000)
        world.turn(flags: Event.writable)
        world.receive(hex("20 02 00 05"))
        #expect(world.log("connect-failed")
            == ["event=connect-failed broker=10.0.0.1:1883 reason=not-authorised code=5"])
    }

    @Test(arguments: [(true, "name-not-found"), (false, "name-not-resolved")])
    func `the log tells when a name has no address`(isKnown: Bool, reason: String) {
        let world = AgentWorld("address broker.lan:1884")
        world.net.connectResult = 111
        world.turn(flags: Event.writable)
        world.net.answer = isKnown ? .notFound : .unavailable
        world.turn(flags: Event.resolved)
        #expect(world.log("connect-failed")
            == ["event=connect-failed broker=broker.lan:1884 reason=\(reason)"])
    }

    @Test func `what is published is told of when it has arrived, or with QoS 0 was sent`() {
        let world = AgentWorld("publish a qos 1 every 10s file /f\npublish b every 10s file /f")
        world.host.files["/f"] = Array("42\n".utf8)
        world.turn(flags: Event.writable)
        world.receive(LinkWorld.connack)
        #expect(world.sent().suffix(2).sorted() == ["publish a 42 qos 1", "publish b 42 qos 0"])
        #expect(world.log("published") == ["event=published topic=b qos=0 bytes=2"])
        world.receive(hex("40 02 00 01"))
        #expect(world.log("published") == ["event=published packet-id=1"])
    }

    @Test func `a value is published again and again, or where that is asked for when it has changed`() {
        let world = AgentWorld("publish a every 10s file /f\npublish b retain every 10s file /f\non_change_only true")
        world.host.files["/f"] = [0x31]
        world.connect()
        world.turn(afterMs: 10_000)
        #expect(world.sent() == ["publish a 1 qos 0"])
        world.host.files["/f"] = [0x32]
        world.turn(afterMs: 10_000)
        #expect(world.sent() == ["publish a 2 qos 0", "publish b 2 qos 0 retain"])
    }

    @Test func `a value that has waited for the broker for too long is published anew though it has not changed`() {
        let world = AgentWorld(
            "clientid c\npublish a qos 1 every 20s file /f\non_change_only true\noffline_message_expiry 10s")
        world.host.files["/f"] = [0x31]
        world.connect()
        world.receive(hex("40 02 00 01"))
        world.breakOff()
        world.net.refusals = Array(repeating: 111, count: 300)
        world.host.files["/f"] = [0x32]
        world.turn(afterMs: 20_000)
        for _ in 0..<110 { world.turn(afterMs: 100) }
        world.net.refusals = []
        for _ in 0..<400 where world.net.open == 0 { world.turn(afterMs: 100) }
        world.turn(flags: Event.writable)
        world.receive(LinkWorld.connackPresent)
        world.forget()
        world.turn(afterMs: 20_000)
        #expect(world.sent() == ["publish a 2 qos 1"])
    }

    @Test func `a program's output is published, and one that fails publishes nothing`() {
        let world = AgentWorld("publish a every 10s exec /bin/x y").connect()
        #expect(world.programs[0].words == ["/bin/x", "y"])
        #expect(world.programs[0].variables == ["MQTT_TOPIC=a"])
        #expect(world.programs[0].isInputClosed)
        world.programs[0].output = [0x31, 0x0A]
        world.end(world.programs[0])
        #expect(world.sent() == ["publish a 1 qos 0"])
        world.turn(afterMs: 10_000)
        world.programs[1].output = [0x32]
        world.end(world.programs[1], .status(1))
        #expect(world.sent() == [])
        #expect(world.log("publish-failed") == ["event=publish-failed line=3 topic=a status=1 duration-ms=0"])
    }

    @Test(arguments: [([], "empty"), (nil, "unreadable error=\"No such file\"")] as [([UInt8]?, String)])
    func `a file without a value publishes nothing, and is told of`(bytes: [UInt8]?, reason: String) {
        let world = AgentWorld("publish a every 10s file /f")
        world.host.files["/f"] = bytes
        world.turn(flags: Event.writable)
        world.receive(LinkWorld.connack)
        #expect(world.log("publish-failed") == ["event=publish-failed line=3 topic=a reason=\(reason)"])
    }

    @Test func `without a connection QoS 1 waits, and QoS 0 is published anew when there is one`() {
        let world = AgentWorld("publish a qos 1 every 10s file /f\npublish b every 10s file /f")
        world.host.files["/f"] = [0x31]
        world.connect()
        world.receive(hex("40 02 00 01"))
        world.breakOff()
        world.net.refusals = [111, 111, 111, 111]
        world.host.files["/f"] = [0x32]
        world.turn(afterMs: 10_000)
        world.forget()
        world.net.refusals = []
        world.host.files["/f"] = [0x33]
        for _ in 0..<40 where world.net.open == 0 { world.turn(afterMs: 100) }
        world.turn(flags: Event.writable)
        _ = world.sent()
        world.receive(LinkWorld.connack)
        #expect(world.sent().sorted() == ["publish a 2 qos 1", "publish b 3 qos 0"])
    }

    @Test func `a board config is not read again, which is told`() {
        let world = AgentWorld("").connect()
        world.turn(token: 0, flags: Event.reload)
        #expect(world.log("reload-failed").count == 1)
    }

    @Test func `on request every pool tells how much of it is used`() {
        let world = AgentWorld("subscribe t exec /bin/x").connect()
        world.publish("t")
        world.turn(token: 0, flags: Event.report)
        let lines = world.log("pool")
        #expect(lines.contains("event=pool name=programs in-use=1 high-water=1 capacity=1"))
        #expect(lines.contains("event=pool name=actions in-use=1 high-water=1 capacity=19"))
        #expect(lines.contains("event=pool name=outgoing-messages in-use=0 high-water=0 capacity=100"))
    }

    @Test func `when it is to end it ends its programs, says goodbye, and acknowledges nothing that is not done`() {
        let world = AgentWorld("subscribe t qos 1 exec /bin/x").connect()
        world.publish("t")
        #expect(!world.turn(token: 0, flags: Event.stop))
        world.programs[0].end = .signal(15)
        world.host.events = [Event(token: 0, flags: Event.ended)]
        world.stop()
        #expect(world.programs[0].signals == ["TERM"])
        #expect(world.sent() == ["disconnect"])
        let lines = world.log()
        #expect(lines.suffix(2) == ["event=disconnected broker=10.0.0.1:1883 reason=disconnect", "event=stopped"])
        #expect(lines.contains { $0.hasPrefix("event=action-failed ") && $0.contains(" reason=shutdown signal=15 ") })
    }

    @Test func `neither a program that does not end nor a broker that does not answer holds up the end for long`() {
        let world = AgentWorld("subscribe t qos 1 exec /bin/x").connect()
        world.publish("t")
        world.turn(token: 0, flags: Event.stop)
        let begun = world.net.clock
        world.stop()
        #expect(world.programs[0].signals.prefix(2) == ["TERM", "KILL"])
        #expect(world.net.clock - begun < 5000)
        #expect(world.log().last == "event=stopped")
    }
}
