import Client
import Testing
import Wire

/// Which action begins when, and when its message is acknowledged.
struct ActionQueueTests {
    private let exec = "subscribe t qos 2 exec /bin/x\n"

    @Test func `a message runs the actions of all lines that match its topic`() {
        let world = ActionWorld(
            """
            subscribe a/+ exec /bin/x
            subscribe b exec /bin/x
            publish a/b every 1s file /f
            subscribe # exec /bin/x
            """)
        #expect(world.take("a/b").kept == [0: true, 3: true])
        #expect(world.take("b").kept == [1: true, 3: true])
        #expect(world.take("$SYS/x").kept == [:])
    }

    @Test func `what an action gets is what came`() {
        let world = ActionWorld("subscribe # exec /bin/x")
        let payload = (0..<100).map { "\($0) " }.joined()
        let topic = String(repeating: "topic/", count: 100)
        world.take(topic, payload)
        world.start()
        #expect(world.topic(world.running[0]) == topic)
        #expect(world.payload(world.running[0]) == payload)
        for offset in [0, 1, 200, payload.utf8.count - 1, payload.utf8.count] {
            let rest = payload.dropFirst(offset).prefix(77)
            #expect(world.part(world.running[0], from: offset, count: 77) == rest)
        }
    }

    @Test(arguments: [1, 2, 3])
    func `so many run at a time as the line allows, in the order of the messages`(parallel: Int) {
        let world = ActionWorld(exec + "exec_parallel \(parallel)")
        for i in 1...5 { world.take("t", "\(i)") }
        #expect(world.start() == (1...parallel).map { "\($0)" })
        #expect(world.start() == [])
        world.succeed()
        #expect(world.start() == ["\(parallel + 1)"])
    }

    @Test func `lines do not wait for each other`() {
        let world = ActionWorld("subscribe a exec /bin/x\nsubscribe b exec /bin/x")
        world.take("a", "1")
        world.take("a", "2")
        world.take("b", "3")
        #expect(world.start() == ["1", "3"])
    }

    @Test func `a message of QoS 1 or 2 is acknowledged when all its actions are over, and one of QoS 0 never`() {
        let world = ActionWorld("subscribe t exec /bin/x\nsubscribe # exec /bin/y")
        for qos: QoS in [.atLeastOnce, .exactlyOnce, .atMostOnce] {
            let ticket = world.take("t", qos: qos).ticket
            world.start()
            #expect(world.succeed(1) == nil)
            #expect(world.succeed() == (qos == .atMostOnce ? nil : ticket))
            #expect(world.slabsInUse == 0 && world.openJobs == 0 && world.keptMessages == 0)
        }
    }

    @Test func `a message of QoS 0 that finds the queue full is dropped and counted`() {
        let world = ActionWorld(exec + "exec_queue 2")
        for i in 1...5 {
            #expect(world.take("t", qos: .atMostOnce).kept == [0: i <= 3], "\(i)")
            #expect(world.mayTake)
        }
        #expect(world.counts.full == 2)
    }

    @Test(arguments: [0, 1, 5])
    func `with one message of QoS 1 too many nothing is taken until one is over`(queue: Int) {
        let world = ActionWorld(exec + "exec_queue \(queue)")
        var taken = 0
        while world.mayTake {
            #expect(world.take("t").kept == [0: true])
            taken += 1
        }
        #expect(taken == queue + 2, "one runs, and one is too many")
        world.start()
        #expect(!world.mayTake)
        world.succeed()
        #expect(world.mayTake)
        #expect(world.counts.full == 0)
    }

    @Test func `there is always room for one message of the greatest length`() {
        let world = ActionWorld(
            "max_packet_size 4096\nmessage_store_size 16384\nexec_queue 1000\n" + exec)
        let payload = String(repeating: "x", count: 4000)
        while world.mayTake { #expect(world.take("t", payload).kept == [0: true]) }
        #expect(world.openJobs >= 3)
        world.start()
        world.succeed()
        #expect(world.mayTake)
        #expect(world.take("t", payload).kept == [0: true])
    }

    @Test func `what is kept free for a message of QoS 1 is not for those of QoS 0`() {
        let world = ActionWorld("max_packet_size 4096\nmessage_store_size 16384\nexec_queue 1000\n" + exec)
        let payload = String(repeating: "x", count: 4000)
        for _ in 0..<10 { world.take("t", payload, qos: .atMostOnce) }
        #expect(world.counts.full > 0)
        #expect(world.mayTake)
        #expect(world.take("t", payload).kept == [0: true])
    }

    @Test(arguments: [0, UInt32.max - 500]) func `no more begin in a second than the rate allows`(clock: UInt32) {
        let world = ActionWorld(exec + "exec_rate 2\nexec_parallel 9", clock: clock)
        for i in 1...5 { world.take("t", "\(i)") }
        #expect(world.start() == ["1", "2"])
        #expect(world.msUntilStart == 1000)
        world.clock &+= 999
        #expect(world.start() == [])
        #expect(world.msUntilStart == 1)
        world.clock &+= 1
        #expect(world.start() == ["3", "4"])
        world.clock &+= 1000
        #expect(world.start() == ["5"])
        #expect(world.msUntilStart == nil)
    }

    @Test func `the rate counts anew after weeks`() {
        let world = ActionWorld(exec + "exec_rate 1")
        world.take("t", "1")
        world.start()
        world.succeed()
        for _ in 0..<30 {
            world.clock &+= 86_400_000
            world.age()
        }
        world.take("t", "2")
        #expect(world.start() == ["2"])
    }

    @Test func `without anything to begin there is no time to wait for`() {
        let world = ActionWorld(exec)
        #expect(world.msUntilStart == nil)
        world.take("t")
        #expect(world.msUntilStart == 0)
        world.start()
        world.take("t")
        #expect(world.msUntilStart == nil, "the one that runs must end first")
    }
}
