import Base
import TestSupport
import Testing

struct ListTests {
    private struct Node: Linked {
        var next: Handle<Node> = .none
        var value: Int
    }

    @Test(arguments: seeds)
    func `A list answers like an array`(seed: UInt64) {
        withArena { arena in
            var random = SplitMix64(seed: seed)
            var pool = Pool<Node>(&arena, "p", key: "k", count: 20)
            var list = List<Node>()
            var model: [Handle<Node>] = []
            for step in 0..<3000 {
                switch random.below(4) {
                case 0, 1:
                    guard let handle = pool.take(Node(value: step)) else { continue }
                    list.append(handle, in: pool)
                    model.append(handle)
                case 2:
                    let removed = list.removeFirst(in: pool)
                    guard removed == (model.isEmpty ? nil : model.removeFirst()) else { return fail("first") }
                    if let removed { pool.give(removed) }
                default:
                    guard !model.isEmpty else { continue }
                    let i = random.below(model.count)
                    pool.give(list.remove(model[i], after: i == 0 ? .none : model[i - 1], in: pool))
                    model.remove(at: i)
                }
                guard list.count == model.count, list.isEmpty == model.isEmpty, walk(list, pool) == model,
                    list.last == model.last ?? .none
                else { return fail("contents") }
            }
        }
    }

    @Test func `A record can be put in front of all others`() {
        withArena { arena in
            var pool = Pool<Node>(&arena, "p", key: "k", count: 3)
            var list = List<Node>()
            let handles = (0..<3).map { pool.take(Node(value: $0))! }
            list.prepend(handles[1], in: pool)
            list.prepend(handles[0], in: pool)
            list.append(handles[2], in: pool)
            #expect(walk(list, pool) == handles)
            #expect(list.count == 3 && list.last == handles[2])
        }
    }

    @Test(arguments: 0..<4)
    func `A record is taken out wherever it stands`(place: Int) {
        withArena { arena in
            var pool = Pool<Node>(&arena, "p", key: "k", count: 4)
            var list = List<Node>()
            var handles = (0..<4).map { pool.take(Node(value: $0))! }
            for handle in handles { list.append(handle, in: pool) }
            list.remove(handles[place], in: pool)
            handles.remove(at: place)
            #expect(walk(list, pool) == handles)
            #expect(list.last == handles.last)
        }
    }

    @Test func `Taking a record out of a list that does not have it traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena { arena in
                var pool = Pool<Node>(&arena, "p", key: "k", count: 2)
                var list = List<Node>()
                list.append(pool.take(Node(value: 1))!, in: pool)
                list.remove(pool.take(Node(value: 2))!, in: pool)
            }
        }
    }

    @Test func `A removed record points nowhere`() {
        withArena { arena in
            var pool = Pool<Node>(&arena, "p", key: "k", count: 2)
            var list = List<Node>()
            let first = pool.take(Node(value: 1))!
            list.append(first, in: pool)
            list.append(pool.take(Node(value: 2))!, in: pool)
            _ = list.removeFirst(in: pool)
            #expect(pool[first].pointee.next == .none)
        }
    }

    @Test func `Removing with a wrong predecessor traps`() async {
        await #expect(processExitsWith: .failure) {
            withArena { arena in
                var pool = Pool<Node>(&arena, "p", key: "k", count: 3)
                var list = List<Node>()
                let handles = (0..<3).map { pool.take(Node(value: $0))! }
                for handle in handles { list.append(handle, in: pool) }
                list.remove(handles[2], after: handles[0], in: pool)
            }
        }
    }

    private func walk(_ list: List<Node>, _ pool: borrowing Pool<Node>) -> [Handle<Node>] {
        var found: [Handle<Node>] = []
        var handle = list.first
        while handle.isSome {
            found.append(handle)
            handle = pool[handle].pointee.next
        }
        return found
    }
}
