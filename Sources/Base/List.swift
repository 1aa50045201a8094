/// A record that can stand in one `List` at a time.
public protocol Linked {
    var next: Handle<Self> { get set }
}

/// A first-in, first-out chain of pool records, linked through the records themselves.
public struct List<Record: Linked> {
    public private(set) var first: Handle<Record> = .none
    public private(set) var last: Handle<Record> = .none
    public private(set) var count: UInt32 = 0

    public init() {}

    public var isEmpty: Bool { first.isNone }

    public mutating func append(_ handle: Handle<Record>, in pool: borrowing Pool<Record>) {
        pool[handle].pointee.next = .none
        if last.isSome {
            pool[last].pointee.next = handle
        } else {
            first = handle
        }
        last = handle
        count += 1
    }

    public mutating func prepend(_ handle: Handle<Record>, in pool: borrowing Pool<Record>) {
        pool[handle].pointee.next = first
        first = handle
        if last.isNone { last = handle }
        count += 1
    }

    public mutating func removeFirst(in pool: borrowing Pool<Record>) -> Handle<Record>? {
        guard first.isSome else { return nil }
        let handle = first
        let record = pool[handle]
        first = record.pointee.next
        if first.isNone { last = .none }
        record.pointee.next = .none
        count -= 1
        return handle
    }

    /// Takes `handle` out; `previous` stands right before it, or is none when it is the first.
    @discardableResult
    public mutating func remove(
        _ handle: Handle<Record>, after previous: Handle<Record>, in pool: borrowing Pool<Record>
    ) -> Handle<Record> {
        let next = pool[handle].pointee.next
        if previous.isSome {
            precondition(pool[previous].pointee.next == handle)
            pool[previous].pointee.next = next
        } else {
            precondition(first == handle)
            first = next
        }
        if last == handle { last = previous }
        pool[handle].pointee.next = .none
        count -= 1
        return handle
    }

    /// Takes `handle` out, wherever it stands. Looks at all before it.
    public mutating func remove(_ handle: Handle<Record>, in pool: borrowing Pool<Record>) {
        var previous = Handle<Record>.none
        var here = first
        while here.isSome, here != handle {
            previous = here
            here = pool[here].pointee.next
        }
        precondition(here == handle, "not in this list")
        remove(handle, after: previous, in: pool)
    }
}
