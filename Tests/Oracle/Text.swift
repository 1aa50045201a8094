import Sim

/// For people.
extension Observation: CustomStringConvertible {
    public var description: String {
        var words = ["c\(client)", "\(kind)"]
        if let message {
            words.append("\(message.publisher):\(message.number)")
            words.append(Vocabulary.topic(Int(message.topic)).description)
            words.append("qos=\(message.qos.rawValue)")
            if message.isRetained { words.append("retained") }
            if message.isWill { words.append("will") }
        }
        switch kind {
        case .subscribing, .subscribed, .notSubscribed, .unsubscribing, .unsubscribed:
            words.append("\(Vocabulary.filter(Int(filter))) qos=\(qos.rawValue)")
        case .delivered:
            words.append("as=\(qos.rawValue)\(flag ? " dup" : "")\(isRetained ? " retain" : "")")
        case .connecting: words.append(flag ? "clean" : "persistent")
        case .connected: words.append(flag ? "session" : "new")
        case .ended: words.append("\(Ending(rawValue: code)!)")
        case .violated: words.append("\(Violation(rawValue: code)!)")
        default: if flag { words.append("again") }
        }
        return words.joined(separator: " ")
    }
}
