import Base
import Wire

/// Writes what the clients of a workload say.
struct CostScript {
    private var writer: ByteWriter
    private let shape: Shape

    private static var bytes: Int { 4 << 20 }

    init(_ arena: inout Arena, _ shape: Shape) {
        let memory = arena.carve("scripts", key: "sim", count: CostScript.bytes, of: UInt8.self)
        writer = ByteWriter(memory, capacity: CostScript.bytes)
        self.shape = shape
    }

    /// What `write` adds, as one piece.
    private mutating func piece(_ write: (inout CostScript) -> Void) -> ByteView {
        let start = writer.count
        write(&self)
        return ByteView(writer.start + start, writer.count - start)
    }

    /// A clean session. Who stays may be silent for longer than any run takes.
    mutating func connect(_ index: Int) -> ByteView {
        piece { script in
            script.begin(.connect, 0, 18)
            script.writer.lengthPrefixed(ByteView("MQTT"))
            script.writer.byte(4)
            script.writer.byte(2)
            script.writer.int16(script.shape.does == .connecting ? 60 : 36_000)
            script.writer.int16(6)
            script.text("c")
            script.number(index)
        }
    }

    mutating func ping() -> ByteView { piece { $0.begin(.pingreq, 0, 0) } }

    mutating func subscribeToAll() -> ByteView {
        piece { script in
            script.subscribe { $0.text("#") }
        }
    }

    /// A filter across all of `unrelatedSubscriptions`.
    mutating func subscribeAcross() -> ByteView {
        piece { script in
            script.subscribe { $0.text("other/+/x") }
        }
    }

    /// A packet for each filter.
    mutating func subscriptions(_ subscriber: Int) -> ByteView {
        piece { script in
            let shape = script.shape
            var topic = 0
            while topic < shape.topics {
                if shape.receives(subscriber, topic) { script.subscribe { $0.match(topic) } }
                topic += 1
            }
            // Filters that part from the topic, one at each level.
            var level = 0
            while shape.topicForm == .deep, level < CostScript.levels {
                script.subscribe { $0.deep(upTo: level, "other") }
                level += 1
            }
        }
    }

    mutating func unrelatedSubscriptions() -> ByteView {
        piece { script in
            var i = 0
            while i < script.shape.unrelatedFilters {
                script.subscribe {
                    $0.text("other/")
                    $0.number(i)
                    $0.text("/+")
                }
                i += 1
            }
        }
    }

    /// A publisher's messages, all of one length.
    mutating func messages(_ publisher: Int) -> ByteView {
        piece { script in
            var message = 0
            while message < script.shape.cycle {
                script.publish(publisher, message)
                message += 1
            }
        }
    }

    private mutating func publish(_ publisher: Int, _ message: Int) {
        let retain: UInt8 = shape.isRetained ? 1 : 0
        let topicBytes = CostScript.topicBytes(shape.topicForm)
        begin(.publish, shape.qos << 1 | retain, 2 + topicBytes + (shape.qos > 0 ? 2 : 0) + shape.payloadBytes)
        writer.int16(UInt16(topicBytes))
        topic(shape.topic(publisher, message))
        if shape.qos > 0 { writer.int16(UInt16(message % shape.batch + 1)) }
        writer.int16(UInt16(publisher))
        writer.int16(UInt16(message))
        var i = 4
        while i < shape.payloadBytes {
            writer.byte(UInt8(truncatingIfNeeded: i &+ message))
            i += 1
        }
    }

    private mutating func subscribe(_ filter: (inout CostScript) -> Void) {
        // The length is put in when it is known.
        let start = writer.count
        begin(.subscribe, 2, 0x7F)
        writer.int16(1)
        writer.int16(0)
        filter(&self)
        let filterBytes = writer.count - start - 6
        precondition(filterBytes + 5 < 0x80)
        writer.byte(shape.qos)
        writer.start[start + 1] = UInt8(filterBytes + 5)
        writer.start[start + 5] = UInt8(filterBytes)
    }

    private mutating func begin(_ type: PacketType, _ flags: UInt8, _ remaining: Int) {
        writer.byte(type.rawValue << 4 | flags)
        VarInt.encode(UInt32(remaining), to: &writer)
    }

    // Topics.

    private static var levels: Int { 16 }

    private static func topicBytes(_ form: Shape.TopicForm) -> Int {
        switch form {
        case .flat: 11
        case .wildcard: 9
        case .deep: 4 * levels - 1
        }
    }

    private mutating func topic(_ number: Int) {
        switch shape.topicForm {
        case .flat:
            text("bench/")
            self.number(number)
        case .wildcard:
            text("f/")
            self.number(number)
            text("/x")
        case .deep: deep(upTo: CostScript.levels, "")
        }
    }

    /// The filter that matches this topic and no other.
    private mutating func match(_ number: Int) {
        switch shape.topicForm {
        case .flat: topic(number)
        case .wildcard:
            text(number % 3 == 2 ? "+/" : "f/")
            self.number(number)
            text(number % 3 == 0 ? "/+" : number % 3 == 1 ? "/#" : "/x")
        case .deep:
            text("l00/+/l02/+/l04/+/#")
        }
    }

    /// The first levels of the deep topic, and what comes behind.
    private mutating func deep(upTo level: Int, _ rest: StaticString) {
        var i = 0
        while i < level {
            if i > 0 { text("/") }
            text("l")
            writer.byte(UInt8(ascii: "0") + UInt8(i / 10))
            writer.byte(UInt8(ascii: "0") + UInt8(i % 10))
            i += 1
        }
        guard rest.utf8CodeUnitCount > 0 else { return }
        if level > 0 { text("/") }
        text(rest)
    }

    private mutating func text(_ text: StaticString) { writer.bytes(ByteView(text)) }

    /// Five digits.
    private mutating func number(_ value: Int) {
        var divisor = 10_000
        while divisor > 0 {
            writer.byte(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
