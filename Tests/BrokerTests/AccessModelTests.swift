import Base
import TestSupport
import Testing
import Wire

/// Access files by a model that does it the long way.
struct AccessModelTests {
    private struct Rule {
        /// Nil for anonymous clients.
        var user: String?
        var isPattern: Bool
        var access: String
        var filter: String

        var line: String { "\(isPattern ? "pattern" : "topic") \(access)\(access.isEmpty ? "" : " ")\(filter)" }

        func speaksOf(_ user: String?, _ id: String, _ topic: String) -> Bool {
            guard isPattern else { return user == self.user && matches(filter, topic) }
            let names = ["%u": user, "%c": id].filter { filter.contains($0.key) }
            guard names.values.allSatisfy({ name in
                guard let name else { return false }
                return !name.isEmpty && !name.contains { "+#/".contains($0) }
            }) else { return false }
            return matches(names.reduce(filter) { $0.replacing($1.key, with: $1.value ?? "") }, topic)
        }

        private func matches(_ filter: String, _ topic: String) -> Bool {
            withView(filter) { filter in withView(topic) { TopicFilter.matches(filter, $0) } }
        }
    }

    private func isAllowed(_ rules: [Rule], _ access: String, _ user: String?, _ id: String, _ topic: String) -> Bool {
        let hits = rules.filter { $0.speaksOf(user, id, topic) }
        guard !hits.contains(where: { $0.access == "deny" }) else { return false }
        return hits.contains { ["", "readwrite", access].contains($0.access) }
    }

    private func file(_ rules: [Rule]) -> String {
        var user: String?
        return rules.map { rule in
            defer { user = rule.isPattern ? user : rule.user }
            return (rule.isPattern || rule.user == user ? "" : "user \(rule.user ?? "")\n") + rule.line + "\n"
        }.joined()
    }

    private func randomRules(_ random: inout SplitMix64) -> [Rule] {
        let levels = ["a", "b", "+", "%u", "%c", "ann", "x%c", "", "$x"]
        let rules = (0..<random.below(9)).map { _ in
            var filter = (0...random.below(3)).map { _ in random.pick(levels) }.joined(separator: "/")
            if random.chance(25) { filter += "/#" }
            if filter.isEmpty { filter = "#" }
            return Rule(
                user: random.pick([nil, "ann", "bob", "a/b"]), isPattern: random.chance(40),
                access: random.pick(["", "read", "write", "readwrite", "read", "write", "deny"]), filter: filter)
        }
        // Anonymous clients' lines can only come first.
        return rules.filter { $0.user == nil } + rules.filter { $0.user != nil }
    }

    @Test(arguments: seeds)
    func `Any access file allows what the model allows`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let clients: [(user: String?, id: String)] = [
            (nil, "ann"), (nil, "a+"), ("ann", "b"), ("bob", "#"), ("bob", "x"), ("a/b", "ann"),
        ]
        let topics = ["a", "b", "ann", "a/b", "ann/b", "b/xb", "x/a/b", "/a", "a/ann/x", "$x/a", "a/", "xy"]
        var (allowed, refused) = (0, 0)
        for round in 0..<120 {
            let rules = randomRules(&random)
            let broker = TestBroker(acl: file(rules))
            for (user, id) in clients {
                let client = broker.connect(id, user: user)
                for topic in topics {
                    let before = broker.drops.forbidden
                    broker.publish(client, topic)
                    let mayWrite = broker.drops.forbidden == before
                    let mayRead = broker.subscribe(client, topic) != nil
                    guard mayWrite == isAllowed(rules, "write", user, id, topic),
                        mayRead == isAllowed(rules, "read", user, id, topic)
                    else { return fail("round \(round), \(user ?? "-") \(id) \(topic):\n\(file(rules))") }
                    if mayWrite { allowed += 1 } else { refused += 1 }
                }
                broker.disconnect(client)
            }
        }
        #expect(allowed > 500 && refused > 500, "the rules are of all kinds")
    }
}
