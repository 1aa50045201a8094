import Client
import Testing
import Wire

/// What becomes of a message whose action failed.
struct FailureTests {
    private let exec = "subscribe t qos 2 exec /bin/x\n"

    @Test func `with drop it is done with, and acknowledged`() {
        let world = ActionWorld(exec + "on_failure drop")
        let ticket = world.take("t").ticket
        world.start()
        #expect(world.fail() == (.drop, ticket))
        #expect(world.slabsInUse == 0 && world.openJobs == 0)
        #expect(world.counts.failed == 1)
    }

    @Test func `with dead-letter it is to be published, and is acknowledged after that`() {
        let world = ActionWorld(exec + "on_failure dead-letter\ndead_letter_topic d")
        let ticket = world.take("t").ticket
        world.start()
        #expect(world.fail() == (.deadLetter, ticket))
        #expect(world.counts.deadLetters == 1)
    }

    @Test(arguments: [0, UInt32.max - 500]) func `with retry it is tried again after a while`(clock: UInt32) {
        let world = ActionWorld(exec + "on_failure retry\nretry_delay 5", clock: clock)
        let ticket = world.take("t", "p").ticket
        world.start()
        #expect(world.fail() == (.retry, nil))
        #expect(world.msUntilStart == 5000)
        world.clock &+= 4999
        #expect(world.start() == [])
        world.clock &+= 1
        #expect(world.start() == ["p"])
        #expect(world.attempts() == 2)
        #expect(world.succeed() == ticket)
    }

    @Test(arguments: [false, true]) func `so many times as the limit says, and then it is given up`(hasLetters: Bool) {
        let world = ActionWorld(
            exec + "on_failure retry\nretry_delay 1\nretry_limit 3\n" + (hasLetters ? "dead_letter_topic d" : ""))
        let ticket = world.take("t").ticket
        for _ in 1...3 {
            world.start()
            #expect(world.fail() == (.retry, nil))
            world.clock += 1000
        }
        world.start()
        #expect(world.fail() == (hasLetters ? .deadLetter : .drop, ticket))
        #expect(world.counts.retried == 3)
    }

    @Test func `without a limit it is tried for ever`() {
        let world = ActionWorld(exec + "on_failure retry\nretry_delay 1\nretry_limit 0")
        world.take("t")
        for _ in 1...100 {
            world.start()
            #expect(world.fail() == (.retry, nil))
            world.clock += 1000
        }
    }

    @Test func `the messages behind one that rests do not wait for it`() {
        let world = ActionWorld(exec + "on_failure retry")
        world.take("t", "1")
        world.take("t", "2")
        world.start()
        world.fail()
        #expect(world.start() == ["2"])
    }

    @Test func `those that rest fill the queue as those do that wait`() {
        let world = ActionWorld(exec + "on_failure retry\nexec_queue 2")
        var taken = 0
        while world.mayTake {
            world.take("t")
            taken += 1
            world.start()
            world.fail()
        }
        #expect(taken == 4)
        #expect(world.take("t", qos: .atMostOnce).kept == [0: false])
    }

    @Test func `what would fail each time is not tried again`() {
        let world = ActionWorld(exec + "on_failure retry")
        let ticket = world.take("t").ticket
        world.start()
        #expect(world.fail(isFinal: true) == (.drop, ticket))
    }

    @Test func `a message that was tried before it was kept rests first`() {
        let world = ActionWorld("subscribe t qos 1 write /f\non_failure retry\nretry_delay 2")
        world.takeFailed("t")
        #expect(world.start() == [])
        world.clock += 2000
        #expect(world.start() == ["p"])
        #expect(world.attempts() == 2)
        #expect(world.succeed() == 1)
    }

    @Test func `a message that failed in one action is acknowledged when the others are over`() {
        let world = ActionWorld("subscribe t exec /bin/x\nsubscribe # exec /bin/y")
        let ticket = world.take("t").ticket
        world.start()
        #expect(world.fail() == (.drop, nil))
        #expect(world.succeed() == ticket)
    }
}
